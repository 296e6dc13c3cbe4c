#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The configuration of a Transformer layer with every default resolved: the run-time form of <see cref="TransformerLayerConfigAttribute"/>.</summary>
public sealed partial record TransformerLayerShape
{
    /// <summary>The attention block of the layer.</summary>
    public required AttentionShape Attention { get; init; }

    /// <summary>Width of the rows between the products of the feed-forward network.</summary>
    public required int FeedForwardDim { get; init; }

    /// <summary>The function between the products of the feed-forward network.</summary>
    public Activation Activation { get; init; }

    /// <summary>Whether a third product gates the feed-forward network.</summary>
    public bool Gated { get; init; }

    /// <summary>Whether the product Up adds a bias.</summary>
    public bool UpBias { get; init; }

    /// <summary>Whether the product Gate adds a bias; false if the network is not gated.</summary>
    public bool GateBias { get; init; }

    /// <summary>Whether the product Down adds a bias.</summary>
    public bool DownBias { get; init; }

    /// <summary>How the weights of the feed-forward network are stored.</summary>
    public WeightFormat FeedForwardWeights { get; init; }

    /// <summary>The normalisation of rows.</summary>
    public Norm Norm { get; init; }

    /// <summary>Where rows are normalised.</summary>
    public NormPlacement NormPlacement { get; init; }

    /// <summary>The number that is added to the variance, or to the mean square.</summary>
    public float NormEpsilon { get; init; }

    /// <summary>Whether norms add a learned bias; false for RMS norms.</summary>
    public bool NormBias { get; init; }

    /// <summary>Whether attention and feed-forward network both read the normalised input.</summary>
    public bool ParallelBranches { get; init; }

    /// <summary>Whether each of two parallel branches has a norm of its own.</summary>
    public bool ParallelNorms { get; init; }

    /// <summary>Factor of what each branch adds to its input.</summary>
    public float ResidualScale { get; init; } = 1;

    /// <summary>Width of the memory rows that the cross-attention of a decoder layer reads; 0 for a layer without cross-attention.</summary>
    public int MemoryDim { get; init; }

    /// <summary>Whether each sequence has its own number of memory rows that the cross-attention sees.</summary>
    public bool MemoryLengths { get; init; }

    /// <summary>
    /// The cross-attention of a decoder layer, or null. It has the heads, widths, scale and biases of the self-attention, and sees the whole memory.
    /// </summary>
    public AttentionShape? CrossAttention => MemoryDim == 0 ? null : new()
    {
        Heads = Attention.Heads, KvHeads = Attention.KvHeads, HeadDim = Attention.HeadDim,
        ValueHeadDim = Attention.ValueHeadDim == Attention.HeadDim ? 0 : Attention.ValueHeadDim,
        DModel = DModel, MemoryDim = MemoryDim, IsCrossAttention = true, Scale = Attention.Scale, Ragged = Attention.Ragged,
        KeyValues = Attention.KeyValues,
        QueryBias = Attention.QueryBias, KeyBias = Attention.KeyBias, ValueBias = Attention.ValueBias, OutputBias = Attention.OutputBias,
        Weights = Attention.Weights, Arithmetic = Attention.Arithmetic,
    };

    /// <summary>Whether the feed-forward network has a norm of its own.</summary>
    internal bool HasFeedForwardNorm => !ParallelBranches || ParallelNorms;

    /// <summary>Width of input and output rows.</summary>
    public int DModel => Attention.DModel;
}
