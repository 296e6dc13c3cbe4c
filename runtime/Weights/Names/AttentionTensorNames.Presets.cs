namespace AttentionGen;

public sealed partial record AttentionTensorNames
{
    /// <summary>
    /// PyTorch's <c>nn.MultiheadAttention</c>: <c>in_proj_weight</c>, or where it has a <c>kdim</c> or <c>vdim</c> <c>q_proj_weight</c>, <c>k_proj_weight</c>
    /// and <c>v_proj_weight</c>, <c>in_proj_bias</c>, <c>out_proj</c>, and <c>bias_k</c> and <c>bias_v</c> if the file has them.
    /// </summary>
    /// <param name="prefix">The module's name in the state dictionary, such as <c>encoder.layers.0.self_attn</c>; empty for none.</param>
    public static AttentionTensorNames PyTorch(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, [], new AttentionTensorNames
        {
            QueryKeyValue = prefix + "in_proj_weight",
            Query = prefix + "q_proj_weight",
            Key = prefix + "k_proj_weight",
            Value = prefix + "v_proj_weight",
            QueryKeyValueBias = prefix + "in_proj_bias",
            Output = prefix + "out_proj.weight",
            OutputBias = prefix + "out_proj.bias",
            BiasKey = prefix + "bias_k",
            BiasValue = prefix + "bias_v",
        });
    }

    /// <summary>
    /// Hugging Face BERT and its relatives: <c>self.query</c>, <c>self.key</c>, <c>self.value</c> and <c>output.dense</c>. The norm after the block,
    /// <c>output.LayerNorm</c>, is not part of it.
    /// </summary>
    /// <param name="prefix">Such as <c>encoder.layer.0.attention</c>; empty for none.</param>
    public static AttentionTensorNames Bert(string prefix)
    {
        prefix = WithDot(prefix);
        string[] normBehind = ["output.LayerNorm.weight", "output.LayerNorm.bias", "output.LayerNorm.gamma", "output.LayerNorm.beta"];
        return Preset(prefix, normBehind, new AttentionTensorNames
        {
            Query = prefix + "self.query.weight",
            Key = prefix + "self.key.weight",
            Value = prefix + "self.value.weight",
            Output = prefix + "output.dense.weight",
            QueryBias = prefix + "self.query.bias",
            KeyBias = prefix + "self.key.bias",
            ValueBias = prefix + "self.value.bias",
            OutputBias = prefix + "output.dense.bias",
            Unsupported = [prefix + "self.distance_embedding.weight"],
        });
    }

    /// <summary>
    /// Hugging Face Llama, Mistral, Qwen, gpt-oss, OLMo 2 and Command R: <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c> and <c>o_proj</c>, with biases, norms of
    /// queries and keys (<see cref="QueryKeyNormScope"/>), and sinks if the file has them. Rotary is half-split, in Command R interleaved. Use
    /// <see cref="Gemma"/> for Gemma, which stores its norms differently.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0.self_attn</c>; empty for none.</param>
    public static AttentionTensorNames Llama(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, [], new AttentionTensorNames
        {
            Query = prefix + "q_proj.weight",
            Key = prefix + "k_proj.weight",
            Value = prefix + "v_proj.weight",
            Output = prefix + "o_proj.weight",
            QueryBias = prefix + "q_proj.bias",
            KeyBias = prefix + "k_proj.bias",
            ValueBias = prefix + "v_proj.bias",
            OutputBias = prefix + "o_proj.bias",
            QueryNorm = prefix + "q_norm.weight",
            QueryNormBias = prefix + "q_norm.bias",
            KeyNorm = prefix + "k_norm.weight",
            KeyNormBias = prefix + "k_norm.bias",
            Sinks = prefix + "sinks",
        });
    }

    /// <summary>Hugging Face Gemma: the names of <see cref="Llama"/>. The norms of queries and keys store w and multiply by 1 + w.</summary>
    /// <param name="prefix">Such as <c>model.layers.0.self_attn</c>; empty for none.</param>
    public static AttentionTensorNames Gemma(string prefix) => Llama(prefix) with { NormOffset = 1 };

    /// <summary>
    /// The attention of Hugging Face's Qwen3-Next: the names of <see cref="Llama"/>. <c>q_proj</c> holds the query and the output gate of each head, and the
    /// norms store w and multiply by 1 + w.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.3.self_attn</c>; empty for none.</param>
    /// <param name="heads">The number of query heads.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is not positive.</exception>
    public static AttentionTensorNames Qwen3Next(string prefix, int heads)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        return Gemma(prefix) with { QueryHoldsGate = true, Heads = heads };
    }

    /// <summary>Hugging Face GPT-2, whose <c>Conv1D</c> stores matrices as [inputs, outputs]: <c>c_attn</c> and <c>c_proj</c>.</summary>
    /// <param name="prefix">Such as <c>h.0.attn</c>; empty for none.</param>
    public static AttentionTensorNames Gpt2(string prefix)
    {
        prefix = WithDot(prefix);
        return Preset(prefix, ["bias"], new AttentionTensorNames
        {
            QueryKeyValue = prefix + "c_attn.weight",
            QueryKeyValueBias = prefix + "c_attn.bias",
            Output = prefix + "c_proj.weight",
            OutputBias = prefix + "c_proj.bias",
            IsTransposed = true,
        });
    }

    /// <summary>
    /// Hugging Face T5: <c>q</c>, <c>k</c>, <c>v</c> and <c>o</c> without biases, and <c>relative_attention_bias</c>, which only the first layer has.
    /// The scale is 1.
    /// </summary>
    /// <remarks>
    /// Some files also have a table of biases in the first cross-attention. The model does not use it, so it is not read under a prefix that ends in
    /// <c>EncDecAttention</c>.
    /// </remarks>
    /// <param name="prefix">Such as <c>encoder.block.0.layer.0.SelfAttention</c> or <c>decoder.block.0.layer.1.EncDecAttention</c>; empty for none.</param>
    public static AttentionTensorNames T5(string prefix)
    {
        prefix = WithDot(prefix);
        string table = prefix + "relative_attention_bias.weight";
        return Preset(prefix, ["relative_attention_bias.weight"], new AttentionTensorNames
        {
            Query = prefix + "q.weight",
            Key = prefix + "k.weight",
            Value = prefix + "v.weight",
            Output = prefix + "o.weight",
            RelativePositionBias = prefix.EndsWith("EncDecAttention.", StringComparison.Ordinal) ? null : table,
        });
    }

    /// <summary>Hugging Face BLOOM: <c>query_key_value</c>, by head, and <c>dense</c>, with biases. The bias of the scores is ALiBi.</summary>
    /// <param name="prefix">Such as <c>h.0.self_attention</c>; empty for none.</param>
    /// <param name="heads">The number of heads.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is not positive.</exception>
    public static AttentionTensorNames Bloom(string prefix, int heads) => Fused(prefix, [], QueryKeyValueOrder.ByHead, heads, heads);

    /// <summary>Hugging Face GPT-NeoX and Pythia: <c>query_key_value</c>, by head, and <c>dense</c>, with biases. Rotary is half-split.</summary>
    /// <param name="prefix">Such as <c>gpt_neox.layers.0.attention</c>; empty for none.</param>
    /// <param name="heads">The number of heads.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="heads"/> is not positive.</exception>
    public static AttentionTensorNames GptNeoX(string prefix, int heads) =>
        Fused(prefix, ["bias"], QueryKeyValueOrder.ByHead, heads, heads);

    /// <summary>Hugging Face Falcon: <c>query_key_value</c>, by group, and <c>dense</c>, with biases if the file has them.</summary>
    /// <param name="prefix">Such as <c>transformer.h.0.self_attention</c>; empty for none.</param>
    /// <param name="heads">The number of query heads.</param>
    /// <param name="kvHeads">The number of key and value heads: 1 for Falcon 7B, the number of query heads for Falcon RW.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// A number is not positive, or <paramref name="kvHeads"/> does not divide <paramref name="heads"/>.
    /// </exception>
    public static AttentionTensorNames Falcon(string prefix, int heads, int kvHeads) =>
        Fused(prefix, ["maybe_rotary.inv_freq"], QueryKeyValueOrder.ByGroup, heads, kvHeads);

    private static AttentionTensorNames Fused(string prefix, string[] harmless, QueryKeyValueOrder order, int heads, int kvHeads)
    {
        prefix = WithDot(prefix);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(heads);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(kvHeads);
        if (heads % kvHeads != 0)
            throw new ArgumentOutOfRangeException(nameof(kvHeads), kvHeads, $"kvHeads is {kvHeads}; expected a divisor of heads, {heads}.");
        return Preset(prefix, harmless, new AttentionTensorNames
        {
            QueryKeyValue = prefix + "query_key_value.weight",
            QueryKeyValueBias = prefix + "query_key_value.bias",
            Output = prefix + "dense.weight",
            OutputBias = prefix + "dense.bias",
            QueryKeyValueOrder = order,
            Heads = heads,
            KvHeads = kvHeads,
        });
    }

    /// <summary>
    /// Names that refuse unknown tensors, except these ones and the tables that libraries store beside weights, which do not change the result.
    /// </summary>
    private static AttentionTensorNames Preset(string prefix, string[] harmless, AttentionTensorNames names)
    {
        string[] tables = ["rotary_emb.inv_freq", "position_ids", "masked_bias"];
        return names with { Prefix = prefix, Known = [.. names.All, .. harmless.Concat(tables).Select(name => prefix + name)] };
    }

    private static string WithDot(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return prefix.Length == 0 || prefix.EndsWith('.') ? prefix : prefix + ".";
    }
}
