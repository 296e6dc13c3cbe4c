#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>
/// The configuration of a block of multi-head latent attention with every default resolved: the run-time form of
/// <see cref="LatentAttentionConfigAttribute"/>.
/// </summary>
public sealed partial record LatentAttentionShape
{
    /// <summary>The widest rotated part of a head.</summary>
    internal const int MaxRotaryDim = ShapeLimits.MaxCoreHeadDim - ShapeLimits.MaxHeadDim;

    /// <summary>
    /// The attention of the absorbed form, which is that of a cache: one KV head, whose key is the rotated key and the latent vector, and whose value is
    /// the latent vector.
    /// </summary>
    public required AttentionShape Attention { get; init; }

    /// <summary>Width of input and output rows.</summary>
    public required int DModel { get; init; }

    /// <summary>Width of one head of queries and keys, the rotated part included.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of one head of values.</summary>
    public required int ValueHeadDim { get; init; }

    /// <summary>Width of the latent vector of queries; 0 where queries are projected from the input.</summary>
    public int QueryLatentDim { get; init; }

    /// <summary>Whether the products that give latent vectors, and the output projection, add learned biases.</summary>
    public bool Biases { get; init; }

    /// <summary>The number that RMS norms of latent vectors add to the mean square.</summary>
    public float NormEpsilon { get; init; } = 1e-6f;

    /// <summary>How the weights of the products are stored.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>The arithmetic of products whose weights are stored in blocks of integers.</summary>
    public WeightArithmetic Arithmetic { get; init; }

    /// <summary>Number of heads.</summary>
    public int Heads => Attention.Heads;

    /// <summary>Width of the latent vector of keys and values.</summary>
    public int LatentDim => Attention.ValueHeadDim;

    /// <summary>Width of the rotated part of a head.</summary>
    public int RotaryDim => Attention.RotaryDim;

    /// <summary>Width of the part of a key that is projected from the latent vector.</summary>
    public int ProjectedKeyDim => HeadDim - RotaryDim;

    /// <summary>Width of the queries of all heads.</summary>
    internal int QueryDim => Heads * HeadDim;

    /// <summary>Width of the concatenated heads.</summary>
    internal int JoinedDim => Heads * ValueHeadDim;

    /// <summary>Width of the rows that queries are projected from.</summary>
    internal int QueryInputDim => QueryLatentDim == 0 ? DModel : QueryLatentDim;

    /// <summary>Outputs of the matrix that gives keys and values of all heads, head by head.</summary>
    internal int KeyValueDim => Heads * (ProjectedKeyDim + ValueHeadDim);

    /// <summary>The attention of the absorbed form, whose queries have been multiplied by the key matrices.</summary>
    /// <param name="heads">Number of heads.</param>
    /// <param name="latentDim">Width of the latent vector.</param>
    /// <param name="scale">Factor of the scores.</param>
    /// <param name="settings">A shape with the rotary embedding, causality and raggedness.</param>
    internal static AttentionShape Absorbed(int heads, int latentDim, float scale, AttentionShape settings) => settings with
    {
        Heads = heads,
        KvHeads = 1,
        HeadDim = latentDim + settings.RotaryDim,
        ValueHeadDim = latentDim,
        HasProjections = false,
        DModel = 0,
        MemoryDim = 0,
        Scale = scale,
        Weights = WeightFormat.Float32,
        Arithmetic = WeightArithmetic.Float32,
        QueryBias = false,
        KeyBias = false,
        ValueBias = false,
        OutputBias = false,
    };

    /// <summary>
    /// The attention of the expanded form, with keys and values of each head. Rows come rotated, because the rotated part is the same for all heads; and new
    /// rows may be fewer than keys.
    /// </summary>
    internal AttentionShape Expanded() => new()
    {
        Heads = Heads,
        KvHeads = Heads,
        HeadDim = HeadDim,
        ValueHeadDim = ValueHeadDim == HeadDim ? 0 : ValueHeadDim,
        HasProjections = false,
        DModel = 0,
        MemoryDim = 0,
        Scale = Attention.Scale,
        Causal = Attention.Causal,
        CausalAlignment = Attention.Causal ? CausalAlignment.BottomRight : default,
        Ragged = Attention.Ragged,
        QueryBias = false,
        KeyBias = false,
        ValueBias = false,
        OutputBias = false,
    };

    /// <summary>The format of the key matrices of the absorbed form: their columns are what other formats keep together.</summary>
    internal WeightFormat AbsorptionWeights => Weights is WeightFormat.BFloat16 or WeightFormat.Float16 ? Weights : WeightFormat.Float32;

    /// <summary>The product that gives the latent vector of queries.</summary>
    internal LinearShape QueryDownProduct => Product(DModel, QueryLatentDim, Biases);

    /// <summary>The product that gives the queries of all heads.</summary>
    internal LinearShape QueryUpProduct => Product(QueryInputDim, QueryDim, false);

    /// <summary>The product that gives the latent vector of keys and values, and the key that is rotated.</summary>
    internal LinearShape KeyValueDownProduct => Product(DModel, LatentDim + RotaryDim, Biases);

    /// <summary>The matrix that gives keys and values of all heads, head by head, as files store it.</summary>
    internal LinearShape KeyValueUpMatrix => Product(LatentDim, KeyValueDim, false);

    /// <summary>The product that gives the keys of all heads, without the rotated part.</summary>
    internal LinearShape KeyUpProduct => Product(LatentDim, Heads * ProjectedKeyDim, false);

    /// <summary>The product that gives the values of all heads.</summary>
    internal LinearShape ValueUpProduct => Product(LatentDim, JoinedDim, false);

    /// <summary>The product of one head's queries, without the rotated part, and its transposed key matrix.</summary>
    internal LinearShape AbsorptionProduct => Product(ProjectedKeyDim, LatentDim, false) with
    {
        Weights = AbsorptionWeights, Arithmetic = WeightArithmetic.Float32,
    };

    /// <summary>The product of what one head has attended to and its value matrix.</summary>
    internal LinearShape HeadValueProduct => Product(LatentDim, ValueHeadDim, false);

    /// <summary>The output projection.</summary>
    internal LinearShape OutputProduct => Product(JoinedDim, DModel, Biases);

    private LinearShape Product(int inputs, int outputs, bool bias) =>
        new() { Inputs = inputs, Outputs = outputs, Bias = bias, Weights = Weights, Arithmetic = Arithmetic };
}
