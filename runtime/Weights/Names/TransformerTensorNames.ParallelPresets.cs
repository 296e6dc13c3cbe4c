namespace AttentionGen;

// Presets of models whose branches are parallel.
public sealed partial record TransformerTensorNames
{
    /// <summary>
    /// Hugging Face GPT-NeoX and Pythia, for a layer with <c>ParallelBranches</c> and <c>ParallelNorms</c>: <c>attention</c> after <c>input_layernorm</c>, and
    /// <c>mlp.dense_h_to_4h</c> and <c>dense_4h_to_h</c> after <c>post_attention_layernorm</c>. Models with <c>use_parallel_residual = false</c> have the same
    /// names, and branches one after another.
    /// </summary>
    /// <param name="prefix">Such as <c>gpt_neox.layers.0</c>; empty for none.</param>
    /// <param name="heads">The number of heads: the projections are fused by head.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is not positive.</exception>
    public static TransformerTensorNames GptNeoX(string prefix, int heads)
    {
        prefix = WithDot(prefix);
        TransformerTensorNames names = TwoProducts(AttentionTensorNames.GptNeoX(prefix + "attention", heads), prefix, "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
        return Preset(prefix, WithNorms(names, prefix + "input_layernorm", prefix + "post_attention_layernorm"));
    }

    /// <summary>
    /// Hugging Face GPT-J, for a layer with <c>ParallelBranches</c> and no biases of the attention: <c>attn.q_proj</c>, <c>k_proj</c>, <c>v_proj</c> and
    /// <c>out_proj</c>, <c>mlp.fc_in</c> and <c>fc_out</c>, both after <c>ln_1</c>. Rotary is interleaved, over a part of the head.
    /// </summary>
    /// <param name="prefix">Such as <c>transformer.h.0</c>; empty for none.</param>
    public static TransformerTensorNames GptJ(string prefix)
    {
        prefix = WithDot(prefix);
        AttentionTensorNames attention = Projections(prefix + "attn.", "q_proj", "k_proj", "v_proj", "out_proj");
        TransformerTensorNames names = WithOneNorm(TwoProducts(attention, prefix, "mlp.fc_in", "mlp.fc_out"), prefix + "ln_1");
        return Preset(prefix, names with { Known = [prefix + "attn.bias", prefix + "attn.masked_bias"] });
    }

    /// <summary>
    /// Hugging Face Phi-1, Phi-1.5 and Phi-2, for a layer with <c>ParallelBranches</c>: <c>self_attn.q_proj</c>, <c>k_proj</c>, <c>v_proj</c> and
    /// <c>dense</c>, <c>mlp.fc1</c> and <c>fc2</c>, both after <c>input_layernorm</c>. Use <see cref="Phi3"/> for Phi-3 and Phi-4, whose branches follow each
    /// other.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Phi(string prefix)
    {
        prefix = WithDot(prefix);
        AttentionTensorNames attention = Projections(prefix + "self_attn.", "q_proj", "k_proj", "v_proj", "dense");
        return Preset(prefix, WithOneNorm(TwoProducts(attention, prefix, "mlp.fc1", "mlp.fc2"), prefix + "input_layernorm"));
    }

    /// <summary>
    /// Hugging Face Falcon: <c>self_attention</c>, fused by group, and <c>mlp.dense_h_to_4h</c> and <c>dense_4h_to_h</c>. Its norms have other names in each
    /// of its generations: <c>input_layernorm</c> alone for Falcon 7B, <c>ln_attn</c> and <c>ln_mlp</c> for Falcon 40B and 180B, <c>input_layernorm</c> and
    /// <c>post_attention_layernorm</c> for Falcon RW.
    /// </summary>
    /// <param name="prefix">Such as <c>transformer.h.0</c>; empty for none.</param>
    /// <param name="heads">The number of query heads.</param>
    /// <param name="kvHeads">The number of key and value heads: 1 for Falcon 7B, the number of query heads for Falcon RW.</param>
    /// <param name="attentionNorm">The norm before the attention.</param>
    /// <param name="feedForwardNorm">The norm before the feed-forward network; null for branches that share one.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is not positive, or <paramref name="kvHeads"/> does not divide <paramref name="heads"/>.
    /// </exception>
    public static TransformerTensorNames Falcon(string prefix, int heads, int kvHeads, string attentionNorm, string? feedForwardNorm = null)
    {
        ArgumentNullException.ThrowIfNull(attentionNorm);
        prefix = WithDot(prefix);
        AttentionTensorNames attention = AttentionTensorNames.Falcon(prefix + "self_attention", heads, kvHeads);
        TransformerTensorNames names = TwoProducts(attention, prefix, "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
        return Preset(prefix, feedForwardNorm is null
            ? WithOneNorm(names, prefix + attentionNorm)
            : WithNorms(names, prefix + attentionNorm, prefix + feedForwardNorm));
    }

    private static TransformerTensorNames TwoProducts(AttentionTensorNames attention, string prefix, string up, string down) => new()
    {
        Attention = attention,
        Up = $"{prefix}{up}.weight",
        UpBias = $"{prefix}{up}.bias",
        Down = $"{prefix}{down}.weight",
        DownBias = $"{prefix}{down}.bias",
    };

    private static TransformerTensorNames WithOneNorm(TransformerTensorNames names, string norm) =>
        names with { AttentionNorm = norm + ".weight", AttentionNormBias = norm + ".bias" };
}
