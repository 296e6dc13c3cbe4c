namespace AttentionGen;

// Which keys a query sees. What is declared together holds together: a key is seen where every declared rule lets it be seen.
// The position of query row i is i + offset, where the offset is the number of cached keys, or without a cache what CausalAlignment says.
public partial class AttentionConfigAttribute
{
    /// <summary>
    /// Whether query i sees key j only if <c>j &lt;= i + offset</c>. A causal self-attention kernel without <see cref="SequenceLength"/> also has a
    /// KV cache, whose length is the offset.
    /// </summary>
    public bool Causal { get; set; }

    /// <summary>The offset between queries and keys in a call without a cache.</summary>
    public CausalAlignment CausalAlignment { get; set; }

    /// <summary>Whether each sequence of a batch has its own key length, [batch]; keys at or beyond it are masked. Cached keys count.</summary>
    public bool KeyLengths { get; set; }

    /// <summary>Whether each sequence of a batch has its own first key, [batch]; keys before it are masked, as left padding is.</summary>
    public bool KeyStarts { get; set; }

    /// <summary>
    /// The number of keys before its own position that a query sees: <c>j &gt;= position − WindowLeft</c>. −1, the default, means all. A cache then
    /// holds only the window.
    /// </summary>
    public int WindowLeft { get; set; } = -1;

    /// <summary>The number of keys after its own position that a query sees: <c>j &lt;= position + WindowRight</c>. −1, the default, means all.</summary>
    public int WindowRight { get; set; } = -1;

    /// <summary>Whether each sequence has a prefix, [batch], whose keys every query sees even with <see cref="Causal"/> (prefix language models).</summary>
    public bool PrefixLengths { get; set; }

    /// <summary>
    /// The number of positions in a chunk of block-local attention: a query sees the keys of its own chunk, <c>j / ChunkSize == position /
    /// ChunkSize</c>. Zero, the default, means no chunks.
    /// </summary>
    public int ChunkSize { get; set; }

    /// <summary>
    /// Whether a sequence packs several documents, given as a number for each key, [batch, keys]. A query sees the keys with the number of its own
    /// position. The keys of one document are neighbours; the numbers come in any order, such as [1, 1, 2, 2, 0, 0].
    /// </summary>
    public bool Documents { get; set; }

    /// <summary>
    /// The axes of a boolean mask, <see cref="MaskAxes.Key"/> among them; true = attend. The kernel broadcasts over the other axes. None, the
    /// default, means there is no such mask.
    /// </summary>
    public MaskAxes BooleanMask { get; set; }

    /// <summary>
    /// The axes of an additive mask, <see cref="MaskAxes.Key"/> among them; −∞ masks any score. None, the default, means there is no such mask.
    /// </summary>
    public MaskAxes AdditiveMask { get; set; }

    /// <summary>
    /// Whether masks may have fewer keys than there are: each call gives the number of keys that its masks have, <c>maskLength</c>, and the keys from there on
    /// are masked, as the ONNX operator says. Without this setting masks have all keys. Needs <see cref="BooleanMask"/> or <see cref="AdditiveMask"/>.
    /// </summary>
    public bool MaskLength { get; set; }

    /// <summary>
    /// Whether the batch is ragged: its sequences follow each other without padding, [total rows, DModel]. Cumulative row offsets, [batch + 1], give the
    /// beginning of each sequence. The sequences of a cache may then differ in length.
    /// </summary>
    public bool Ragged { get; set; }

    /// <summary>
    /// Whether rows at or beyond a sequence's own key length are padding. The kernel neither reads nor computes padding: its output is zero, and so
    /// are its keys and values in a cache. Needs <see cref="KeyLengths"/> and self-attention with projections. A kernel that returns scores still
    /// reads the rows of padding, because it returns the scores of their keys.
    /// </summary>
    public bool SkipPadding { get; set; }
}
