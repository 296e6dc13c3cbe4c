using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// One sequence of a call, and its output from row block to row block.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Computes one sequence.</summary>
    [MethodImpl(Step)]
    private static void RunSequence(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint sequence, ref float scratch, ref float keyValues)
    {
        SequenceCall call = Open(weights, in arguments, in dimensions, sequence, ref keyValues);
        nint newKeys = NewKeys(in call), rows = ComputedRows(in call);
        if (Has(Memory))
            BringMemory(in call, 0, call.MemoryKeys, ref scratch);
        if (Has(Ring))
        {
            nint all = Math.Max(newKeys, rows), chunk = ChunkRows(in call.Arguments, all);
            for (nint first = 0; first < all; first += chunk)
            {
                BringKeys(in call, first, Math.Clamp(newKeys - first, 0, chunk), ref scratch);
                OutputRows(in call, first, Math.Clamp(rows - first, 0, chunk), ref scratch);
            }
        }
        else
        {
            BringKeys(in call, 0, newKeys, ref scratch);
            OutputRows(in call, 0, rows, ref scratch);
        }

        if (Has(SkipPadding))
            ClearPadding(in call);
    }

    /// <summary>Collects the arguments of a sequence. A sequence of a ragged batch becomes a batch of one, so that no later step knows of raggedness.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static SequenceCall Open(
        PackedWeights weights, scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence, ref float keyValues)
    {
        ForwardDimensions sizes = dimensions;
        AttentionArguments own = Has(Ragged) ? RaggedBatch.Slice(weights.Shape, in arguments, sequence, out sizes) : arguments;
        var call = new SequenceCall
        {
            Weights = weights,
            Arguments = own,
            Dimensions = sizes,
            Index = Has(Ragged) ? 0 : sequence,
            Panels = Panels(in own, in sizes, sequence, ref keyValues),
            MemoryRows = Has(Memory) ? MemoryRows(in arguments, in dimensions, sequence, weights.Memory.Shape.MemoryDim) : default,
            MemoryKeys = Has(Memory) ? SeenMemory(in arguments, in dimensions, sequence) : 0,
            MemoryPanels = Has(Memory)
                ? MemoryPanels(in arguments, in dimensions, sequence, ref Unsafe.Add(ref keyValues, KeyValueFloats(sizes.Keys)))
                : default,
        };
        if (Has(Gradients) && arguments.Activations is { } activations)
            Keep(ref call, activations, in arguments, in dimensions, sequence);
        if (Has(Ranges))
            SetContext(ref call);
        return call;
    }

    private static void ClearPadding(in SequenceCall call) =>
        Padding.Clear(call.Weights.Shape, in call.Arguments, in call.Dimensions, call.Index, ComputedRows(in call), in call.Panels);

    /// <summary>Writes keys and values of some rows of a sequence into its panels.</summary>
    [MethodImpl(Step)]
    private static void BringKeys(in SequenceCall call, nint first, nint count, ref float scratch)
    {
        if (Has(Projections))
        {
            ref float source = ref Has(CrossAttention)
                ? ref At(call.Arguments.Memory, ((call.Index * call.Dimensions.Keys) + first) * TConstants.MemoryDim)
                : ref At(call.Arguments.Input, (FirstRow(in call) + first) * TConstants.MemoryDim);
            ref float valueSource = ref Has(ValueInput)
                ? ref At(call.Arguments.ValueInput, ((call.Index * call.Dimensions.Keys) + first) * TConstants.ValueInputDim)
                : ref source;
            ProjectKeysAndValues(in call, ref source, ref valueSource, count, first, ref scratch);
            return;
        }

        for (nint head = 0; head < TConstants.KvHeads; head++)
        {
            call.Arguments.Options.CancellationToken.ThrowIfCancellationRequested();
            LayOutKeys(in call, first, count, head, ref scratch);
        }
    }

    /// <summary>Computes the output of some rows of a sequence, one row block after another. The keys and values are already in the panels.</summary>
    [MethodImpl(Step)]
    private static void OutputRows(in SequenceCall call, nint first, nint rows, ref float scratch)
    {
        ref float queries = ref Unsafe.Add(ref scratch, TConstants.QueriesOffset);
        nint step = BlockStep(rows);
        for (nint row = 0; row < rows; row += step)
        {
            call.Arguments.Options.CancellationToken.ThrowIfCancellationRequested();
            nint count = Math.Min(step, rows - row);
            nint place = FirstRow(in call) + first + row;
            // After the queries are laid out, their strip is free for the joined heads.
            ref float joined = ref JoinsInScratch
                ? ref Unsafe.Add(ref scratch, TConstants.StripOffset)
                : ref At(call.Arguments.Output, place * JoinedDim);
            if (Has(Projections))
                ProjectQueries(in call, first + row, count, ref Unsafe.Add(ref scratch, TConstants.StripOffset), ref queries, ref scratch);
            else
                GatherQueries(in call, first + row, count, ref queries);
            for (nint head = 0; head < TConstants.KvHeads; head++)
                AttendHead(in call, head, first + row, count, ref Unsafe.Add(ref queries, head * count * GroupDim), ref joined, ref scratch);
            if (Has(OutputGate))
                GateHeads(ref joined, count, ref scratch);
            if (Has(Memory))
                FinishBlock(
                    in call,
                    ref joined,
                    count,
                    ref At(call.Arguments.Input, place * TConstants.DModel),
                    ref At(call.Arguments.Output, place * TConstants.DModel),
                    ref scratch);
            else if (ProjectsHeads)
                FinishRows(
                    call.Weights,
                    ref joined,
                    count,
                    ref At(call.Arguments.Input, place * TConstants.DModel),
                    ref At(call.Arguments.Output, place * TConstants.DModel),
                    SavedOf(in call.Arguments),
                    call.Saved.FirstRow + first + row,
                    ref scratch);
            else if (JoinsInScratch)
                WriteHeads(in call, first + row, count, 0, TConstants.Heads, ref joined);
        }
    }

    /// <summary>Rows of equal row blocks, in whole query blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nint BlockStep(nint rows) => EqualParts.BlockStep(rows, TConstants.RowBlock, TConstants.QueryBlock);

    /// <summary>Whether heads are joined in scratch, and not where the caller wants them.</summary>
    private static bool JoinsInScratch { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => ProjectsHeads || Has(HeadsBeforeRows); }

    /// <summary>Whether the joined heads are projected to the output.</summary>
    private static bool ProjectsHeads { [MethodImpl(MethodImplOptions.AggressiveInlining)] get => Has(Projections) && !Has(JoinedOutput); }
}
