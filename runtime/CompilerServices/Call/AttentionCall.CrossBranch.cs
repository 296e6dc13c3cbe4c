using System.Runtime.CompilerServices;
using static AttentionGen.CompilerServices.AttentionFeatures;

namespace AttentionGen.CompilerServices;

// The cross-attention of a decoder layer, between its self-attention and its feed-forward network. It has the heads and widths of the self-attention, and
// so its scratch, which is free by then. The class of its own numbers computes what depends on them.
public static partial class AttentionCall<TKernels, TConstants>
{
    /// <summary>Projects a memory to keys and values, which replace what the cache of a layer holds of a memory.</summary>
    /// <param name="weights">The packed weights of the layer; the type parameters are those of its cross-attention.</param>
    /// <param name="memory">[batch of the cache, memory rows, MemoryDim], or [total memory rows, MemoryDim] in a ragged batch.</param>
    /// <param name="cache">The cache of the layer.</param>
    /// <param name="memoryOffsets">[batch of the cache + 1] in a ragged batch, otherwise empty.</param>
    /// <param name="options">Threads and cancellation.</param>
    [MethodImpl(Step)]
    public static void ProjectLayerMemory(
        PackedWeights weights, ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options)
    {
        using CacheUse use = CacheUse.Write(cache);
        KernelChecks.CheckCacheOfLayer(weights.Shape, weights.Memory.Shape, cache);
        ProjectMemory(weights.Memory, memory, default, cache.Memory!, memoryOffsets, in options);
    }

    /// <summary>Attention of some rows to a memory; the type parameters are those of the cross-attention.</summary>
    /// <inheritdoc cref="IAttentionKernels.AttendMemory"/>
    [MethodImpl(Step)]
    public static void AttendMemory(in KeyValuePanels memory, nint keys, ref float queries, nint rows, ref float joined, ref float scratch)
    {
        for (nint head = 0; head < TConstants.KvHeads; head++)
            AttendMemoryHead(in memory, keys, head, ref Unsafe.Add(ref queries, head * rows * GroupDim), rows, ref joined, ref scratch);
    }

    /// <summary>Attention of one KV head of some rows to a memory; the type parameters are those of the cross-attention.</summary>
    /// <inheritdoc cref="IAttentionKernels.AttendMemoryHead"/>
    [MethodImpl(Step)]
    public static void AttendMemoryHead(
        in KeyValuePanels memory, nint keys, nint head, ref float queries, nint rows, ref float joined, ref float scratch)
    {
        SequenceCall call = default;
        call.Dimensions = new ForwardDimensions(1, (int)rows, (int)keys, 0);
        call.Panels = memory;
        AttendHead(in call, head, 0, rows, ref queries, ref joined, ref scratch);
    }

    /// <summary>Projects memory rows into panels; the type parameters are those of the cross-attention.</summary>
    /// <inheritdoc cref="IAttentionKernels.WriteMemory"/>
    [MethodImpl(Step)]
    public static void WriteMemory(
        PackedWeights weights, in KeyValuePanels memory, ref float source, nint first, nint rows, in ForwardOptions options, ref float scratch)
    {
        SequenceCall call = default;
        call.Weights = weights;
        call.Arguments = new AttentionArguments { Options = options };
        call.Panels = memory;
        ProjectKeysAndValues(in call, ref source, ref source, rows, first, ref scratch);
    }

    /// <summary>The memory rows of a sequence that come with the call; none where a cache holds them projected.</summary>
    private static ReadOnlySpan<float> MemoryRows(scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence, int width)
    {
        if (Has(Cache) && arguments.Cache is not null)
            return default;
        int index = (int)sequence, first = Has(Ragged) ? arguments.KeyOffsets[index] : index * dimensions.MemoryKeys;
        return arguments.Memory.Slice(first * width, AllMemory(in arguments, in dimensions, index) * width);
    }

    /// <summary>Memory rows of a sequence that are seen.</summary>
    private static nint SeenMemory(scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence) =>
        Has(MemoryLengths) ? arguments.MemoryLengths[(int)sequence] : AllMemory(in arguments, in dimensions, (int)sequence);

    private static int AllMemory(scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, int sequence)
    {
        if (Has(Cache) && arguments.Cache is { } cache)
            return cache.Memory!.Lengths[sequence];
        return Has(Ragged) ? arguments.KeyOffsets[sequence + 1] - arguments.KeyOffsets[sequence] : dimensions.MemoryKeys;
    }

    /// <summary>Where the keys and values of the memory lie: in the cache, or behind those of the self-attention.</summary>
    private static KeyValuePanels MemoryPanels(scoped in AttentionArguments arguments, scoped in ForwardDimensions dimensions, nint sequence, ref float start)
    {
        if (Has(Cache) && arguments.Cache is { } cache)
            return cache.Memory!.Panels(sequence);
        nint capacity = SequenceGroup.WholePanels(AllMemory(in arguments, in dimensions, (int)sequence));
        return new(KeyValues, ref start, capacity, TConstants.KvHeads, TConstants.HeadDim, ValueHeadDimPadded);
    }

