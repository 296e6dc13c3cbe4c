using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Lets a call that fails leave the caches of all layers as they were. Each layer restores its own cache if it fails itself, but the layers before it
/// have committed their keys by then. Where a cache is a ring, these overwrote old keys, so the stack keeps a copy until the last layer has ended.
/// </summary>
internal readonly ref struct StackRings : IDisposable
{
    private readonly TransformerStackCache? cache;
    private readonly AlignedMemory? memory;

    private StackRings(TransformerStackCache? cache, AlignedMemory? memory)
    {
        this.cache = cache;
        this.memory = memory;
    }

    /// <summary>Copies the keys that a checked call will overwrite, in every layer whose cache is a ring.</summary>
    public static StackRings Begin(TransformerStackCache? cache, in AttentionArguments arguments)
    {
        if (cache is null)
            return default;
        nint floats = 0;
        for (int layer = 0; layer < cache.LayerCount; layer++)
            floats += FindOverwritten(cache, layer, in arguments);
        if (floats == 0)
            return new StackRings(cache, null);

        var rings = new StackRings(cache, AttentionScratch.Rent(floats));
        nint first = 0;
        for (int layer = 0; layer < cache.LayerCount; layer++)
            cache.Overwritten(layer)?.Save(cache[layer], rings.Rows(layer, ref first));
        return rings;
    }

    /// <summary>After a failure: takes back what the first layers have committed.</summary>
    /// <param name="layers">The number of layers that have committed. The layer after them still has the old lengths.</param>
    public void Undo(int layers)
    {
        if (cache is null || layers == cache.LayerCount)
            return;
        ReadOnlySpan<int> lengths = cache[layers].Lengths;
        nint first = 0;
        for (int layer = 0; layer < layers; layer++)
        {
            cache[layer].TakeBack(lengths);
            cache.Overwritten(layer)?.Restore(cache[layer], Rows(layer, ref first));
        }
    }

    /// <summary>Gives the copy's memory back.</summary>
    public void Dispose()
    {
        if (memory is not null)
            AttentionScratch.Return(memory);
    }

    private static nint FindOverwritten(TransformerStackCache cache, int layer, in AttentionArguments arguments)
    {
        if (cache.Overwritten(layer) is not { } kept)
            return 0;
        for (int sequence = 0; sequence < cache.Batch; sequence++)
            kept.Find(cache[layer], sequence, NewKeys(cache[layer], in arguments, sequence));
        return StoredRows.Floats(cache[layer].Shape, kept.Count);
    }

    private static int NewKeys(AttentionCache cache, in AttentionArguments arguments, int sequence) => cache.Shape.Ragged
        ? arguments.RowOffsets[sequence + 1] - arguments.RowOffsets[sequence]
        : arguments.Input.Length / cache.Shape.DModel / cache.Batch;

    /// <summary>The copy's part of a layer.</summary>
    private Span<byte> Rows(int layer, ref nint first)
    {
        nint floats = StoredRows.Floats(cache![layer].Shape, cache.Overwritten(layer)!.Count), start = first;
        first += floats;
        return floats == 0 ? [] : StoredRows.Bytes(memory!, start, floats);
    }
}
