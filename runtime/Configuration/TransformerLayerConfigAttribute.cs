namespace AttentionGen;

/// <summary>
/// Makes the generator add a whole Transformer layer of exactly this shape to a partial class: an attention block, a feed-forward network, and the norms
/// and residual sums around them. What <see cref="AttentionConfigAttribute"/> declares holds for the attention of the layer.
/// </summary>
/// <remarks>
/// With pre-norm the layer computes <c>h = x + attention(norm(x)); y = h + feedForward(norm(h))</c>, with post-norm
/// <c>h = norm(x + attention(x)); y = norm(h + feedForward(h))</c> (Vaswani et al. 2017; Xiong et al. 2020), where <c>feedForward(x)</c> is
/// <c>Down(act(Up(x)))</c>, or gated <c>Down(act(Gate(x)) ∘ Up(x))</c> (Shazeer 2020). A layer with <see cref="AttentionConfigAttribute.MemoryDim"/> is
/// one of a decoder: a cross-attention to a memory stands between the two, with a norm and a residual sum of its own.
/// </remarks>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = false, Inherited = false)]
public sealed class TransformerLayerConfigAttribute : AttentionConfigAttribute
{
    /// <summary>Width of the rows between the products of the feed-forward network, 1 to 262,144. Required.</summary>
    public int FeedForwardDim { get; set; }

    /// <summary>The function between the products of the feed-forward network. The default is <see cref="Activation.Gelu"/>.</summary>
    public Activation Activation { get; set; } = Activation.Gelu;

    /// <summary>Whether a third product gates the feed-forward network: <c>Down(act(Gate(x)) ∘ Up(x))</c>.</summary>
    public bool Gated { get; set; }

    /// <summary>Whether the product Up adds a bias.</summary>
    public bool UpBias { get; set; } = true;

    /// <summary>Whether the product Gate adds a bias; only if <see cref="Gated"/>. The default is <see cref="UpBias"/>.</summary>
    public bool GateBias { get; set; } = true;

    /// <summary>Whether the product Down adds a bias.</summary>
    public bool DownBias { get; set; } = true;

    /// <summary>
    /// How the weights of the feed-forward network are stored. The default is <see cref="AttentionConfigAttribute.Weights"/>, which is then that of the whole
    /// layer.
    /// </summary>
    public WeightFormat FeedForwardWeights { get; set; }

    /// <summary>The normalisation of rows.</summary>
    public Norm Norm { get; set; }

    /// <summary>Where rows are normalised.</summary>
    public NormPlacement NormPlacement { get; set; }

    /// <summary>The number that is added to the variance, or to the mean square; 0 or more. The default is 1e-5.</summary>
    public float NormEpsilon { get; set; } = 1e-5f;

    /// <summary>Whether layer norms add a learned bias; RMS norms have none.</summary>
    public bool NormBias { get; set; } = true;

    /// <summary>
    /// Whether attention and feed-forward network both read the normalised input, and both results are added to it (GPT-J, Phi); only with
    /// <see cref="NormPlacement.Pre"/>. Otherwise the feed-forward network reads the sum of input and attention.
    /// </summary>
    public bool ParallelBranches { get; set; }

    /// <summary>
    /// Whether each of two parallel branches normalises the input by a norm of its own (GPT-NeoX, Pythia); only with <see cref="ParallelBranches"/>.
    /// Otherwise both read the same normalised rows.
    /// </summary>
    public bool ParallelNorms { get; set; }

    /// <summary>
    /// Whether each sequence has its own number of memory rows, [batch]; the cross-attention does not see rows at or beyond it. Only with
    /// <see cref="AttentionConfigAttribute.MemoryDim"/>.
    /// </summary>
    public bool MemoryLengths { get; set; }

    /// <summary>Factor of what each branch adds to its input; finite. The default is 1.</summary>
    public float ResidualScale { get; set; } = 1;
}
