namespace AttentionGen;

// Numbers that make a layer slow or its output useless.
public sealed partial class TransformerLayerWeights
{
    /// <summary>
    /// The number of weights that are subnormal: not 0, and smaller than 2⁻¹²⁶. Some processors compute with such numbers many times slower;
    /// <see cref="FlushSubnormals"/> removes them.
    /// </summary>
    public long CountSubnormals() =>
        Attention.CountSubnormals() + (CrossAttention?.CountSubnormals() ?? 0) + Matrices().Sum(matrix => matrix.Tensor.CountSubnormals())
            + Vectors().Sum(vector => WeightNumbers.CountSubnormals(vector.Values.Span));

    /// <summary>These weights with 0 in place of every subnormal number, of the same sign. They are the same object if there is none.</summary>
    public TransformerLayerWeights FlushSubnormals() => CountSubnormals() == 0 ? this : new()
    {
        Attention = Attention.FlushSubnormals(),
        CrossAttention = CrossAttention?.FlushSubnormals(),
        CrossAttentionNorm = WeightNumbers.Flush(CrossAttentionNorm.Span),
        CrossAttentionNormBias = WeightNumbers.Flush(CrossAttentionNormBias.Span),
        CrossAttentionOutputNorm = WeightNumbers.Flush(CrossAttentionOutputNorm.Span),
        CrossAttentionOutputNormBias = WeightNumbers.Flush(CrossAttentionOutputNormBias.Span),
        UpMatrix = UpMatrix.FlushSubnormals(),
        UpBias = WeightNumbers.Flush(UpBias.Span),
        GateMatrix = GateMatrix.FlushSubnormals(),
        GateBias = WeightNumbers.Flush(GateBias.Span),
        DownMatrix = DownMatrix.FlushSubnormals(),
        DownBias = WeightNumbers.Flush(DownBias.Span),
        AttentionNorm = WeightNumbers.Flush(AttentionNorm.Span),
        AttentionNormBias = WeightNumbers.Flush(AttentionNormBias.Span),
        AttentionOutputNorm = WeightNumbers.Flush(AttentionOutputNorm.Span),
        AttentionOutputNormBias = WeightNumbers.Flush(AttentionOutputNormBias.Span),
        FeedForwardNorm = WeightNumbers.Flush(FeedForwardNorm.Span),
        FeedForwardNormBias = WeightNumbers.Flush(FeedForwardNormBias.Span),
        FeedForwardOutputNorm = WeightNumbers.Flush(FeedForwardOutputNorm.Span),
        FeedForwardOutputNormBias = WeightNumbers.Flush(FeedForwardOutputNormBias.Span),
    };

    /// <summary>Checks that every weight is a finite number. A layer does not check this: its output is then NaN or infinite.</summary>
    /// <returns>These weights.</returns>
    /// <exception cref="InvalidDataException">A weight is NaN or infinite. The message names the tensor, the element and the value.</exception>
    public TransformerLayerWeights CheckFinite()
    {
        Attention.CheckFinite();
        CrossAttention?.CheckFinite();
        foreach ((string role, WeightTensor tensor) in Matrices())
            tensor.CheckFinite(role);
        foreach ((string role, ReadOnlyMemory<float> values) in Vectors())
            WeightNumbers.CheckFinite(role, null, values.Span);
        return this;
    }

    private (string Role, WeightTensor Tensor)[] Matrices() => [("up", UpMatrix), ("gate", GateMatrix), ("down", DownMatrix)];

    private (string Role, ReadOnlyMemory<float> Values)[] Vectors() =>
    [
        ("up bias", UpBias),
        ("gate bias", GateBias),
        ("down bias", DownBias),
        ("attention norm", AttentionNorm),
        ("attention norm bias", AttentionNormBias),
        ("attention output norm", AttentionOutputNorm),
        ("attention output norm bias", AttentionOutputNormBias),
        ("cross-attention norm", CrossAttentionNorm),
        ("cross-attention norm bias", CrossAttentionNormBias),
        ("cross-attention output norm", CrossAttentionOutputNorm),
        ("cross-attention output norm bias", CrossAttentionOutputNormBias),
        ("feed-forward norm", FeedForwardNorm),
        ("feed-forward norm bias", FeedForwardNormBias),
        ("feed-forward output norm", FeedForwardOutputNorm),
        ("feed-forward output norm bias", FeedForwardOutputNormBias),
    ];
}
