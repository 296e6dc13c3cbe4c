namespace AttentionGen;

// Numbers that make a layer slow or its output useless.
public sealed partial class TransformerLayerWeights
{
    /// <summary>
    /// The number of weights that are subnormal: not 0, and smaller than 2⁻¹²⁶. Some processors compute with such numbers many times slower;
    /// <see cref="FlushSubnormals"/> removes them.
    /// </summary>
    public long CountSubnormals() =>
        Attention.CountSubnormals() + (CrossAttention?.CountSubnormals() ?? 0) + Tensors().Sum(tensor => WeightNumbers.CountSubnormals(tensor.Values.Span));

    /// <summary>These weights with 0 in place of every subnormal number, of the same sign. They are the same object if there is none.</summary>
    public TransformerLayerWeights FlushSubnormals() => CountSubnormals() == 0 ? this : new()
    {
        Attention = Attention.FlushSubnormals(),
        CrossAttention = CrossAttention?.FlushSubnormals(),
        CrossAttentionNorm = WeightNumbers.Flush(CrossAttentionNorm.Span),
        CrossAttentionNormBias = WeightNumbers.Flush(CrossAttentionNormBias.Span),
        CrossAttentionOutputNorm = WeightNumbers.Flush(CrossAttentionOutputNorm.Span),
        CrossAttentionOutputNormBias = WeightNumbers.Flush(CrossAttentionOutputNormBias.Span),
        Up = WeightNumbers.Flush(Up.Span),
        UpBias = WeightNumbers.Flush(UpBias.Span),
        Gate = WeightNumbers.Flush(Gate.Span),
        GateBias = WeightNumbers.Flush(GateBias.Span),
        Down = WeightNumbers.Flush(Down.Span),
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
        foreach ((string role, ReadOnlyMemory<float> values) in Tensors())
            WeightNumbers.CheckFinite(role, null, values.Span);
        return this;
    }

    private (string Role, ReadOnlyMemory<float> Values)[] Tensors() =>
    [
        ("up", Up),
        ("up bias", UpBias),
        ("gate", Gate),
        ("gate bias", GateBias),
        ("down", Down),
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
