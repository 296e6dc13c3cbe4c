namespace AttentionGen.Tests.Support;

/// <summary>A generated Transformer layer, seen through the static members of <see cref="ITransformerLayer{TSelf}"/>.</summary>
internal interface ILayerType
{
    string Name { get; }

    TransformerLayerShape Shape { get; }

    /// <summary>The weights of <see cref="Layer"/>.</summary>
    TransformerLayerWeights Weights { get; }

    /// <summary>The layer that a case runs unless it is told of another.</summary>
    ILayer Layer { get; }

    ILayer Create(TransformerLayerWeights weights);
}

/// <summary>An object of a generated layer.</summary>
internal interface ILayer : IRunnable
{
    /// <summary>A cache with room for a memory; for layers with cross-attention.</summary>
    AttentionCache CreateCache(int capacity, int memoryCapacity, int batch);

    /// <summary>Puts the keys and values of a memory into a cache; for layers with cross-attention.</summary>
    void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options);
}

/// <summary>Makes <typeparamref name="T"/> usable without naming it.</summary>
internal sealed class LayerAdapter<T> : ILayerType
    where T : class, ITransformerLayer<T>
{
    private readonly Lazy<ILayer> layer;

    public LayerAdapter() => layer = new(() => Create(Weights));

    public string Name => typeof(T).Name;

    public TransformerLayerShape Shape => T.Shape;

    public TransformerLayerWeights Weights { get; } = TransformerLayerWeights.Random(T.Shape, 5);

    public ILayer Layer => layer.Value;

    public ILayer Create(TransformerLayerWeights weights) => new Instance(T.Create(weights));

    private sealed class Instance(T layer) : ILayer
    {
        private IDecoderLayer Decoder => layer as IDecoderLayer ?? throw new NotSupportedException($"{typeof(T).Name} has no cross-attention.");

        public void Forward(in AttentionArguments arguments) => layer.Forward(in arguments);

        public AttentionCache CreateCache(int capacity, int batch) => layer.CreateCache(capacity, batch);

        public AttentionCache CreateCache(int capacity, int memoryCapacity, int batch) => Decoder.CreateCache(capacity, memoryCapacity, batch);

        public void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            Decoder.ProjectMemory(memory, cache, memoryOffsets, in options);
    }
}
