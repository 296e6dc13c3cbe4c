namespace AttentionGen;

/// <summary>
/// The keys and values of all layers of a <see cref="TransformerStack"/>: one <see cref="AttentionCache"/> for each layer, which hold the same sequences.
/// <see cref="TransformerStack.CreateCache(int, int)"/> makes one.
/// </summary>
/// <remarks>
/// One call may use a cache at a time, except that copies and <see cref="Save"/> may share it; every other call throws an
/// <see cref="InvalidOperationException"/>. A call of the stack that fails or is cancelled leaves the cache as it was, in every layer.
/// </remarks>
public sealed partial class TransformerStackCache
{
    private readonly AttentionShape[] shapes;
    private readonly AttentionCache[] layers;

    /// <summary>For each layer whose cache is a ring, the keys that the present call overwrites.</summary>
    private readonly RingKeys?[] overwritten;

    private readonly int[] rowOffsets;
    private readonly CacheClaim claim = new();

    internal TransformerStackCache(AttentionShape[] shapes, AttentionCache[] layers)
    {
        this.shapes = shapes;
        this.layers = layers;
        overwritten = [.. layers.Select(layer => layer.IsRing ? new RingKeys(layer.Shape, layer.Batch) : null)];
        rowOffsets = new int[layers[0].Batch + 1];
    }

    /// <summary>The number of layers.</summary>
    public int LayerCount => layers.Length;

    /// <summary>The number of keys that each sequence can hold in each layer. With a window, the position that a sequence can reach.</summary>
    public int Capacity => layers[0].Capacity;

    /// <summary>The number of sequences.</summary>
    public int Batch => layers[0].Batch;

    /// <summary>The memory in bytes that the cache keeps at present: <see cref="KeyValueBytes"/> and <see cref="TableBytes"/>.</summary>
    public long Bytes => KeyValueBytes + TableBytes;

    /// <summary>The size of the keys and values of all layers in bytes, free room included.</summary>
    public long KeyValueBytes => layers.Sum(layer => layer.KeyValueBytes);

    /// <summary>The present size in bytes of the tables that calls with this cache read. A table that several layers share is counted once.</summary>
    public long TableBytes
    {
        get
        {
            var counted = new HashSet<object>(ReferenceEqualityComparer.Instance);
            return layers.Sum(layer => layer.CountTables(counted));
        }
    }

    /// <summary>The number of keys of the longest sequence, which is its next position. Keys that a window has dropped count.</summary>
    public int Length => layers[^1].Length;

    /// <summary>[batch]: the number of keys of each sequence, which is its next position. Keys that a window has dropped count.</summary>
    public ReadOnlySpan<int> Lengths => layers[^1].Lengths;

    /// <summary>The cache of a layer. It is not public: the layers' caches must agree.</summary>
    internal AttentionCache this[int layer] => layers[layer];

    /// <summary>
    /// Returns the first key that every layer still holds of a sequence: 0, or more once the ring of a window has overwritten keys.
    /// </summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public int GetFirstHeldKey(int sequence) => layers.Max(layer => layer.GetFirstHeldKey(sequence));

    /// <summary>[batch]: the number of memory rows of each sequence; empty for layers without cross-attention.</summary>
    public ReadOnlySpan<int> MemoryLengths => layers[0].Memory is { } memory ? memory.Lengths : default;

    /// <summary>Removes all keys and values, and the memory.</summary>
    /// <exception cref="InvalidOperationException">Another call uses the cache.</exception>
    public void Clear()
    {
        using WriteScope writing = Writing();
        ClearAll();
    }

    /// <summary>Keeps the first <paramref name="length"/> keys of every sequence and removes the others.</summary>
    /// <param name="length">The number of keys to keep, 0 to <see cref="Length"/>. Shorter sequences stay as they are.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or more than the cache holds.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a layer's window no longer holds the keys that the next row of a sequence sees, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Truncate(int length)
    {
        using WriteScope writing = Writing();
        if ((uint)length > (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; the cache holds {Length} keys, expected 0 to {Length}.");
        for (int sequence = 0; sequence < Batch; sequence++)
            CheckHeld(sequence, length);
        foreach (AttentionCache layer in layers)
            layer.Truncate(length);
    }

    /// <summary>Keeps the first <paramref name="length"/> keys of one sequence and removes the others.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="length">The number of keys to keep, 0 to the sequence's length in <see cref="Lengths"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such sequence, or <paramref name="length"/> is negative or more than the sequence's length.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of a layer's window no longer holds the keys that the next row sees, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Truncate(int sequence, int length)
    {
        using WriteScope writing = Writing();
        if ((uint)sequence >= (uint)Batch)
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"sequence is {sequence}; expected 0 to {Batch - 1}.");
        if ((uint)length > (uint)Lengths[sequence])
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"length is {length}; sequence {sequence} holds {Lengths[sequence]} keys, expected 0 to {Lengths[sequence]}.");
        CheckHeld(sequence, length);
        foreach (AttentionCache layer in layers)
            layer.Truncate(sequence, length);
    }

    internal RingKeys? Overwritten(int layer) => overwritten[layer];

    /// <summary>A copy of offsets that nobody changes during the call.</summary>
    internal ReadOnlySpan<int> KeepOffsets(ReadOnlySpan<int> offsets)
    {
        if (offsets.Length != rowOffsets.Length)
            return offsets;
        offsets.CopyTo(rowOffsets);
        return rowOffsets;
    }

    /// <summary>Checks that the cache is one for layers of these shapes.</summary>
    internal void CheckLayers(AttentionShape[] expected)
    {
        if (ReferenceEquals(shapes, expected))
            return;
        if (shapes.Length != expected.Length)
            throw new ArgumentException($"cache is of {shapes.Length} layers; expected one of {expected.Length}, the layers of this stack.", "cache");
        for (int layer = 0; layer < shapes.Length; layer++)
        {
            if (!shapes[layer].Equals(expected[layer]))
                throw CacheErrors.OtherShape(shapes[layer], expected[layer]);
        }
    }

    internal WriteScope Writing() => claim.Writing();

    private void CheckHeld(int sequence, int length)
    {
        foreach (AttentionCache layer in layers)
            layer.CheckHeld(sequence, length);
    }

    private void ClearAll()
    {
        foreach (AttentionCache layer in layers)
            layer.Clear();
    }
}
