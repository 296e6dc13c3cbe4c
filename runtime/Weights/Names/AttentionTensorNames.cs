namespace AttentionGen;

/// <summary>
/// The names and the layout of the weights of one attention block in a file. Start from a preset, or set the names yourself: either
/// <see cref="Query"/>, <see cref="Key"/> and <see cref="Value"/>, or all three in <see cref="QueryKeyValue"/>. If a preset has both, the tensors of
/// the file decide. A bias that the file lacks counts as absent.
/// </summary>
/// <remarks>
/// A preset refuses a file that has further tensors under its prefix, such as adapters, scales of quantised weights or norms of another kind, because
/// they change the result of the block. It knows the tensors that do not change it. <see cref="Ignored"/> allows more of them.
/// </remarks>
public sealed partial record AttentionTensorNames
{
    /// <summary>The query matrix.</summary>
    public string? Query { get; init; }

    /// <summary>The key matrix.</summary>
    public string? Key { get; init; }

    /// <summary>The value matrix.</summary>
    public string? Value { get; init; }

    /// <summary>One matrix with the outputs of query, key and value, in the order of <see cref="QueryKeyValueOrder"/>.</summary>
    public string? QueryKeyValue { get; init; }

    /// <summary>The order of the outputs of <see cref="QueryKeyValue"/> and <see cref="QueryKeyValueBias"/>. The default is by part.</summary>
    public QueryKeyValueOrder QueryKeyValueOrder { get; init; }

    /// <summary>The number of query heads. Only an order by head or by group and <see cref="QueryHoldsGate"/> need it.</summary>
    public int Heads { get; init; }

    /// <summary>The number of key and value heads. Only an order by group needs it.</summary>
    public int KvHeads { get; init; }

    /// <summary>The output matrix. Required.</summary>
    public required string Output { get; init; }

    /// <summary>The query bias.</summary>
    public string? QueryBias { get; init; }

    /// <summary>The key bias.</summary>
    public string? KeyBias { get; init; }

    /// <summary>The value bias.</summary>
    public string? ValueBias { get; init; }

    /// <summary>One bias for query, key and value, in the order of <see cref="QueryKeyValue"/>.</summary>
    public string? QueryKeyValueBias { get; init; }

    /// <summary>The output bias.</summary>
    public string? OutputBias { get; init; }

    /// <summary>
    /// Whether the query matrix holds the query and behind it the output gate of each head, as Qwen3-Next has it, and the query bias too. Needs
    /// <see cref="Heads"/>.
    /// </summary>
    public bool QueryHoldsGate { get; init; }

    /// <summary>The matrix of the output gate, where it is one of its own. It is read if the file has it.</summary>
    public string? OutputGate { get; init; }

    /// <summary>The bias of the output gate.</summary>
    public string? OutputGateBias { get; init; }

    /// <summary>The weights of the normalisation of queries. This tensor and all following ones are read if the file has them.</summary>
    public string? QueryNorm { get; init; }

    /// <summary>The biases of the normalisation of queries.</summary>
    public string? QueryNormBias { get; init; }

    /// <summary>The weights of the normalisation of keys.</summary>
    public string? KeyNorm { get; init; }

    /// <summary>The biases of the normalisation of keys.</summary>
    public string? KeyNormBias { get; init; }

    /// <summary>
    /// The number that is added to the weights of both normalisations when they are read: 1 for models that store w and multiply by 1 + w, otherwise
    /// 0.
    /// </summary>
    public float NormOffset { get; init; }

    /// <summary>The logits of the attention sinks.</summary>
    public string? Sinks { get; init; }

    /// <summary>The biases of the relative position buckets, [buckets, heads].</summary>
    public string? RelativePositionBias { get; init; }

    /// <summary>The key that follows the last one.</summary>
    public string? BiasKey { get; init; }

    /// <summary>The value that follows the last one.</summary>
    public string? BiasValue { get; init; }

    /// <summary>Whether matrices are [inputs, outputs], as in GPT-2, instead of [outputs, inputs].</summary>
    public bool IsTransposed { get; init; }

    /// <summary>
    /// Further tensors that a file may have. Each entry is a whole name, or the beginning of names followed by <c>*</c>.
    /// They are not read, so list only tensors that do not change the block's result.
    /// </summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Every name that is set.</summary>
    internal IEnumerable<string> All => new[]
    {
        Query, Key, Value, QueryKeyValue, Output, QueryBias, KeyBias, ValueBias, QueryKeyValueBias, OutputBias,
        OutputGate, OutputGateBias, QueryNorm, QueryNormBias, KeyNorm, KeyNormBias, Sinks, RelativePositionBias, BiasKey, BiasValue,
    }.OfType<string>();

    /// <summary>Where tensors are refused that these names do not know; null where none is refused.</summary>
    internal string? Prefix { get; init; }

    /// <summary>What a preset knows under its prefix, read or not.</summary>
    internal string[] Known { get; init; } = [];

    /// <summary>Tensors that change what the block computes in a way that kernels do not know; a file that has one is refused.</summary>
    internal string[] Unsupported { get; init; } = [];
}

/// <summary>In which order one matrix holds the outputs of query, key and value.</summary>
public enum QueryKeyValueOrder
{
    /// <summary>All of the query, then all of the key, then all of the value.</summary>
    ByPart,

    /// <summary>Head by head: its query, its key and its value, HeadDim outputs each, as BLOOM and GPT-NeoX have it.</summary>
    ByHead,

    /// <summary>
    /// Key and value head by key and value head: the query heads that share it, then its key, then its value, HeadDim outputs each, as Falcon has it.
    /// </summary>
    ByGroup,
}
