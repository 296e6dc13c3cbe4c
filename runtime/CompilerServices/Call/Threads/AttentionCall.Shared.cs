using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// A call that several threads share: the parts that its schedule cuts it into.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Chooses the number of threads for a call: one if sharing would take longer.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Threads(in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        int most = arguments.Options.MaxDegreeOfParallelism;
        return most <= 1 ? 1 : KernelThreads.Choose(most, CallSchedule.MultiplyAdds(CallNumbers.Of<TConstants>(), SizesOf(in arguments, in dimensions)));
    }

    private static CallSizes SizesOf(in AttentionArguments arguments, in ForwardDimensions dimensions) => new()
    {
        Batch = dimensions.Batch,
        AllRows = arguments.RowOffsets.IsEmpty ? (long)dimensions.Batch * dimensions.Rows : arguments.RowOffsets[dimensions.Batch],
        AllKeys = arguments.KeyOffsets.IsEmpty ? (long)dimensions.Batch * dimensions.Keys : arguments.KeyOffsets[dimensions.Batch],
        Rows = dimensions.Rows,
        Keys = dimensions.Keys,
        CachedKeys = dimensions.CachedKeys,
        HasCache = arguments.Cache is not null,
        ChunkRows = arguments.Cache?.ChunkRows ?? int.MaxValue,
        MemoryKeys = dimensions.MemoryKeys,
        MemoryElements = Has(Memory) && arguments.Cache is null ? arguments.Memory.Length : 0,
    };

    [MethodImpl(Step)]
    private static void ComputeShared(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, int threads)
    {
        CallSchedule schedule = CallSchedule.Create(CallNumbers.Of<TConstants>(), SizesOf(in arguments, in dimensions), threads);
        RunShared(weights, in arguments, in dimensions, in schedule);
    }

    [MethodImpl(Step)]
    private static void RunShared(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, in CallSchedule schedule)
    {
        var work = new AttentionWork
        {
            Parts = AttentionParts<TKernels, TConstants>.Instance,
            Weights = weights,
            Cache = arguments.Cache,
            Activations = arguments.Activations,
            Options = arguments.Options,
            MaskLength = arguments.MaskLength,
            Dimensions = dimensions,
            Schedule = schedule,
        };
        SharedWork<AttentionWork>.Run(in work, new ArgumentSpans(arguments), schedule.Work);
    }

    /// <summary>One part.</summary>
    [MethodImpl(Step)]
    internal static void RunPart(in AttentionWork work, in AttentionArguments arguments, int phase, int part, ref float shared, ref float own)
    {
        if (work.Schedule.Partition == CallPartition.Sequences)
        {
            nint firstSequence = (nint)part * work.Schedule.Work[phase].Step,
            end = Math.Min(firstSequence + work.Schedule.Work[phase].Step, work.Dimensions.Batch);
            RunSequences(work.Weights, in arguments, in work.Dimensions, firstSequence, end, ref own, ref Unsafe.Add(ref own, TConstants.ScratchFloats));
            return;
        }

        if (Has(CrossAttention) && work.Schedule.Partition == CallPartition.Memory)
        {
            (int owner, int place) = Math.DivRem(part, work.Schedule.SequenceParts);
            nint step = work.Schedule.Work[0].Step;
            ProjectMemoryRows(work.Weights, in arguments, in work.Dimensions, owner, place * step, step, ref own);
            return;
        }

        RunPartOfSequence(in work, in arguments, phase, part, ref shared, ref own);
    }

    [MethodImpl(Step)]
    private static void RunPartOfSequence(in AttentionWork work, in AttentionArguments arguments, int phase, int part, ref float shared, ref float own)
    {
        nint sequence = phase / work.Schedule.SequencePhases;
        SequenceCall call = Open(work.Weights, in arguments, in work.Dimensions, sequence, ref shared);
        WorkPhase cut = work.Schedule.Work[phase];
        int step = phase % work.Schedule.SequencePhases;
        if (Has(Memory) && work.Schedule.ProjectsMemory && step-- == 0)
        {
            BringMemory(in call, (nint)part * cut.Step, cut.Step, ref own);
            return;
        }

        if (work.Schedule.Partition == CallPartition.Rows)
            RunRows(in call, step, part, in cut, work.Schedule.ChunkRows, ref own);
        else if (Has(Projections))
            RunColumns(
                in call,
                step,
                part,
                cut.Step,
                ref Unsafe.Add(ref shared, SharedKeyValueFloats(in arguments, in work.Dimensions)),
                ref own);
        else
            RunHead(in call, part, ref own);
    }

    /// <summary>Floats of the keys and values of a sequence, and of its memory, that threads share.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint SharedKeyValueFloats(in AttentionArguments arguments, in ForwardDimensions dimensions) =>
        Has(Cache) && arguments.Cache is not null
            ? 0
            : KeyValueFloats(dimensions.Keys) + (Has(Memory) ? KeyValueFloats(dimensions.MemoryKeys) : 0);

    /// <summary>Some rows of a sequence: in even phases their keys and values, in odd ones their output; where there is a ring, chunk after chunk.</summary>
    [MethodImpl(Step)]
    private static void RunRows(in SequenceCall call, int phase, int part, in WorkPhase cut, nint chunkRows, ref float own)
    {
        bool isOutput = phase % 2 != 0;
        nint chunkStart = Has(Ring) ? phase / 2 * chunkRows : 0;
        nint rows = isOutput ? ComputedRows(in call) : NewKeys(in call);
        nint end = Has(Ring) ? Math.Min(chunkStart + chunkRows, rows) : rows;
        // The last rows see the most keys: they go first.
        nint place = isOutput && Has(Causal) ? cut.Parts - 1 - part : part;
        nint first = chunkStart + (place * cut.Step), count = Math.Min(cut.Step, end - first);
        if (count > 0)
        {
            if (isOutput)
                OutputRows(in call, first, count, ref own);
            else
                BringKeys(in call, first, count, ref own);
        }

        if (Has(SkipPadding) && isOutput && part == 0)
            ClearPadding(in call);
    }

    /// <summary>Without projections: one KV head of a sequence of few rows, from its keys to its output.</summary>
    [MethodImpl(Step)]
    private static void RunHead(in SequenceCall call, nint head, ref float scratch)
    {
        call.Arguments.Options.CancellationToken.ThrowIfCancellationRequested();
        nint rows = Rows(in call.Dimensions);
        LayOutKeys(in call, 0, NewKeys(in call), head, ref scratch);
        ref float queries = ref Unsafe.Add(ref scratch, TConstants.QueriesOffset);
        GatherQueries(in call, 0, rows, head, ref queries);
        ref float joined = ref JoinsInScratch
            ? ref Unsafe.Add(ref scratch, TConstants.StripOffset)
            : ref At(call.Arguments.Output, FirstRow(in call) * JoinedDim);
        AttendHead(in call, head, 0, rows, ref queries, ref joined, ref scratch);
        if (JoinsInScratch)
            WriteHeads(in call, 0, rows, head * Group, Group, ref joined);
    }
}
