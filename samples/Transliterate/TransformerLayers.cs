using System.Numerics.Tensors;

namespace AttentionGen.Samples.Transliterate;

/// <summary>What a decoder remembers of one word: keys and values of what it wrote, and of the source.</summary>
public sealed class DecoderState
{
    internal DecoderState(AttentionCache[] selfCaches, AttentionCache[] memoryCaches)
    {
        SelfCaches = selfCaches;
        MemoryCaches = memoryCaches;
    }

    internal AttentionCache[] SelfCaches { get; }

    internal AttentionCache[] MemoryCaches { get; }

    /// <summary>Characters read so far.</summary>
    public int Position { get; internal set; }
}

/// <summary>Self-attention and a feed-forward network, each added to the state it reads.</summary>
internal sealed class EncoderLayer(CTranslate2File file, string prefix, int width)
{
    private readonly Norm norm = new(file, $"{prefix}/self_attention/layer_norm", width);
    private readonly EncoderAttention attention = new(ModelAttention.Self(file, $"{prefix}/self_attention", width));
    private readonly FeedForward feedForward = new(file, $"{prefix}/ffn", width);

    public void Run(float[] state)
    {
        var normed = new float[state.Length];
        var attended = new float[state.Length];
        norm.Apply(state, normed);
        attention.Forward(normed, attended);
        TensorPrimitives.Add(state, attended, state);
        feedForward.AddTo(state);
    }
}

/// <summary>Causal self-attention, cross-attention to the source, and a feed-forward network.</summary>
internal sealed class DecoderLayer(CTranslate2File file, string prefix, int width)
{
    private readonly Norm selfNorm = new(file, $"{prefix}/self_attention/layer_norm", width);
    private readonly Norm crossNorm = new(file, $"{prefix}/attention/layer_norm", width);
    private readonly FeedForward feedForward = new(file, $"{prefix}/ffn", width);

    public DecoderAttention SelfAttention { get; } = new(ModelAttention.Self(file, $"{prefix}/self_attention", width));

    public CrossAttention CrossAttention { get; } = new(ModelAttention.Cross(file, $"{prefix}/attention", width));

    public void Run(float[] state, AttentionCache selfCache, AttentionCache memoryCache)
    {
        var normed = new float[state.Length];
        var attended = new float[state.Length];
        selfNorm.Apply(state, normed);
        SelfAttention.Forward(normed, attended, selfCache);
        TensorPrimitives.Add(state, attended, state);

        crossNorm.Apply(state, normed);
        CrossAttention.Forward(normed, attended, memoryCache);
        TensorPrimitives.Add(state, attended, state);
        feedForward.AddTo(state);
    }
}

/// <summary>Takes apart the fused projections of a CTranslate2 file.</summary>
public static class ModelAttention
{
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
