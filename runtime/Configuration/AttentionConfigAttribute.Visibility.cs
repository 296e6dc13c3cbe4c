namespace AttentionGen;

// Which keys a query sees. What is declared together holds together: a key is seen where every declared rule lets it be seen.
// The position of query row i is i + offset, where the offset is the number of cached keys, or without a cache what CausalAlignment says.
public sealed partial class AttentionConfigAttribute
{
    /// <summary>Query i sees key j only when <c>j &lt;= i + offset</c>. A causal self-attention kernel of free length also gets a KV cache, whose length is the offset.</summary>
    public bool Causal { get; set; }

    /// <summary>What the offset between queries and keys is without a cache.</summary>
    public CausalAlignment CausalAlignment { get; set; }

    /// <summary>Whether each sequence of a batch has its own key length, [batch]; keys at or beyond it are masked. Cached keys count.</summary>
    public bool KeyLengths { get; set; }

    /// <summary>Whether each sequence of a batch has its own first key, [batch]; keys before it are masked, as left padding is.</summary>
    public bool KeyStarts { get; set; }

    /// <summary>How many keys before its own position a query sees: <c>j &gt;= position − WindowLeft</c>. −1, the default, means all. A cache then holds only the window.</summary>
    public int WindowLeft { get; set; } = -1;

    /// <summary>How many keys behind its own position a query sees: <c>j &lt;= position + WindowRight</c>. −1, the default, means all.</summary>
    public int WindowRight { get; set; } = -1;

    /// <summary>Whether each sequence has a prefix, [batch], whose keys every query sees in spite of <see cref="Causal"/> (prefix language models).</summary>
    public bool PrefixLengths { get; set; }

    /// <summary>Block-local attention: a query sees the keys of its own chunk of so many positions, <c>j / ChunkSize == position / ChunkSize</c>. Zero, the default, means no chunks.</summary>
    public int ChunkSize { get; set; }

    /// <summary>Whether a sequence packs several documents, [batch, keys] of never decreasing numbers: a query sees the keys whose number is that of its own position.</summary>
    public bool Documents { get; set; }

    /// <summary>Axes of a boolean mask, true = attend; <see cref="MaskAxes.Key"/> is one of them. The others are broadcast. None, the default, means there is no such mask.</summary>
    public MaskAxes BooleanMask { get; set; }

    /// <summary>Axes of an additive mask; −∞ masks, whatever the score is. <see cref="MaskAxes.Key"/> is one of them. None, the default, means there is no such mask.</summary>
    public MaskAxes AdditiveMask { get; set; }

    /// <summary>
    /// Whether the batch is ragged: its sequences follow each other without padding, [total rows, DModel], and cumulative row offsets, [batch + 1],
    /// tell where each begins. The sequences of a cache may then have different lengths.
    /// </summary>
    public bool Ragged { get; set; }

    /// <summary>
    /// Whether rows at or beyond a sequence's own key length are padding: they are then neither read nor computed, and their output is zero,
    /// and in a cache their keys and values are. Needs <see cref="KeyLengths"/> and self-attention with projections. Scores of every key that come out still need those of padding, and read its rows.
    /// </summary>
    public bool SkipPadding { get; set; }
}
