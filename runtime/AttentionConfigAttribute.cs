namespace AttentionGen;

/// <summary>
/// Asks the generator for a multi-head attention block of exactly this shape, on a partial class.
/// What is declared here becomes a parameter of the generated <c>Forward</c>; what is not declared cannot be passed.
/// </summary>
/// <remarks>
/// The block computes <c>concat(softmax(scale · Q Kᵀ) V) Wo + bo</c> with <c>Q = x Wq + bq</c>, <c>K = m Wk + bk</c>,
/// <c>V = m Wv + bv</c> (Vaswani et al. 2017, section 3.2), where the memory <c>m</c> is the input itself for self-attention.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class AttentionConfigAttribute : Attribute
{
    /// <summary>Number of query heads, 1 to 256. Required.</summary>
    public int Heads { get; set; }

    /// <summary>Width of the rows that go in and come out, 1 to 65,536. Required.</summary>
    public int DModel { get; set; }

    /// <summary>Number of key/value heads; <see cref="Heads"/> must be a multiple of it (grouped-query attention; 1 is multi-query). Zero, the default, means <see cref="Heads"/>.</summary>
    public int KvHeads { get; set; }

    /// <summary>Width of one head, 1 to 256. Zero, the default, means <see cref="DModel"/> / <see cref="Heads"/>.</summary>
    public int HeadDim { get; set; }

    /// <summary>Width of the memory rows that cross-attention reads, 1 to 65,536. Zero, the default, means self-attention.</summary>
    public int MemoryDim { get; set; }

    /// <summary>Whether the query projection adds a bias.</summary>
    public bool QueryBias { get; set; } = true;

    /// <summary>Whether the key projection adds a bias.</summary>
    public bool KeyBias { get; set; } = true;

    /// <summary>Whether the value projection adds a bias.</summary>
    public bool ValueBias { get; set; } = true;

    /// <summary>Whether the output projection adds a bias.</summary>
    public bool OutputBias { get; set; } = true;

    /// <summary>Query i sees key j only when <c>j &lt;= i + offset</c>. A causal self-attention kernel of free length also gets a KV cache, whose length is the offset.</summary>
    public bool Causal { get; set; }

    /// <summary>What the offset of <see cref="Causal"/> is without a cache.</summary>
    public CausalAlignment CausalAlignment { get; set; }

    /// <summary>Factor of the scores; positive and finite. Zero, the default, means <c>1/√HeadDim</c>.</summary>
    public float Scale { get; set; }

    /// <summary>Rotary position embedding of queries and keys (Su et al. 2021).</summary>
    public RotaryKind Rotary { get; set; }

    /// <summary>How many leading dimensions of each head are rotated: even, at most the head dimension. Zero, the default, means all of them.</summary>
    public int RotaryDim { get; set; }

    /// <summary>Base of the rotary frequencies <c>base^(−2i/RotaryDim)</c>; greater than 1. The default is 10,000.</summary>
    public double RotaryBase { get; set; } = 10_000;

    /// <summary>Whether each sequence of a batch has its own key length; keys at or beyond it are masked.</summary>
    public bool KeyLengths { get; set; }

    /// <summary>Number of query rows of a sequence, where it is always the same. Zero, the default, leaves it free.</summary>
    public int SequenceLength { get; set; }

    /// <summary>How far loops are unrolled.</summary>
    public Unrolling Unrolling { get; set; }
}

/// <summary>What the causal offset is when there is no cache.</summary>
public enum CausalAlignment
{
    /// <summary>Offset 0: query 0 sees key 0 only.</summary>
    TopLeft,

    /// <summary>Offset <c>key length − query rows</c> of each sequence: the last query sees the last key. It may be negative.</summary>
    BottomRight,
}

/// <summary>Which elements of a head a rotary embedding pairs.</summary>
public enum RotaryKind
{
    /// <summary>No rotary embedding.</summary>
    None,

    /// <summary>Pairs (i, i + RotaryDim/2), as in Llama checkpoints of Hugging Face and GPT-NeoX.</summary>
    HalfSplit,

    /// <summary>Pairs (2i, 2i + 1), as in the original paper and llama2.c.</summary>
    Interleaved,
}

/// <summary>How far the generator unrolls loops.</summary>
public enum Unrolling
{
    /// <summary>As measured fastest.</summary>
    Auto,

    /// <summary>Every compile-time dimension, up to what the JIT accepts in one method.</summary>
    Full,
}
