namespace AttentionGen.Tests.Support;

/// <summary>What a call of a layer has beside that of its attention: the reference is that of the layer.</summary>
internal sealed record LayerPart(TransformerLayerShape Shape, TransformerLayerWeights Weights)
{
    /// <summary>The most memory rows of a sequence: one key block and a part of another.</summary>
    private const int MostMemoryRows = 300;

    /// <summary>[batch] where the shape declares them.</summary>
    public int[] MemoryLengths { get; init; } = [];

    /// <summary>[Heads] where the attention declares them.</summary>
    public float[] MemoryHeadMask { get; init; } = [];

    /// <summary>The call of a layer around the call of its attention, with a memory of any length if it reads one.</summary>
    public static AttentionCase AddTo(AttentionCase attention, TransformerLayerShape shape, TransformerLayerWeights weights, Random random)
    {
        var part = new LayerPart(shape, weights);
        if (shape.MemoryDim == 0)
            return attention with { Layer = part };
        int[] rows = [.. Enumerable.Range(0, attention.Batch).Select(_ => random.Next(4) == 0 ? random.Next(MostMemoryRows) : random.Next(40))];
        if (!attention.Shape.Ragged)
            rows = [.. rows.Select(_ => rows[0])];
        return attention with
        {
            Layer = part with
            {
                MemoryLengths = shape.MemoryLengths ? [.. rows.Select(count => random.Next(count + 1))] : [],
                MemoryHeadMask = attention.Shape.HeadMask ? AttentionCase.HeadFactors(random, attention.Shape.Heads) : [],
            },
            Memory = AttentionCase.Uniform(random, rows.Sum() * shape.MemoryDim),
            KeyOffsets = attention.Shape.Ragged ? [0, .. rows.Select((_, sequence) => rows[..(sequence + 1)].Sum())] : [],
        };
    }

    /// <summary>A cache of the layer, in a pool if there is one, that holds the memory of a call, and the reference's.</summary>
    public (AttentionCache Cache, ReferenceCache Reference) CreateCaches(AttentionCase call, ILayer layer, int capacity, AttentionCachePool? pool)
    {
        ReferenceCache reference = ReferenceCache.ForLayer(Shape, call.Batch);
        if (Shape.MemoryDim == 0)
            return (pool?.CreateCache(capacity, call.Batch) ?? layer.CreateCache(capacity, call.Batch), reference);
        int memoryCapacity = Math.Max(1, call.Memory.Length / Shape.MemoryDim);
        AttentionCache cache = pool?.CreateCache(capacity, memoryCapacity, call.Batch) ?? layer.CreateCache(capacity, memoryCapacity, call.Batch);
        layer.ProjectMemory(call.Memory, cache, call.KeyOffsets, default);
        ReferenceLayer.ProjectMemory(Shape, Weights, call.Memory, reference, call.KeyOffsets);
        return (cache, reference);
    }
}
