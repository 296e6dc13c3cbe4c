namespace AttentionGen;

/// <summary>
/// Under which names, and in which layout, a file keeps the weights of one attention block. Start from a preset, or set the names of any other naming:
/// either <see cref="Query"/>, <see cref="Key"/> and <see cref="Value"/>, or all three in <see cref="QueryKeyValue"/>; where a preset names both, what the file has is taken.
/// A bias that the file does not have counts as absent.
/// </summary>
public sealed record AttentionTensorNames
{
    /// <summary>The query matrix.</summary>
    public string? Query { get; init; }

    /// <summary>The key matrix.</summary>
    public string? Key { get; init; }

    /// <summary>The value matrix.</summary>
    public string? Value { get; init; }

    /// <summary>One matrix whose outputs are the query's, then the key's, then the value's.</summary>
    public string? QueryKeyValue { get; init; }

    /// <summary>The output matrix. Required.</summary>
    public required string Output { get; init; }

    /// <summary>The query bias.</summary>
    public string? QueryBias { get; init; }

    /// <summary>The key bias.</summary>
    public string? KeyBias { get; init; }

    /// <summary>The value bias.</summary>
    public string? ValueBias { get; init; }

    /// <summary>One bias for query, key and value, in this order.</summary>
    public string? QueryKeyValueBias { get; init; }

    /// <summary>The output bias.</summary>
    public string? OutputBias { get; init; }

    /// <summary>The weights of the normalisation of queries; read where the file has them, as are all the following.</summary>
    public string? QueryNorm { get; init; }

    /// <summary>The biases of the normalisation of queries.</summary>
    public string? QueryNormBias { get; init; }

    /// <summary>The weights of the normalisation of keys.</summary>
    public string? KeyNorm { get; init; }

    /// <summary>The biases of the normalisation of keys.</summary>
    public string? KeyNormBias { get; init; }

    /// <summary>The logits of the attention sinks.</summary>
    public string? Sinks { get; init; }

    /// <summary>The biases of the relative position buckets, [buckets, heads].</summary>
    public string? RelativePositionBias { get; init; }

    /// <summary>The key that follows the last one.</summary>
    public string? BiasKey { get; init; }

    /// <summary>The value that follows the last one.</summary>
    public string? BiasValue { get; init; }

    /// <summary>Whether matrices are [inputs, outputs], as GPT-2 keeps them, and not [outputs, inputs].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>Tensors that change what the block computes in a way that kernels do not know; a file that has one is refused.</summary>
    internal string[] Unsupported { get; init; } = [];

    /// <summary>PyTorch's <c>nn.MultiheadAttention</c>: <c>in_proj_weight</c>, or <c>q_proj_weight</c> and so on, <c>in_proj_bias</c>, <c>out_proj</c>, and <c>bias_k</c> and <c>bias_v</c> where the file has them.</summary>
    /// <param name="prefix">The module's name in the state dictionary, such as <c>encoder.layers.0.self_attn</c>; empty for none.</param>
    public static AttentionTensorNames PyTorch(string prefix)
    {
        prefix = WithDot(prefix);
        return new AttentionTensorNames
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
        };
    }

    /// <summary>Hugging Face BERT and its relatives: <c>self.query</c>, <c>self.key</c>, <c>self.value</c> and <c>output.dense</c>.</summary>
    /// <param name="prefix">Such as <c>encoder.layer.0.attention</c>; empty for none.</param>
    public static AttentionTensorNames Bert(string prefix)
    {
        prefix = WithDot(prefix);
        return new AttentionTensorNames
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
        };
    }

    /// <summary>Hugging Face Llama, Mistral, Qwen and gpt-oss: <c>q_proj</c>, <c>k_proj</c>, <c>v_proj</c> and <c>o_proj</c>, with biases, norms of queries and keys, and sinks where the file has them. Rotary is half-split.</summary>
    /// <param name="prefix">Such as <c>model.layers.0.self_attn</c>; empty for none.</param>
    public static AttentionTensorNames Llama(string prefix)
    {
        prefix = WithDot(prefix);
        return new AttentionTensorNames
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
            KeyNorm = prefix + "k_norm.weight",
            Sinks = prefix + "sinks",
        };
    }

    /// <summary>Hugging Face GPT-2, whose <c>Conv1D</c> keeps matrices as [inputs, outputs]: <c>c_attn</c> and <c>c_proj</c>.</summary>
    /// <param name="prefix">Such as <c>h.0.attn</c>; empty for none.</param>
    public static AttentionTensorNames Gpt2(string prefix)
    {
        prefix = WithDot(prefix);
        return new AttentionTensorNames
        {
            QueryKeyValue = prefix + "c_attn.weight",
            QueryKeyValueBias = prefix + "c_attn.bias",
            Output = prefix + "c_proj.weight",
            OutputBias = prefix + "c_proj.bias",
            IsTransposed = true,
        };
    }

    /// <summary>Hugging Face T5: <c>q</c>, <c>k</c>, <c>v</c> and <c>o</c> without biases, and <c>relative_attention_bias</c>, which only the first layer has. The scale is 1.</summary>
    /// <param name="prefix">Such as <c>encoder.block.0.layer.0.SelfAttention</c>; empty for none.</param>
    public static AttentionTensorNames T5(string prefix)
    {
        prefix = WithDot(prefix);
        return new AttentionTensorNames
        {
            Query = prefix + "q.weight",
            Key = prefix + "k.weight",
            Value = prefix + "v.weight",
            Output = prefix + "o.weight",
            RelativePositionBias = prefix + "relative_attention_bias.weight",
        };
    }

    private static string WithDot(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        return prefix.Length == 0 || prefix.EndsWith('.') ? prefix : prefix + ".";
    }
}
