using AttentionGen.CompilerServices;

namespace AttentionGen;

public sealed partial class TransformerLayerWeights
{
    /// <summary>
    /// Adds these weights to a file, as <see cref="From"/> with the same names reads them. Numbers are kept to the bit, but for norms with a
    /// <see cref="TransformerTensorNames.NormOffset"/>, which is subtracted.
    /// </summary>
    /// <param name="builder">The file. What is not rearranged is not copied, so weights must not change until the file is written.</param>
    /// <param name="names">The names of the tensors, and their layout.</param>
    /// <param name="shape">The shape of the layer.</param>
    /// <exception cref="ArgumentException">The weights are for another shape, or a tensor has no name or one that is taken.</exception>
    public void AddTo(SafetensorsBuilder builder, TransformerTensorNames names, TransformerLayerShape shape)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.ValidateWeights(shape, this);
        Attention.AddTo(builder, names.Attention, shape.Attention);
        if (CrossAttention is not null)
        {
            if (names.CrossAttention is null)
                throw new ArgumentException("names.CrossAttention is null; expected the names of the cross-attention's tensors.", nameof(names));
            CrossAttention.AddTo(builder, names.CrossAttention, shape.CrossAttention!);
        }

        var writer = new WeightWriter(builder, names.IsTransposed);
        if (names.GateUp is not null)
        {
            writer.AddMatrix(names.GateUp, "gate and up", (float[])[.. Gate.Span, .. Up.Span], 2 * shape.FeedForwardDim);
        }
        else
        {
            writer.AddMatrix(names.Gate, "gate", Gate, shape.FeedForwardDim);
            writer.AddMatrix(shape.Gated ? names.UpWhereGated ?? names.Up : names.Up, "up", Up, shape.FeedForwardDim);
        }

        writer.AddMatrix(names.Down, "down", Down, shape.DModel);
        writer.AddVector(names.UpBias, "up bias", UpBias);
        writer.AddVector(names.GateBias, "gate bias", GateBias);
        writer.AddVector(names.DownBias, "down bias", DownBias);
        AddNorm(names.AttentionNorm, names.AttentionNormBias, "attention norm", AttentionNorm, AttentionNormBias);
        AddNorm(names.AttentionOutputNorm, names.AttentionOutputNormBias, "attention output norm", AttentionOutputNorm, AttentionOutputNormBias);
        AddNorm(names.CrossAttentionNorm, names.CrossAttentionNormBias, "cross-attention norm", CrossAttentionNorm, CrossAttentionNormBias);
        AddNorm(
            names.CrossAttentionOutputNorm, names.CrossAttentionOutputNormBias, "cross-attention output norm", CrossAttentionOutputNorm,
            CrossAttentionOutputNormBias);
        AddNorm(names.FeedForwardNorm, names.FeedForwardNormBias, "feed-forward norm", FeedForwardNorm, FeedForwardNormBias);
        AddNorm(
            names.FeedForwardOutputNorm, names.FeedForwardOutputNormBias, "feed-forward output norm", FeedForwardOutputNorm, FeedForwardOutputNormBias);

        void AddNorm(string? name, string? biasName, string role, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias)
        {
            writer.AddVector(name, role, weight, names.NormOffset);
            writer.AddVector(biasName, $"{role} bias", bias);
        }
    }
}
