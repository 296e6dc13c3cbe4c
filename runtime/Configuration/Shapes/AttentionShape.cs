#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The configuration of an attention kernel with every default resolved: the run-time form of <see cref="AttentionConfigAttribute"/>.</summary>
public sealed partial record AttentionShape
{
    /// <summary>Number of query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Number of key/value heads; divides <see cref="Heads"/>. Query head h reads KV head <c>h / (Heads/KvHeads)</c>.</summary>
    public required int KvHeads { get; init; }

    /// <summary>Width of one head of queries and keys.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of one head of values and of one head of the result; <see cref="HeadDim"/> unless set.</summary>
    public int ValueHeadDim
    {
        get => valueHeadDim == 0 ? HeadDim : valueHeadDim;
        init => valueHeadDim = value;
    }

    /// <summary>Width of input and output rows; 0 without projections.</summary>
    public required int DModel { get; init; }

    /// <summary>Width of the rows that keys and values are projected from: <see cref="DModel"/> for self-attention.</summary>
    public required int MemoryDim { get; init; }

    /// <summary>Width of the rows that values are projected from where these have an input of their own; 0 where they come from the rows of keys.</summary>
    public int ValueInputDim { get; init; }

    /// <summary>Whether the block projects. With false, the caller passes queries, keys and values and gets the heads.</summary>
    public bool HasProjections { get; init; } = true;

    /// <summary>Whether a block with projections projects the concatenated heads. With false, its output is the heads.</summary>
    public bool OutputProjection { get; init; } = true;

    /// <summary>The memory layout of heads in a block without projections.</summary>
    public HeadLayout Layout { get; init; }

    /// <summary>Whether keys and values come from a memory of their own.</summary>
    public bool IsCrossAttention { get; init; }

    /// <summary>Whether the query projection adds a bias.</summary>
    public bool QueryBias { get; init; } = true;

    /// <summary>Whether the key projection adds a bias.</summary>
    public bool KeyBias { get; init; } = true;

    /// <summary>Whether the value projection adds a bias.</summary>
    public bool ValueBias { get; init; } = true;

    /// <summary>Whether the output projection adds a bias.</summary>
    public bool OutputBias { get; init; } = true;

    /// <summary>Whether a block without projections adds learned vectors to queries, keys and values.</summary>
    public bool InputBias { get; init; }

    /// <summary>How the weights of the projections are stored.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>The arithmetic of products whose weights are stored in blocks of integers.</summary>
    public WeightArithmetic Arithmetic { get; init; }

    /// <summary>Whether a call gives a factor for each head.</summary>
    public bool HeadMask { get; init; }

    /// <summary>Whether a gate multiplies the joined heads.</summary>
    public bool OutputGate { get; init; }

    /// <summary>The fixed number of query rows of a sequence, or 0 for any number.</summary>
    public int SequenceLength { get; init; }

    /// <summary>
    /// Whether the kernel has a KV cache. Cross-attention has one for its projected memory. Causal self-attention and kernels without projections have one if
    /// <see cref="SequenceLength"/> is 0.
    /// </summary>
    public bool HasCache => HasProjections ? IsCrossAttention || (Causal && SequenceLength == 0) : SequenceLength == 0;

    /// <summary>How keys and values are stored, in a cache and on the way through a call. Other formats than float32 need <see cref="HasCache"/>.</summary>
    public KeyValueFormat KeyValues { get; init; }

    /// <summary>Whether the class can be trained: it also has <c>CreateActivations</c>, <c>Backward</c> and <c>Pack</c>.</summary>
    public bool Gradients { get; init; }

    /// <summary>Width of the projected queries, <c>Heads · HeadDim</c>.</summary>
    public int QueryDim => Heads * HeadDim;

    /// <summary>Width of the projected keys, <c>KvHeads · HeadDim</c>.</summary>
    public int KeyDim => KvHeads * HeadDim;

    /// <summary>Width of the projected values, <c>KvHeads · ValueHeadDim</c>.</summary>
    public int ValueDim => KvHeads * ValueHeadDim;

    /// <summary>Width of the concatenated heads, <c>Heads · ValueHeadDim</c>.</summary>
    public int JoinedDim => Heads * ValueHeadDim;

    /// <summary>Floats of one input row: <see cref="DModel"/>, or without projections <see cref="QueryDim"/>.</summary>
    public int InputDim => HasProjections ? DModel : QueryDim;

    /// <summary>Floats of one output row: <see cref="DModel"/>, or without an output projection <see cref="JoinedDim"/>.</summary>
    public int OutputDim => ProjectsOutput ? DModel : JoinedDim;

    /// <summary>Width of the rows that values are projected from, whichever these are.</summary>
    internal int ValueSourceDim => ValueInputDim > 0 ? ValueInputDim : MemoryDim;

    /// <summary>Whether there is an output projection.</summary>
    internal bool ProjectsOutput => HasProjections && OutputProjection;

    private readonly int valueHeadDim;
}
