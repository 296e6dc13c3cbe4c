namespace AttentionGen;

/// <summary>
/// The weights of one Transformer layer: those of its attention, of its feed-forward network and of its norms. Matrices are [outputs, inputs], row-major,
/// as PyTorch's <c>nn.Linear</c> stores them. What a layer does not have is empty. A layer packs its weights once.
/// </summary>
public sealed partial class TransformerLayerWeights
{
    /// <summary>The weights of the attention.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>First product of the feed-forward network, [FeedForwardDim, DModel].</summary>
    public ReadOnlyMemory<float> Up { get; init; }

    /// <summary>[FeedForwardDim], or empty for none.</summary>
    public ReadOnlyMemory<float> UpBias { get; init; }

    /// <summary>Gate of the feed-forward network, [FeedForwardDim, DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> Gate { get; init; }

    /// <summary>[FeedForwardDim], or empty for none.</summary>
    public ReadOnlyMemory<float> GateBias { get; init; }

    /// <summary>Last product of the feed-forward network, [DModel, FeedForwardDim].</summary>
    public ReadOnlyMemory<float> Down { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> DownBias { get; init; }

    /// <summary>The norm before the attention, or with post-norm the one after it, [DModel]. Parallel branches share it.</summary>
    public ReadOnlyMemory<float> AttentionNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> AttentionNormBias { get; init; }

    /// <summary>With norms on both sides: the one after the attention, [DModel]; otherwise empty.</summary>
    public ReadOnlyMemory<float> AttentionOutputNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> AttentionOutputNormBias { get; init; }

    /// <summary>The norm before the feed-forward network, or with post-norm the one after it, [DModel]; empty for parallel branches.</summary>
    public ReadOnlyMemory<float> FeedForwardNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> FeedForwardNormBias { get; init; }

    /// <summary>With norms on both sides: the one after the feed-forward network, [DModel]; otherwise empty.</summary>
    public ReadOnlyMemory<float> FeedForwardOutputNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> FeedForwardOutputNormBias { get; init; }
}
