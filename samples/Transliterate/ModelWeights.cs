namespace AttentionGen.Samples.Transliterate;

/// <summary>The weights of layers in a CTranslate2 file, whose projections are fused.</summary>
public static class ModelWeights
{
    /// <summary>A layer of the encoder.</summary>
    /// <param name="file">The model.</param>
    /// <param name="prefix">Such as <c>encoder/layer_0</c>.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    public static TransformerLayerWeights Encoder(CTranslate2File file, string prefix) =>
        Layer(file, prefix, EncoderLayer.DModel, EncoderLayer.FeedForwardDim, hasMemory: false);

    /// <summary>A layer of the decoder.</summary>
    /// <param name="file">The model.</param>
    /// <param name="prefix">Such as <c>decoder/layer_0</c>.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    public static TransformerLayerWeights Decoder(CTranslate2File file, string prefix) =>
        Layer(file, prefix, DecoderLayer.DModel, DecoderLayer.FeedForwardDim, hasMemory: true);

    /// <summary>A norm outside of the layers.</summary>
    /// <param name="file">The model.</param>
    /// <param name="prefix">Such as <c>encoder/layer_norm</c>.</param>
    /// <param name="width">DModel.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    public static RowNormalization Normalization(CTranslate2File file, string prefix, int width)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new(Norm.Layer, file.Get($"{prefix}/gamma", width), file.Get($"{prefix}/beta", width), DecoderLayer.Shape.NormEpsilon);
    }

    private static TransformerLayerWeights Layer(CTranslate2File file, string prefix, int width, int inner, bool hasMemory)
    {
        ArgumentNullException.ThrowIfNull(file);
        return new()
        {
            Attention = Self(file, $"{prefix}/self_attention", width),
            AttentionNorm = file.Get($"{prefix}/self_attention/layer_norm/gamma", width),
            AttentionNormBias = file.Get($"{prefix}/self_attention/layer_norm/beta", width),
            CrossAttention = hasMemory ? Cross(file, $"{prefix}/attention", width) : null,
            CrossAttentionNorm = hasMemory ? file.Get($"{prefix}/attention/layer_norm/gamma", width) : default(ReadOnlyMemory<float>),
            CrossAttentionNormBias = hasMemory ? file.Get($"{prefix}/attention/layer_norm/beta", width) : default(ReadOnlyMemory<float>),
            FeedForwardNorm = file.Get($"{prefix}/ffn/layer_norm/gamma", width),
            FeedForwardNormBias = file.Get($"{prefix}/ffn/layer_norm/beta", width),
            Up = file.Get($"{prefix}/ffn/linear_0/weight", inner, width),
            UpBias = file.Get($"{prefix}/ffn/linear_0/bias", inner),
            Down = file.Get($"{prefix}/ffn/linear_1/weight", width, inner),
            DownBias = file.Get($"{prefix}/ffn/linear_1/bias", width),
        };
    }

    /// <summary>Self-attention: queries, keys and values in one matrix [3 · width, width].</summary>
    /// <param name="file">The model.</param>
    /// <param name="prefix">Such as <c>encoder/layer_0/self_attention</c>.</param>
    /// <param name="width">DModel.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    public static AttentionWeights Self(CTranslate2File file, string prefix, int width)
    {
        ArgumentNullException.ThrowIfNull(file);
        ReadOnlySpan<float> weight = file.Get($"{prefix}/linear_0/weight", 3 * width, width);
        ReadOnlySpan<float> bias = file.Get($"{prefix}/linear_0/bias", 3 * width);
        int matrix = width * width;
        return AttentionWeights.FromSpans(
            weight[..matrix], weight[matrix..(2 * matrix)], weight[(2 * matrix)..], file.Get($"{prefix}/linear_1/weight", width, width),
            bias[..width], bias[width..(2 * width)], bias[(2 * width)..], file.Get($"{prefix}/linear_1/bias", width));
    }

    /// <summary>Cross-attention: queries on their own, keys and values in one matrix [2 · width, width].</summary>
    /// <param name="file">The model.</param>
    /// <param name="prefix">Such as <c>decoder/layer_0/attention</c>.</param>
    /// <param name="width">DModel, and the width of the memory.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    public static AttentionWeights Cross(CTranslate2File file, string prefix, int width)
    {
        ArgumentNullException.ThrowIfNull(file);
        ReadOnlySpan<float> weight = file.Get($"{prefix}/linear_1/weight", 2 * width, width);
        ReadOnlySpan<float> bias = file.Get($"{prefix}/linear_1/bias", 2 * width);
        int matrix = width * width;
        return AttentionWeights.FromSpans(
            file.Get($"{prefix}/linear_0/weight", width, width), weight[..matrix], weight[matrix..], file.Get($"{prefix}/linear_2/weight", width, width),
            file.Get($"{prefix}/linear_0/bias", width), bias[..width], bias[width..], file.Get($"{prefix}/linear_2/bias", width));
    }
}
