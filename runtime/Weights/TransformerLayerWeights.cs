namespace AttentionGen;

/// <summary>
/// The weights of one Transformer layer: those of its attention, of its feed-forward network and of its norms. Matrices are [outputs, inputs], row-major,
/// as PyTorch's <c>nn.Linear</c> stores them. What a layer does not have is empty. A layer packs its weights once.
/// </summary>
public sealed partial class TransformerLayerWeights
{
    /// <summary>The weights of the attention.</summary>
    public required AttentionWeights Attention { get; init; }

    /// <summary>The weights of the cross-attention of a decoder layer; null for a layer without one.</summary>
    public AttentionWeights? CrossAttention { get; init; }

    /// <summary>First product of the feed-forward network, [FeedForwardDim, DModel].</summary>
    public ReadOnlyMemory<float> Up
    {
        get => UpMatrix.Memory;
        init => UpMatrix = new WeightTensor(value, null, "weights.Up");
    }

    /// <summary>[FeedForwardDim], or empty for none.</summary>
    public ReadOnlyMemory<float> UpBias { get; init; }

    /// <summary>Gate of the feed-forward network, [FeedForwardDim, DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> Gate
    {
        get => GateMatrix.Memory;
        init => GateMatrix = new WeightTensor(value, null, "weights.Gate");
    }

    /// <summary>[FeedForwardDim], or empty for none.</summary>
    public ReadOnlyMemory<float> GateBias { get; init; }

    /// <summary>Last product of the feed-forward network, [DModel, FeedForwardDim].</summary>
    public ReadOnlyMemory<float> Down
    {
        get => DownMatrix.Memory;
        init => DownMatrix = new WeightTensor(value, null, "weights.Down");
    }

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

    /// <summary>The norm before the cross-attention, or with post-norm the one after it, [DModel]; empty for a layer without cross-attention.</summary>
    public ReadOnlyMemory<float> CrossAttentionNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> CrossAttentionNormBias { get; init; }

    /// <summary>With norms on both sides: the one after the cross-attention, [DModel]; otherwise empty.</summary>
    public ReadOnlyMemory<float> CrossAttentionOutputNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> CrossAttentionOutputNormBias { get; init; }

    /// <summary>The norm before the feed-forward network, or with post-norm the one after it, [DModel]; empty for parallel branches.</summary>
    public ReadOnlyMemory<float> FeedForwardNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> FeedForwardNormBias { get; init; }

    /// <summary>With norms on both sides: the one after the feed-forward network, [DModel]; otherwise empty.</summary>
    public ReadOnlyMemory<float> FeedForwardOutputNorm { get; init; }

    /// <summary>[DModel], or empty for none.</summary>
    public ReadOnlyMemory<float> FeedForwardOutputNormBias { get; init; }

    internal WeightTensor UpMatrix { get; init; } = WeightTensor.NotGiven;

    internal WeightTensor GateMatrix { get; init; } = WeightTensor.NotGiven;

    internal WeightTensor DownMatrix { get; init; } = WeightTensor.NotGiven;

    /// <summary>Reads weights from a file, which may be closed afterwards. The constructor of a layer checks their sizes.</summary>
    /// <param name="file">An open file.</param>
    /// <param name="names">The names of the tensors, and their layout.</param>
    /// <exception cref="ArgumentException">The file lacks a tensor of <paramref name="names"/>.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    /// <exception cref="FileNotFoundException">A tensor is in a shard that is missing.</exception>
    /// <exception cref="InvalidDataException">
    /// The shapes of the tensors do not belong together, or a tensor is not in the shard that the index names.
    /// </exception>
    /// <exception cref="NotSupportedException">
    /// The file has tensors under the layer's prefix that <paramref name="names"/> does not know, a tensor has a type that
    /// cannot be read.
    /// </exception>
    public static TransformerLayerWeights From(TensorFile file, TransformerTensorNames names)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(names);
        if (names.Attention is null)
            throw new ArgumentException("names.Attention is null; expected the names of the attention's tensors.", nameof(names));
        if (names.Down is null)
            throw new ArgumentException("names.Down is null; expected the name of the last matrix of the feed-forward network.", nameof(names));
        return new TransformerLayerReader(file, names).Read();
    }
}
