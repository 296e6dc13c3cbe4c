using System.Globalization;

namespace AttentionGen;

// The names of GGUF files.
public sealed partial record TransformerTensorNames
{
    /// <summary>
    /// Llama, Mistral and Qwen in a <see cref="GgufFile"/>: <c>attn_q</c>, <c>attn_k</c>, <c>attn_v</c> and <c>attn_output</c> after <c>attn_norm</c>, and
    /// <c>ffn_gate</c>, <c>ffn_up</c> and <c>ffn_down</c> after <c>ffn_norm</c>, with biases, and norms of queries and keys, if the file has them.
    /// </summary>
    /// <remarks>
    /// The order of rotary pairs depends on <c>general.architecture</c>. <c>llama</c> (Mistral too) has <see cref="RotaryKind.Interleaved"/>: queries and
    /// keys were put into this order when the file was made. <c>qwen2</c>, <c>qwen3</c> and <c>gemma</c> have <see cref="RotaryKind.HalfSplit"/>. A file with
    /// a tensor <c>rope_freqs.weight</c> needs the frequencies of Llama 3.1. Gemma 1 has the same names: its norms multiply by 1 + w, and a GGUF file has
    /// this sum.
    /// </remarks>
    /// <param name="layer">The number of the layer, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layer"/> is negative.</exception>
    public static TransformerTensorNames GgufLlama(int layer)
    {
        string prefix = GgufPrefix(layer);
        var names = new TransformerTensorNames
        {
            Attention = GgufAttention(prefix),
            Gate = prefix + "ffn_gate.weight",
            Up = prefix + "ffn_up.weight",
            Down = prefix + "ffn_down.weight",
            AttentionNorm = prefix + "attn_norm.weight",
            FeedForwardNorm = prefix + "ffn_norm.weight",
        };
        return Preset(prefix, names);
    }

    /// <summary>
    /// Gemma 2 and 3 in a <see cref="GgufFile"/>: the names of <see cref="GgufLlama"/>, with <c>post_attention_norm</c> and <c>post_ffw_norm</c> behind
    /// attention and feed-forward network.
    /// </summary>
    /// <remarks>
    /// Rotary pairs are <see cref="RotaryKind.HalfSplit"/>. Norms have no offset, unlike those of <see cref="Gemma2"/>: the 1 of 1 + w was added when the
    /// file was made.
    /// </remarks>
    /// <param name="layer">The number of the layer, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layer"/> is negative.</exception>
    public static TransformerTensorNames GgufGemma2(int layer)
    {
        string prefix = GgufPrefix(layer);
        return Preset(prefix, GgufLlama(layer) with
        {
            AttentionOutputNorm = prefix + "post_attention_norm.weight", FeedForwardOutputNorm = prefix + "post_ffw_norm.weight",
        });
    }

    /// <summary>
    /// BERT in a <see cref="GgufFile"/>: <c>attn_q</c>, <c>attn_k</c>, <c>attn_v</c> and <c>attn_output</c> before <c>attn_output_norm</c>, and
    /// <c>ffn_up</c> and <c>ffn_down</c> before <c>layer_output_norm</c>, with biases. There is no rotary.
    /// </summary>
    /// <param name="layer">The number of the layer, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layer"/> is negative.</exception>
    public static TransformerTensorNames GgufBert(int layer)
    {
        string prefix = GgufPrefix(layer);
        var names = new TransformerTensorNames
        {
            Attention = GgufAttention(prefix) with { QueryNorm = null, KeyNorm = null },
            Up = prefix + "ffn_up.weight",
            UpBias = prefix + "ffn_up.bias",
            Down = prefix + "ffn_down.weight",
            DownBias = prefix + "ffn_down.bias",
        };
        return Preset(prefix, WithNorms(names, prefix + "attn_output_norm", prefix + "layer_output_norm"));
    }

    private static AttentionTensorNames GgufAttention(string prefix) => Projections(prefix, "attn_q", "attn_k", "attn_v", "attn_output") with
    {
        QueryNorm = prefix + "attn_q_norm.weight",
        KeyNorm = prefix + "attn_k_norm.weight",
    };

    private static string GgufPrefix(int layer)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(layer);
        return string.Create(CultureInfo.InvariantCulture, $"blk.{layer}.");
    }
}
