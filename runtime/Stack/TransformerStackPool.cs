namespace AttentionGen;

/// <summary>
/// Memory for the keys and values of many sequences that come and go through the layers of a <see cref="TransformerStack"/>: an
/// <see cref="AttentionCachePool"/> for each layer. <see cref="TransformerStack.CreateCachePool"/> makes one.
/// </summary>
/// <remarks>A layer whose cache is a ring (<see cref="AttentionShape.CacheWindow"/>) has memory of its own in each cache, because a ring has a bound.</remarks>
public sealed class TransformerStackPool
{
    private readonly AttentionShape[] shapes;

    // Null where the cache of a layer is a ring.
    private readonly AttentionCachePool?[] layers;
    private readonly StackLayer[] makers;

    internal TransformerStackPool(AttentionShape[] shapes, StackLayer[] makers, int pages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(pages, 1);
        if (Array.TrueForAll(shapes, shape => shape.CacheWindow >= 0))
        {
            throw new NotSupportedException(
                "A pool holds sequences that grow. The cache of every layer of this stack is a ring, with a bound of its own: use CreateCache.");
        }

        this.shapes = shapes;
        this.makers = makers;
        layers = [.. makers.Select(maker => maker.Shape.Attention.CacheWindow >= 0 ? null : new AttentionCachePool(maker.Shape, pages))];
        Pages = pages;
    }

    /// <summary>The number of pages of each layer.</summary>
    public int Pages { get; }

    /// <summary>The number of pages that no sequence holds at present, in the layer that has the fewest.</summary>
    public int FreePages => layers.Min(layer => layer?.FreePages ?? Pages);

    /// <summary>The size of all pages of all layers in bytes. It never changes.</summary>
    public long Bytes => layers.Sum(layer => layer?.Bytes ?? 0);

    /// <summary>Creates an empty cache of one sequence, which holds no page yet.</summary>
    /// <param name="capacity">The number of keys that the sequence can reach in each layer.</param>
    /// <inheritdoc cref="CreateCache(int, int)" path="/exception"/>
    public TransformerStackCache CreateCache(int capacity) => CreateCache(capacity, 1);

    /// <summary>Creates an empty cache, which holds no page yet.</summary>
    /// <param name="capacity">The number of keys that each sequence can reach in each layer.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The cache needs a part for the memory of the layers, whose capacity is missing.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">The ring of a layer needs more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache CreateCache(int capacity, int batch) => new(
        shapes, [.. layers.Select((layer, index) => layer?.CreateCache(capacity, batch) ?? makers[index].CreateCache(capacity, batch))]);

    /// <summary>Creates an empty cache for the layers of a decoder, whose memory is not in the pool.</summary>
    /// <param name="capacity">The number of keys that each sequence can reach in each layer.</param>
    /// <param name="memoryCapacity">The number of memory rows that each sequence can hold in each layer.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The layers have no cross-attention.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">The memory needs more floats than one .NET array can hold, or than the machine has.</exception>
    public TransformerStackCache CreateCache(int capacity, int memoryCapacity, int batch) => new(
        shapes,
        [.. layers.Select((layer, index) =>
            layer?.CreateCache(capacity, memoryCapacity, batch) ?? makers[index].CreateCache(capacity, memoryCapacity, batch))]);
}
