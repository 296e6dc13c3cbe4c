namespace AttentionGen;

// Presets of language models that are neither Llama's relatives nor GPT-2 itself.
public sealed partial record TransformerTensorNames
{
    /// <summary>
    /// Hugging Face BLOOM: <c>self_attention</c>, fused by head, after <c>input_layernorm</c>, and <c>mlp.dense_h_to_4h</c> and <c>dense_4h_to_h</c> after
    /// <c>post_attention_layernorm</c>. The layer has ALiBi.
    /// </summary>
    /// <param name="prefix">Such as <c>transformer.h.0</c> or <c>h.0</c>; empty for none.</param>
    /// <param name="heads">The number of heads.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is not positive.</exception>
    public static TransformerTensorNames Bloom(string prefix, int heads)
    {
        prefix = WithDot(prefix);
        TransformerTensorNames names = TwoProducts(
            AttentionTensorNames.Bloom(prefix + "self_attention", heads), prefix, "mlp.dense_h_to_4h", "mlp.dense_4h_to_h");
        return Preset(prefix, WithNorms(names, prefix + "input_layernorm", prefix + "post_attention_layernorm"));
    }

    /// <summary>
    /// Hugging Face MPT: <c>attn.Wqkv</c> and <c>out_proj</c> after <c>norm_1</c>, <c>ffn.up_proj</c> and <c>down_proj</c> after <c>norm_2</c>. The layer has
    /// ALiBi and no biases.
    /// </summary>
    /// <param name="prefix">Such as <c>transformer.blocks.0</c>; empty for none.</param>
    public static TransformerTensorNames Mpt(string prefix)
    {
        prefix = WithDot(prefix);
        TransformerTensorNames names = TwoProducts(Fused(prefix, "attn.Wqkv", "attn.out_proj"), prefix, "ffn.up_proj", "ffn.down_proj");
        return Preset(prefix, WithNorms(names, prefix + "norm_1", prefix + "norm_2"));
    }

    /// <summary>
    /// Hugging Face StarCoder (<c>gpt_bigcode</c>) with one KV head: the names of <see cref="Gpt2"/>, with matrices [outputs, inputs].
    /// </summary>
    /// <param name="prefix">Such as <c>transformer.h.0</c>; empty for none.</param>
    public static TransformerTensorNames StarCoder(string prefix)
    {
        TransformerTensorNames names = Gpt2(prefix);
        return names with { IsTransposed = false, Attention = names.Attention with { IsTransposed = false } };
    }

    /// <summary>
    /// Hugging Face StarCoder 2: the attention of <see cref="Llama"/> after <c>input_layernorm</c>, and <c>mlp.c_fc</c> and <c>c_proj</c> after
    /// <c>post_attention_layernorm</c>, all with biases.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames StarCoder2(string prefix)
    {
        prefix = WithDot(prefix);
        TransformerTensorNames names = TwoProducts(AttentionTensorNames.Llama(prefix + "self_attn"), prefix, "mlp.c_fc", "mlp.c_proj");
        return Preset(prefix, WithNorms(names, prefix + "input_layernorm", prefix + "post_attention_layernorm"));
    }

    /// <summary>One matrix for query, key and value, part by part, and one behind the heads, with biases if the file has them.</summary>
    private static AttentionTensorNames Fused(string prefix, string queryKeyValue, string output) => new()
    {
        QueryKeyValue = $"{prefix}{queryKeyValue}.weight",
        QueryKeyValueBias = $"{prefix}{queryKeyValue}.bias",
        Output = $"{prefix}{output}.weight",
        OutputBias = $"{prefix}{output}.bias",
    };
}
