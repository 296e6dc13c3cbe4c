namespace AttentionGen;

/// <summary>
/// The names and the layout of the weights of one Transformer layer in a file. Start from a preset, or set the names yourself. A bias that the file
/// lacks counts as absent. Every other tensor that is named must be there.
/// </summary>
/// <remarks>
/// A preset refuses a file that has further tensors under the layer's prefix, such as experts, adapters, scales of quantised weights or an attention
/// that they do not name, because they change the result of the layer. It knows the tensors that do not change it. <see cref="Ignored"/> allows more of them.
/// </remarks>
public sealed partial record TransformerTensorNames
{
    /// <summary>The tensors of the attention. Required.</summary>
    public required AttentionTensorNames Attention { get; init; }

    /// <summary>The tensors of the cross-attention between self-attention and feed-forward network; null for a layer without.</summary>
    public AttentionTensorNames? CrossAttention { get; init; }

    /// <summary>The first matrix of the feed-forward network. Required if <see cref="GateUp"/> is not set.</summary>
    public string? Up { get; init; }

    /// <summary>The bias of Up.</summary>
    public string? UpBias { get; init; }

    /// <summary>The matrix of the gate; null for a network without a gate.</summary>
    public string? Gate { get; init; }

    /// <summary>The bias of the gate.</summary>
    public string? GateBias { get; init; }

    /// <summary>
    /// One matrix with the outputs of the gate and then those of Up, as Phi-3 has it. <see cref="Gate"/> and <see cref="Up"/> are not read then.
    /// </summary>
    public string? GateUp { get; init; }

    /// <summary>The last matrix of the feed-forward network. Required.</summary>
    public required string Down { get; init; }

    /// <summary>The bias of Down.</summary>
    public string? DownBias { get; init; }

    /// <summary>The weights of the norm before the attention, or with post-norm of the one after it.</summary>
    public string? AttentionNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? AttentionNormBias { get; init; }

    /// <summary>With norms on both sides, the weights of the one after the attention.</summary>
    public string? AttentionOutputNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? AttentionOutputNormBias { get; init; }

    /// <summary>The weights of the norm before the cross-attention, or with post-norm of the one after it.</summary>
    public string? CrossAttentionNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? CrossAttentionNormBias { get; init; }

    /// <summary>With norms on both sides, the weights of the one after the cross-attention.</summary>
    public string? CrossAttentionOutputNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? CrossAttentionOutputNormBias { get; init; }

    /// <summary>The weights of the norm before the feed-forward network, or with post-norm of the one after it; null for parallel branches.</summary>
    public string? FeedForwardNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? FeedForwardNormBias { get; init; }

    /// <summary>With norms on both sides, the weights of the one after the feed-forward network.</summary>
    public string? FeedForwardOutputNorm { get; init; }

    /// <summary>The biases of that norm.</summary>
    public string? FeedForwardOutputNormBias { get; init; }

    /// <summary>
    /// The number that is added to the weights of all norms around the branches when they are read: 1 for models that store w and multiply by 1 + w,
    /// otherwise 0. The norms of queries and keys have <see cref="AttentionTensorNames.NormOffset"/>.
    /// </summary>
    public float NormOffset { get; init; }

    /// <summary>
    /// Whether the matrices of the feed-forward network are [inputs, outputs], as in GPT-2, instead of [outputs, inputs]. Those of the attention have
    /// <see cref="AttentionTensorNames.IsTransposed"/>.
    /// </summary>
    public bool IsTransposed { get; init; }

    /// <summary>
    /// Further tensors that a file may have. Each entry is a whole name, or the beginning of names followed by <c>*</c>.
    /// They are not read, so list only tensors that do not change the layer's result.
    /// </summary>
    public IReadOnlyList<string> Ignored { get; init; } = [];

    /// <summary>Every name of this layer that is set, those of its attention excepted.</summary>
    internal IEnumerable<string> Own => new[]
    {
        Up, UpWhereGated, UpBias, Gate, GateBias, GateUp, Down, DownBias, AttentionNorm, AttentionNormBias, AttentionOutputNorm, AttentionOutputNormBias,
        CrossAttentionNorm, CrossAttentionNormBias, CrossAttentionOutputNorm, CrossAttentionOutputNormBias, FeedForwardNorm, FeedForwardNormBias,
        FeedForwardOutputNorm, FeedForwardOutputNormBias,
    }.OfType<string>();

    /// <summary>Where tensors are refused that these names do not know; null where none is refused.</summary>
    internal string? Prefix { get; init; }

    /// <summary>What a preset knows under its prefix beside the names, read or not.</summary>
    internal string[] Known { get; init; } = [];

    /// <summary>The name of Up in files that have the gate; null where the file does not decide.</summary>
    internal string? UpWhereGated { get; init; }

    /// <summary>The table of relative positions that all layers share: the tensor to read if the layer has no own one. Then a table must be there.</summary>
    internal string? SharedRelativePositionBias { get; init; }

    /// <summary>Whether a norm may have the older names of its tensors, gamma and beta.</summary>
    internal bool HasOlderNormNames { get; init; }
}
