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
public sealed partial class AttentionConfigAttribute : Attribute
{
    /// <summary>Number of query heads, 1 to 256. Required.</summary>
    public int Heads { get; set; }

    /// <summary>Width of the rows that go in and come out, 1 to 65,536. Required, but for a kernel without projections, which has none.</summary>
    public int DModel { get; set; }

    /// <summary>Number of key/value heads; <see cref="Heads"/> must be a multiple of it (grouped-query attention; 1 is multi-query). Zero, the default, means <see cref="Heads"/>.</summary>
    public int KvHeads { get; set; }

    /// <summary>Width of one head of queries and keys, 1 to 256. Zero, the default, means <see cref="DModel"/> / <see cref="Heads"/>; required without projections.</summary>
    public int HeadDim { get; set; }

    /// <summary>Width of one head of values, and of what a head gives, 1 to 256. Zero, the default, means <see cref="HeadDim"/>.</summary>
    public int ValueHeadDim { get; set; }

    /// <summary>
    /// Whether the block projects: input to queries, keys and values, and joined heads to output. False leaves the core alone, for users
    /// who have queries, keys and values already; <see cref="DModel"/>, <see cref="MemoryDim"/> and the bias settings have no meaning then.
    /// </summary>
    public bool Projections { get; set; } = true;

    /// <summary>How queries, keys, values and output lie in memory where there are no projections.</summary>
    public HeadLayout Layout { get; set; }

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

    /// <summary>Number of query rows of a sequence, where it is always the same. Zero, the default, leaves it free.</summary>
    public int SequenceLength { get; set; }

    /// <summary>How far loops are unrolled.</summary>
    public Unrolling Unrolling { get; set; }
}