    /// <summary>Projects some memory rows that come with the call, as far as they are seen. Those of a cache are there already.</summary>
    [MethodImpl(Step)]
    private static void BringMemory(in SequenceCall call, nint first, nint count, ref float scratch)
    {
        count = Math.Min(count, call.MemoryKeys - first);
        if (call.MemoryRows.IsEmpty || count <= 0)
            return;
        PackedWeights memory = call.Weights.Memory;
        ForwardOptions options = call.Arguments.Options;
        TKernels.WriteMemory(memory, in call.MemoryPanels, ref At(call.MemoryRows, first * memory.Shape.MemoryDim), first, count, in options, ref scratch);
    }

    /// <summary>From the joined heads of the self-attention of a row block to the layer's output.</summary>
    [MethodImpl(Step)]
    private static void FinishBlock(in SequenceCall call, ref float joined, nint rows, ref float input, ref float output, ref float scratch)
    {
        ref float queries = ref Unsafe.Add(ref scratch, TConstants.QueriesOffset);
        ProjectMemoryQueries(call.Weights, ref joined, rows, ref input, ref output, ref scratch);
        WriteQueries(ref joined, rows, ref queries, TConstants.MemoryQueryFactor);
        TKernels.AttendMemory(in call.MemoryPanels, call.MemoryKeys, ref queries, rows, ref joined, ref scratch);
        if (Has(HeadMask))
            MaskHeads(call.Arguments.MemoryHeadMask, 0, TConstants.KvHeads, rows, ref joined);
        FinishMemory(call.Weights, ref joined, rows, ref output, ref scratch);
    }

    /// <summary>The same for a group of sequences, each with a memory of its own.</summary>
    [MethodImpl(Step)]
    private static void FinishGroup(
        PackedWeights weights, in AttentionArguments arguments, in ForwardDimensions dimensions, nint first, nint count, ref float joined, nint rows,
        ref float input, ref float output, ref float scratch, ref float keyValues)
    {
        ref float queries = ref Unsafe.Add(ref scratch, TConstants.QueriesOffset);
        ProjectMemoryQueries(weights, ref joined, rows, ref input, ref output, ref scratch);
        for (nint index = 0, row = 0; index < count; index++)
        {
            nint own = FirstRow(in arguments, in dimensions, first + index + 1) - FirstRow(in arguments, in dimensions, first + index);
            WriteQueries(
                ref Unsafe.Add(ref joined, row * WholePanels(QueryDim)), own, ref Unsafe.Add(ref queries, row * QueryDim), TConstants.MemoryQueryFactor);
            row += own;
        }

        for (nint index = 0, row = 0; index < count; index++)
        {
            SequenceCall call = Open(weights, in arguments, in dimensions, first + index, ref keyValues);
            nint own = Rows(in call.Dimensions);
            TKernels.AttendMemory(
                in call.MemoryPanels, call.MemoryKeys, ref Unsafe.Add(ref queries, row * QueryDim), own, ref Unsafe.Add(ref joined, row * JoinedDim),
                ref scratch);
            if (Has(HeadMask))
                MaskHeads(call.Arguments.MemoryHeadMask, 0, TConstants.KvHeads, own, ref Unsafe.Add(ref joined, row * JoinedDim));
            row += own;
        }

        FinishMemory(weights, ref joined, rows, ref output, ref scratch);
    }

    /// <summary>Adds the self-attention, normalises, and projects to the queries of the cross-attention, which take the place of the joined heads.</summary>
    [MethodImpl(Step)]
    private static void ProjectMemoryQueries(PackedWeights weights, ref float joined, nint rows, ref float input, ref float output, ref float scratch)
    {
        ref float branch = ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
        ProjectBranch(ref joined, rows, weights.Output, ref branch, ref scratch);
        ref float source = ref AddAttention(weights.Layer, ref input, rows, ref branch, ref output, ref scratch);
        ProjectInput(weights.Memory.Query, ref source, rows, 0, WholePanels(QueryDim) / PanelWidth, ref joined, WholePanels(QueryDim), ref scratch);
    }

    /// <summary>From the joined heads of the cross-attention to the layer's output.</summary>
    [MethodImpl(Step)]
    private static void FinishMemory(PackedWeights weights, ref float joined, nint rows, ref float output, ref float scratch)
    {
        ref float branch = ref Unsafe.Add(ref scratch, TConstants.BranchOffset);
        ProjectBranch(ref joined, rows, weights.Memory.Output, ref branch, ref scratch);
        ref float source = ref AddMemoryBranch(weights.Layer, ref output, rows, ref branch, ref output, ref scratch);
        FinishNetwork(weights, ref source, rows, ref output, null, 0, ref scratch);
    }

    /// <summary>Adds what the cross-attention gives to the sum after the self-attention, and normalises for the feed-forward network.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float AddMemoryBranch(PackedLayer layer, ref float input, nint rows, ref float branch, ref float sum, ref float scratch) =>
        ref AddBranch(layer, layer.MemoryResultNorm, layer.MemoryNorm, layer.FeedForwardNorm, ref input, rows, ref branch, ref sum, ref scratch);
}
