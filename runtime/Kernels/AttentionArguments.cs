namespace AttentionGen;

/// <summary>The arguments of one call of a kernel; see <see cref="IAttentionKernel{TSelf}.Forward(in AttentionArguments)"/>.</summary>
/// <remarks>
/// In a ragged batch, [batch, rows, …] means [total rows, …]. Masks and probabilities, which also have an axis of keys, are the arrays of all
/// sequences, one after the other. Each array has the sequence's own numbers of rows and keys.
/// </remarks>
public readonly ref struct AttentionArguments
{
    /// <summary>Creates arguments with one sequence and default options.</summary>
    public AttentionArguments() => Batch = 1;

    /// <summary>[batch, rows, DModel]; without projections the queries, in the layout of the kernel.</summary>
    public ReadOnlySpan<float> Input { get; init; }

    /// <summary>Without projections: the new keys, [batch, keys, KvHeads · HeadDim] or [batch, KvHeads, keys, HeadDim].</summary>
    public ReadOnlySpan<float> Key { get; init; }

    /// <summary>Without projections: the new values, [batch, keys, KvHeads · ValueHeadDim] or [batch, KvHeads, keys, ValueHeadDim].</summary>
    public ReadOnlySpan<float> Value { get; init; }

    /// <summary>
    /// [batch, memory rows, MemoryDim]; for cross-attention and for layers of a decoder only, and empty if the memory is in <see cref="Cache"/>.
    /// </summary>
    public ReadOnlySpan<float> Memory { get; init; }

    /// <summary>
    /// [batch, memory rows, ValueInputDim]: what cross-attention projects its values from; declared by <see cref="AttentionConfigAttribute.ValueInputDim"/>,
    /// and empty if the memory is in <see cref="Cache"/>.
    /// </summary>
    public ReadOnlySpan<float> ValueInput { get; init; }

    /// <summary>
    /// [batch, rows, DModel]; without an output projection the heads, [batch, rows, Heads · ValueHeadDim] or [batch, Heads, rows, ValueHeadDim].
    /// </summary>
    public Span<float> Output { get; init; }

    /// <summary>
    /// The cache that self-attention appends to, or that holds the projected memory of cross-attention; null for a call without a cache. That of a layer
    /// of a decoder does both.
    /// </summary>
    public AttentionCache? Cache { get; init; }

    /// <summary>[batch + 1]: the first row of each sequence, and the end of the last one; declared by <see cref="AttentionConfigAttribute.Ragged"/>.</summary>
    public ReadOnlySpan<int> RowOffsets { get; init; }

    /// <summary>
    /// [batch + 1]: the same for memory rows of cross-attention, and for new keys without projections; empty for self-attention, and if the memory is
    /// in <see cref="Cache"/>.
    /// </summary>
    public ReadOnlySpan<int> KeyOffsets { get; init; }

    /// <summary>[batch]: the first visible key of each sequence; declared by <see cref="AttentionConfigAttribute.KeyStarts"/>.</summary>
    public ReadOnlySpan<int> KeyStarts { get; init; }

    /// <summary>[batch]: the number of visible keys of each sequence; declared by <see cref="AttentionConfigAttribute.KeyLengths"/>.</summary>
    public ReadOnlySpan<int> KeyLengths { get; init; }

    /// <summary>
    /// [batch]: the number of memory rows of each sequence that the cross-attention of a layer sees; declared by
    /// <see cref="TransformerLayerConfigAttribute.MemoryLengths"/>.
    /// </summary>
    public ReadOnlySpan<int> MemoryLengths { get; init; }

    /// <summary>[batch]: the number of keys of each sequence that every query sees; declared by <see cref="AttentionConfigAttribute.PrefixLengths"/>.</summary>
    public ReadOnlySpan<int> PrefixLengths { get; init; }

    /// <summary>
    /// [batch, keys], cached keys included: the document of each position. The positions of one document are neighbours. Declared by
    /// <see cref="AttentionConfigAttribute.Documents"/>.
    /// </summary>
    public ReadOnlySpan<int> Documents { get; init; }

    /// <summary>[batch + 1]: where the documents of each sequence of a ragged batch begin. The call works them out.</summary>
    internal Span<int> DocumentOffsets { get; init; }

    /// <summary>
    /// [batch, rows], or with <see cref="AttentionConfigAttribute.RotarySections"/> [batch, rows, axes]: rotary positions, 0 or more; declared by
    /// <see cref="AttentionConfigAttribute.Positions"/>.
    /// </summary>
    public ReadOnlySpan<int> Positions { get; init; }

    /// <summary>
    /// [positions, RotaryDim/2], the same for all sequences: the cosine of each rotated pair at each position; declared by
    /// <see cref="AttentionConfigAttribute.RotaryTables"/>.
    /// </summary>
    public ReadOnlySpan<float> Cosines { get; init; }

    /// <summary>[positions, RotaryDim/2]: the sines.</summary>
    public ReadOnlySpan<float> Sines { get; init; }

    /// <summary>
    /// The axes of [batch, head, query, key] that <see cref="AttentionConfigAttribute.BooleanMask"/> declares, cached keys included; true = attend.
    /// </summary>
    public ReadOnlySpan<bool> BooleanMask { get; init; }

    /// <summary>
    /// The axes of [batch, head, query, key] that <see cref="AttentionConfigAttribute.AdditiveMask"/> declares, cached keys included; −∞ masks.
    /// </summary>
    public ReadOnlySpan<float> AdditiveMask { get; init; }

    /// <summary>
    /// The number of keys that the masks have, which is their axis of keys: those from there on are masked. Declared by
    /// <see cref="AttentionConfigAttribute.MaskLength"/>; otherwise 0, and masks have all keys.
    /// </summary>
    public int MaskLength { get; init; }

    /// <summary>
    /// [Heads], the same for all sequences: factors of what each head gives before the output projection; 0 removes a head, whatever it holds. Declared by
    /// <see cref="AttentionConfigAttribute.HeadMask"/>. For a <see cref="TransformerStack"/> [layers, Heads].
    /// </summary>
    public ReadOnlySpan<float> HeadMask { get; init; }

    /// <summary>The same for the heads of the cross-attention of a layer with a memory.</summary>
    public ReadOnlySpan<float> MemoryHeadMask { get; init; }

    /// <summary>
    /// [batch, Heads, rows, keys], or [batch, rows, keys] if the mean of the heads is declared; see <see cref="AttentionOutputs"/>. Empty: not computed.
    /// </summary>
    public Span<float> Probabilities { get; init; }

    /// <summary>[batch, Heads, rows, keys]: scores of the declared stage; see <see cref="AttentionOutputs"/>. Empty: not computed.</summary>
    public Span<float> Scores { get; init; }

    /// <summary>[batch, rows, Heads], or [batch, Heads, rows]; see <see cref="AttentionOutputs.LogSumExp"/>. Empty: not computed.</summary>
    public Span<float> LogSumExp { get; init; }

    /// <summary>
    /// The number of sequences, 1 if it is not set. With a cache it must equal <see cref="AttentionCache.Batch"/>. A wrong number is refused where another
    /// argument or <see cref="AttentionConfigAttribute.SequenceLength"/> contradicts it. Otherwise lengths do not tell how many sequences there are, and
    /// the rows of all sequences are read as those of one.
    /// </summary>
    public int Batch { get; init; }

    /// <summary>
    /// Keeps what <c>Backward</c> reads; null where the call keeps nothing. Declared by <see cref="AttentionConfigAttribute.Gradients"/>, and only without a
    /// cache.
    /// </summary>
    public SavedActivations? Activations { get; init; }

    /// <summary>Threads and cancellation.</summary>
    public ForwardOptions Options { get; init; }
}
