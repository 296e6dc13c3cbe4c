using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Lets a call that fails leave a cache as it was where old keys make room for new ones: a call of so many rows that it overwrites
/// what the next row would see keeps a copy of these keys.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct RingGuard : IDisposable
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    private readonly AttentionCache? cache;
    private readonly AlignedMemory? memory;

    private RingGuard(AttentionCache cache, AlignedMemory? memory)
    {
        this.cache = cache;
        this.memory = memory;
    }

    /// <summary>Says that a call begins to write; keeps what it must.</summary>
    /// <param name="arguments">The checked arguments of the call.</param>
    /// <param name="dimensions">Its sizes.</param>
    public static RingGuard Begin(in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        if (arguments.Cache is not { IsRing: true } cache)
            return default;
        AttentionShape shape = cache.Shape;
        bool overwrites = false;
        for (int sequence = 0; sequence < cache.Batch; sequence++)
            overwrites |= cache.Lengths[sequence] > 0 && NewKeys(shape, in arguments, in dimensions, sequence) > cache.ChunkRows;

        AlignedMemory? memory = overwrites ? AttentionScratch.Rent(cache.Batch * SequenceFloats(cache)) : null;
        var guard = new RingGuard(cache, memory);
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            if (memory is not null)
                PanelCopy.Copy(shape, cache.Panels(sequence), guard.Kept(sequence), FirstKept(cache, sequence), cache.Lengths[sequence]);
            cache.Overwrite(sequence, cache.Lengths[sequence] + NewKeys(shape, in arguments, in dimensions, sequence));
        }

        return guard;
    }

    /// <summary>After a failure: puts back what was overwritten.</summary>
    public void Undo()
    {
        if (memory is null)
            return;
        for (int sequence = 0; sequence < cache!.Batch; sequence++)
        {
            int first = FirstKept(cache, sequence);
            PanelCopy.Copy(cache.Shape, Kept(sequence), cache.Panels(sequence), first, cache.Lengths[sequence]);
            cache.SetFirstHeldKey(sequence, first);
        }
    }

    /// <summary>Gives the copy's memory back.</summary>
    public void Dispose()
    {
        if (memory is not null)
            AttentionScratch.Return(memory);
    }

    private static int NewKeys(AttentionShape shape, in AttentionArguments arguments, in ForwardDimensions dimensions, int sequence)
    {
        if (!shape.Ragged)
            return dimensions.Keys - dimensions.CachedKeys;
        ReadOnlySpan<int> offsets = RaggedBatch.NewKeyOffsets(shape, in arguments);
        return offsets[sequence + 1] - offsets[sequence];
    }

    /// <summary>The first key that the next row sees.</summary>
    private static int FirstKept(AttentionCache cache, int sequence) => Math.Max(0, cache.Lengths[sequence] - cache.Shape.CacheWindow);

    /// <summary>Room for the window in whole panels, wherever in a panel it begins.</summary>
    private static nint KeptKeys(AttentionCache cache) => ((cache.Shape.CacheWindow + (nint)PanelWidth - 1) / PanelWidth + 1) * PanelWidth;

    private static nint SequenceFloats(AttentionCache cache) =>
        KeptKeys(cache) * cache.Shape.KvHeads * (cache.Shape.HeadDim + cache.ValueHeadStride / cache.KeyCapacity);

    private KeyValuePanels Kept(int sequence)
    {
        ref float keys = ref Unsafe.Add(ref memory!.Reference, sequence * SequenceFloats(cache!));
        nint keptKeys = KeptKeys(cache!);
        return new(
            ref keys, ref Unsafe.Add(ref keys, keptKeys * cache!.Shape.KeyDim), keptKeys, cache.Shape.HeadDim, cache.ValueHeadStride / cache.KeyCapacity);
    }
}
