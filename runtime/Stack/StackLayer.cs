namespace AttentionGen;

/// <summary>A Transformer layer of any generated class, for a <see cref="TransformerStack"/> of several classes.</summary>
public abstract class StackLayer
{
    private protected StackLayer()
    {
    }

    /// <summary>The configuration of the layer, with every default resolved.</summary>
    public abstract TransformerLayerShape Shape { get; }

    /// <summary>Whether kernels with this processor's vector and FMA instructions run here.</summary>
    public abstract bool IsAccelerated { get; }

    /// <summary>Wraps a layer.</summary>
    /// <typeparam name="TLayer">The generated class.</typeparam>
    /// <param name="layer">The layer.</param>
    public static StackLayer Of<TLayer>(TLayer layer)
        where TLayer : class, ITransformerLayer<TLayer>
    {
        ArgumentNullException.ThrowIfNull(layer);
        return new Wrapped<TLayer>(layer);
    }

    internal abstract AttentionCache CreateCache(int capacity, int batch);

    internal abstract AttentionCache CreateCache(int capacity, int memoryCapacity, int batch);

    internal abstract void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options);

    internal abstract long GetScratchBytes(int batch, int rows, int keys, int threads);

    internal abstract void Forward(in AttentionArguments arguments);

    /// <summary>The layer with its gradients.</summary>
    /// <exception cref="NotSupportedException">The layer does not declare them.</exception>
    internal abstract ITrainable<TransformerLayerWeights> Trainable { get; }

    private sealed class Wrapped<TLayer>(TLayer layer) : StackLayer
        where TLayer : class, ITransformerLayer<TLayer>
    {
        public override TransformerLayerShape Shape { get; } = layer is IRotaryLength<TLayer> { RotaryLength: int length }
            ? TLayer.Shape with { Attention = TLayer.Shape.Attention with { RotaryLength = length } }
            : TLayer.Shape;

        public override bool IsAccelerated => TLayer.IsAccelerated;

        internal override AttentionCache CreateCache(int capacity, int batch) => layer.CreateCache(capacity, batch);

        internal override AttentionCache CreateCache(int capacity, int memoryCapacity, int batch) => Decoder.CreateCache(capacity, memoryCapacity, batch);

        internal override void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options) =>
            Decoder.ProjectMemory(memory, cache, memoryOffsets, in options);

        private IDecoderLayer Decoder => layer as IDecoderLayer
            ?? throw new NotSupportedException(
                $"{typeof(TLayer).Name} keeps no memory in a cache: its layer has no cross-attention, or its self-attention has no cache.");

        internal override long GetScratchBytes(int batch, int rows, int keys, int threads) => TLayer.GetScratchBytes(batch, rows, keys, threads);

        internal override void Forward(in AttentionArguments arguments) => layer.Forward(in arguments);

        internal override ITrainable<TransformerLayerWeights> Trainable => layer as ITrainable<TransformerLayerWeights>
            ?? throw new NotSupportedException($"{typeof(TLayer).Name} cannot be trained: its configuration does not declare Gradients.");
    }
}
