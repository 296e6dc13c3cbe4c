namespace AttentionGen;

/// <summary>
/// The members of every generated Transformer layer, for generic code such as <c>TransformerStack</c>, tests, benchmarks and dependency injection.
/// </summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface ITransformerLayer<TSelf>
    where TSelf : class, ITransformerLayer<TSelf>
{
    /// <summary>The configuration, with every default resolved.</summary>
    static abstract TransformerLayerShape Shape { get; }

    /// <summary>Whether kernels with this processor's vector and FMA instructions run here.</summary>
    static abstract bool IsAccelerated { get; }

    /// <summary>Says in a few lines how the layer computes on this processor.</summary>
    static abstract string Plan { get; }

    /// <summary>Creates a layer, which packs the weights.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or one is missing or superfluous.</exception>
    static abstract TSelf Create(TransformerLayerWeights weights);

    /// <summary>Returns the bytes of scratch that a call leases from the shared pool.</summary>
    /// <inheritdoc cref="IAttentionKernel{TSelf}.GetScratchBytes"/>
    static abstract long GetScratchBytes(int batch, int rows, int keys, int threads = 1);

    /// <summary>Creates an empty cache for the attention of this layer.</summary>
    /// <inheritdoc cref="IAttentionKernel{TSelf}.CreateCache"/>
    AttentionCache CreateCache(int capacity, int batch = 1);

    /// <summary>Runs the layer. This form of <c>Forward</c> serves every layer: set the arguments that the configuration declares, and no others.</summary>
    /// <inheritdoc cref="IAttentionKernel{TSelf}.Forward(in AttentionArguments)"/>
    void Forward(in AttentionArguments arguments);
}
