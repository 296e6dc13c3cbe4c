namespace AttentionGen;

/// <summary>
/// The names of the tensors of a block of latent attention in a file, each with its prefix. All matrices are [outputs, inputs]. A tensor that the file lacks
/// counts as absent if a block may do without it.
/// </summary>
public sealed record LatentTensorNames
{
    /// <summary>The matrix that gives the latent vector of queries, or null for none.</summary>
    public string? QueryDown { get; init; }

    /// <summary>Its bias.</summary>
    public string? QueryDownBias { get; init; }

    /// <summary>The weights of the norm of the latent vector of queries.</summary>
    public string? QueryNorm { get; init; }

    /// <summary>The matrix that gives the queries of all heads from their latent vector.</summary>
    public required string QueryUp { get; init; }

    /// <summary>The matrix that gives the queries of all heads from the input, in a file without <see cref="QueryDown"/>.</summary>
    public string? Query { get; init; }

    /// <summary>The matrix that gives the latent vector of keys and values, and behind it the key that is rotated.</summary>
    public required string KeyValueDown { get; init; }

    /// <summary>Its bias.</summary>
    public string? KeyValueDownBias { get; init; }

    /// <summary>The weights of the norm of the latent vector of keys and values.</summary>
    public required string KeyValueNorm { get; init; }

    /// <summary>The matrix that gives, head by head, the unrotated part of a key and a value.</summary>
    public required string KeyValueUp { get; init; }

    /// <summary>The output matrix.</summary>
    public required string Output { get; init; }

    /// <summary>Its bias.</summary>
    public string? OutputBias { get; init; }

    /// <summary>What all names of the block begin with. Other tensors with this prefix are refused. Null for no check.</summary>
    public string? Prefix { get; init; }

    /// <summary>
    /// Hugging Face DeepSeek V2 and V3, Kimi K2 and MiniCPM 3: <c>q_a_proj</c>, <c>q_a_layernorm</c> and <c>q_b_proj</c>, or <c>q_proj</c>;
    /// <c>kv_a_proj_with_mqa</c>, <c>kv_a_layernorm</c>, <c>kv_b_proj</c> and <c>o_proj</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.0.self_attn</c>; empty for none.</param>
    public static LatentTensorNames DeepSeek(string prefix)
    {
        ArgumentNullException.ThrowIfNull(prefix);
        prefix = prefix.Length == 0 || prefix.EndsWith('.') ? prefix : prefix + ".";
        return new LatentTensorNames
        {
            QueryDown = prefix + "q_a_proj.weight",
            QueryDownBias = prefix + "q_a_proj.bias",
            QueryNorm = prefix + "q_a_layernorm.weight",
            QueryUp = prefix + "q_b_proj.weight",
            Query = prefix + "q_proj.weight",
            KeyValueDown = prefix + "kv_a_proj_with_mqa.weight",
            KeyValueDownBias = prefix + "kv_a_proj_with_mqa.bias",
            KeyValueNorm = prefix + "kv_a_layernorm.weight",
            KeyValueUp = prefix + "kv_b_proj.weight",
            Output = prefix + "o_proj.weight",
            OutputBias = prefix + "o_proj.bias",
            Prefix = prefix.Length == 0 ? null : prefix,
        };
    }

    internal IEnumerable<string?> All =>
    [
        QueryDown, QueryDownBias, QueryNorm, QueryUp, Query, KeyValueDown, KeyValueDownBias, KeyValueNorm, KeyValueUp, Output, OutputBias,
    ];
}
