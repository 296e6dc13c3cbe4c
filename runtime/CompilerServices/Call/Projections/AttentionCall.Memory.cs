using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// Fills the cache of cross-attention.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Projects a memory to keys and values, which replace the content of a cache.</summary>
    /// <param name="weights">The packed weights of the kernel object.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or [total memory rows, MemoryDim] in a ragged batch.</param>
    /// <param name="cache">The cache that gets the keys and values.</param>
    /// <param name="memoryOffsets">[batch of the cache + 1] in a ragged batch, otherwise empty.</param>
    /// <param name="options">Threads and cancellation.</param>
    public static void ProjectMemory(
        PackedWeights weights, ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
        ProjectMemory(weights, memory, default, cache, memoryOffsets, in options);

    /// <summary>The same where values have an input of their own.</summary>
    /// <param name="weights">The packed weights of the kernel object.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or [total memory rows, MemoryDim] in a ragged batch.</param>
    /// <param name="valueInput">[batch of the cache, memory rows, ValueInputDim], or [total memory rows, ValueInputDim] in a ragged batch.</param>
    /// <param name="cache">The cache that gets the keys and values.</param>
    /// <param name="memoryOffsets">[batch of the cache + 1] in a ragged batch, otherwise empty.</param>
    /// <param name="options">Threads and cancellation.</param>
    [MethodImpl(Step)]
    public static void ProjectMemory(
        PackedWeights weights, ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets,
        in ForwardOptions options)
    {
        using CacheUse use = CacheUse.Write(cache);
        if (!Has(Ragged))
            KernelChecks.CheckNoMemoryOffsets(memoryOffsets);
        LengthRoom room = default;
        using OwnLengths own = OwnLengths.Copy(
            new AttentionArguments
            {
                Memory = memory, ValueInput = valueInput, Cache = cache, KeyOffsets = memoryOffsets, Batch = cache?.Batch ?? 0, Options = options,
            },
            ref room);
        ReadOnlySpan<int> offsets = own.Arguments.KeyOffsets;
        ForwardDimensions dimensions = Has(Ragged)
            ? KernelChecks.ValidateMemory(weights.Shape, memory, valueInput, cache!, offsets, in options)
            : KernelChecks.ValidateMemory(weights.Shape, memory, valueInput, cache!, in options);
        // The old content is overwritten, so the cache is empty until everything is written.
        cache!.Empty();
        ProjectSequences(weights, in own.Arguments, in dimensions);
        if (Has(Ragged))
            cache.CommitNewKeys(offsets);
        else
            cache.Commit(dimensions.Keys);
    }

    [MethodImpl(Step)]
    private static unsafe void ProjectSequences(PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        int most = arguments.Options.MaxDegreeOfParallelism;
        long multiplyAdds = Has(ValueInput)
            ? (arguments.Memory.Length * (long)KeyDim) + (arguments.ValueInput.Length * (long)ValueDim)
            : arguments.Memory.Length * (long)(KeyDim + ValueDim);
        int threads = most <= 1 ? 1 : KernelThreads.Choose(most, multiplyAdds);
        if (threads > 1)
        {
            CallSchedule schedule = CallSchedule.CreateForMemory(CallNumbers.Of<TConstants>(), dimensions.Batch, dimensions.Keys, threads);
            RunShared(weights, in arguments, in dimensions, in schedule);
            return;
        }

        using ScratchLease lease = ScratchLease.Rent(TConstants.ScratchFloats);
        fixed (float* pinned = TKernels.PinsRows ? arguments.Memory : default,
            values = Has(ValueInput) && TKernels.PinsRows ? arguments.ValueInput : default)
        {
            for (nint sequence = 0; sequence < dimensions.Batch; sequence++)
                ProjectMemoryRows(weights, in arguments, in dimensions, sequence, 0, dimensions.Keys, ref lease.Reference);
        }
    }

    /// <summary>Projects some memory rows of a sequence, as far as it has them.</summary>
    [MethodImpl(Step)]
    private static void ProjectMemoryRows(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint sequence, nint first, nint count, ref float scratch)
    {
        nint start = sequence * dimensions.Keys, keys = dimensions.Keys;
        if (Has(Ragged))
            (start, keys) = (arguments.KeyOffsets[(int)sequence], arguments.KeyOffsets[(int)sequence + 1] - arguments.KeyOffsets[(int)sequence]);
        count = Math.Min(count, keys - first);
        if (count <= 0)
            return;
        SequenceCall call = default;
        call.Weights = weights;
        call.Arguments = arguments;
        call.Dimensions = dimensions;
        call.Panels = arguments.Cache!.Panels(sequence);
        ref float source = ref At(arguments.Memory, (start + first) * TConstants.MemoryDim);
        ref float valueSource = ref Has(ValueInput) ? ref At(arguments.ValueInput, (start + first) * TConstants.ValueInputDim) : ref source;
        ProjectKeysAndValues(in call, ref source, ref valueSource, count, first, ref scratch);
    }
}
