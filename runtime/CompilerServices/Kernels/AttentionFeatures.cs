#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Plan;
#else
using System.ComponentModel;

namespace AttentionGen.CompilerServices;
#endif

/// <summary>
/// What the path of a call does for a class, as one literal. The JIT inlines a property of the class's own, but calls one that an interface gives by default:
/// so what a class does not declare is a flag that is not set, and the path asks for a number only behind its flag.
/// </summary>
[System.Flags]
#if ATTENTIONGEN_GENERATOR
internal enum AttentionFeatures : long
#else
[EditorBrowsable(EditorBrowsableState.Never)]
public enum AttentionFeatures : long
#endif
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>Input, memory and joined heads are projected; otherwise heads come in and go out.</summary>
    Projections = 1L << 0,

    /// <summary>Keys and values come from a memory.</summary>
    CrossAttention = 1L << 1,

    /// <summary>A call may have a cache.</summary>
    Cache = 1L << 2,

    /// <summary>A cache may be a ring, which keeps a window.</summary>
    Ring = 1L << 3,

    /// <summary>Every sequence has the same number of query rows, <c>SequenceLength</c>.</summary>
    FixedRows = 1L << 4,

    /// <summary>Without projections: heads come before rows in the caller's layout.</summary>
    HeadsBeforeRows = 1L << 5,

    /// <summary>Sequences of a batch have lengths of their own, without padding between them.</summary>
    Ragged = 1L << 6,

    /// <summary>Rows of padding are not computed.</summary>
    SkipPadding = 1L << 7,

    /// <summary>Queries and keys are normalised.</summary>
    HeadNorms = 1L << 8,

    /// <summary>Queries and keys are rotated, element k with one that is half of the rotated dimensions, or of the head, behind.</summary>
    HalfSplitRotary = 1L << 9,

    /// <summary>Queries and keys are rotated, neighbours in pairs.</summary>
    InterleavedRotary = 1L << 10,

    /// <summary>Rotary positions are given to the call.</summary>
    Positions = 1L << 11,

    /// <summary>A row sees no key behind its own position.</summary>
    Causal = 1L << 12,

    /// <summary>Without a cache the last row has the position of the last key.</summary>
    BottomRight = 1L << 13,

    /// <summary>Lengths mask keys at the end of sequences.</summary>
    KeyLengths = 1L << 14,

    /// <summary>Starts mask keys at the begin of sequences.</summary>
    KeyStarts = 1L << 15,

    /// <summary>A row sees so many keys before its position.</summary>
    WindowLeft = 1L << 16,

    /// <summary>A row sees so many keys behind its position.</summary>
    WindowRight = 1L << 17,

    /// <summary>Every row sees the first keys of its sequence.</summary>
    PrefixLengths = 1L << 18,

    /// <summary>A row sees the keys of its own chunk.</summary>
    Chunks = 1L << 19,

    /// <summary>A row sees the keys of its own document.</summary>
    Documents = 1L << 20,

    /// <summary>A method of the user's class bounds the keys that a row sees.</summary>
    DeclaredRange = 1L << 21,

    /// <summary>Rows are compared with keys by their position.</summary>
    ComparesPositions = 1L << 22,

    /// <summary>Each row has a range of keys of its own, and the attention of a sequence reads a context of its own.</summary>
    Ranges = 1L << 23,

    /// <summary>Rows of a query block may see different keys.</summary>
    MasksKeys = 1L << 24,

    /// <summary>A key between the first and the last that a row sees may be masked.</summary>
    MasksInside = 1L << 25,

    /// <summary>A boolean mask is given to the call.</summary>
    BooleanMask = 1L << 26,

    /// <summary>An additive mask is given to the call.</summary>
    AdditiveMask = 1L << 27,

    /// <summary>The distance of key and position gives a bias.</summary>
    DistanceBiases = 1L << 28,

    /// <summary>Scores are capped.</summary>
    Softcap = 1L << 29,

    /// <summary>A kernel changes scores between product and softmax.</summary>
    ModifiesScores = 1L << 30,

    /// <summary>Scores are natural until the softmax; otherwise the queries hold the factor log2(e).</summary>
    NaturalScores = 1L << 31,

    /// <summary>Sinks enter the sums of the softmax.</summary>
    Sinks = 1L << 32,

    /// <summary>Keys follow the last one of every sequence.</summary>
    AppendsKeys = 1L << 33,

    /// <summary>Log-sum-exps come out.</summary>
    LogSumExp = 1L << 34,

    /// <summary>Probabilities come out.</summary>
    Probabilities = 1L << 35,

    /// <summary>The mean of the heads' probabilities comes out; set beside <see cref="Probabilities"/>.</summary>
    AveragedProbabilities = 1L << 36,

    /// <summary>Scores come out as the product gives them.</summary>
    ScaledScores = 1L << 37,

    /// <summary>Scores come out behind the cap.</summary>
    CappedScores = 1L << 38,

    /// <summary>Scores come out as the softmax reads them.</summary>
    MaskedScores = 1L << 39,

    /// <summary>The attention is part of a Transformer layer: residual sums, norms and a feed-forward network follow.</summary>
    Layer = 1L << 40,

    /// <summary>Rows are normalised before each branch of a layer.</summary>
    NormBefore = 1L << 41,

    /// <summary>The result of each branch of a layer is normalised before it is added.</summary>
    NormResult = 1L << 42,

    /// <summary>The sum after each branch of a layer is normalised.</summary>
    NormSum = 1L << 43,

    /// <summary>Attention and feed-forward network both read the normalised input.</summary>
    ParallelBranches = 1L << 44,

    /// <summary>The feed-forward network has a gate.</summary>
    Gated = 1L << 45,

    /// <summary>Masks may have fewer keys than there are: the others are masked.</summary>
    MaskLength = 1L << 46,

    /// <summary>A cross-attention to a memory stands between the self-attention and the feed-forward network of a layer.</summary>
    Memory = 1L << 47,

    /// <summary>Each sequence has its own number of memory rows that this cross-attention sees.</summary>
    MemoryLengths = 1L << 48,

    /// <summary>Keys and values are stored in a narrow format.</summary>
    NarrowKeyValues = 1L << 49,

    /// <summary>A call may keep what the gradients need.</summary>
    Gradients = 1L << 50,

    /// <summary>Queries and keys are rotated before they are normalised.</summary>
    NormAfterRotary = 1L << 51,

    /// <summary>A call gives the cosines and sines of its positions.</summary>
    RotaryTables = 1L << 52,

    /// <summary>A gate multiplies the joined heads.</summary>
    OutputGate = 1L << 54,

    /// <summary>Input and memory are projected, and the joined heads come out as they are.</summary>
    JoinedOutput = 1L << 55,

    /// <summary>The weights of the attention's projections are narrow.</summary>
    NarrowWeights = 1L << 56,

    /// <summary>The weights of the feed-forward network are narrow.</summary>
    NarrowFeedForward = 1L << 57,

    /// <summary>Of two parallel branches each has a norm of its own.</summary>
    ParallelNorms = 1L << 58,

    /// <summary>Without projections: learned vectors are added to queries, keys and values.</summary>
    InputBias = 1L << 59,

    /// <summary>A call gives a factor for each head.</summary>
    HeadMask = 1L << 60,

    /// <summary>A method of the user's class changes probabilities before they weight the values.</summary>
    ModifiesProbabilities = 1L << 61,

    /// <summary>Cross-attention whose values are projected from an input of their own.</summary>
    ValueInput = 1L << 62,
}
