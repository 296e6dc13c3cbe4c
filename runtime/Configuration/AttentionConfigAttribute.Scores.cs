namespace AttentionGen;

// What happens to a score, in this order: scale, softcap, score modifier, biases (additive mask, ALiBi, relative position), masks, softmax,
// probability modifier.
public partial class AttentionConfigAttribute
{
    /// <summary>Factor of the scores; positive and finite. Zero, the default, means <c>1/√HeadDim</c>.</summary>
    public float Scale { get; set; }

    /// <summary>A smooth limit c of the scores: <c>c · tanh(score / c)</c> (Gemma 2). Zero, the default, means no limit.</summary>
    public float Softcap { get; set; }

    /// <summary>What makes probabilities of scores. The default is the softmax.</summary>
    public ScoreFunction ScoreFunction { get; set; }

    /// <summary>
    /// The bias b of <see cref="ScoreFunction.Sigmoid"/>; finite. NaN, the default, means −ln(n) of the n keys of self-attention with a fixed
    /// <see cref="SequenceLength"/>, as the paper has it; otherwise give −ln(n) of the length that the model was trained with.
    /// </summary>
    public float SigmoidBias { get; set; } = float.NaN;

    /// <summary>
    /// Attention with linear biases (Press et al. 2022): <c>−slope · |position − key|</c> is added to each score. The slopes are the paper's:
    /// <c>2^(−8(h+1)/n)</c> if the number of heads n is a power of two. Otherwise the missing slopes are every second one of the next power of two.
    /// </summary>
    public bool Alibi { get; set; }

    /// <summary>
    /// ALiBi: the slope of each head, [Heads] finite numbers, in place of those of the paper. MPT's, for example, have another order if the number of heads
    /// is no power of two.
    /// </summary>
    public double[] AlibiSlopes { get; set; } = [];

    /// <summary>ALiBi: a factor of all slopes; positive and finite. The default is 1. Falcon scales its biases as its scores, by <c>1/√HeadDim</c>.</summary>
    public double AlibiScale { get; set; } = 1;

    /// <summary>
    /// Number of relative position buckets (Raffel et al. 2020, T5): a learned bias for each bucket of <c>key − position</c> and each head, [buckets, Heads].
    /// Causal kernels use all buckets for the past; others use half of them for the future. Zero, the default, means none.
    /// </summary>
    public int RelativePositionBuckets { get; set; }

    /// <summary>The distance from which on all keys share the last bucket. The default is 128.</summary>
    public int RelativePositionMaxDistance { get; set; } = 128;

    /// <summary>Whether each head has a learned logit that takes part in the softmax's denominator only (attention sink).</summary>
    public bool Sinks { get; set; }

    /// <summary>Normalisation of queries and keys; its weights are learned.</summary>
    public QueryKeyNorm QueryKeyNorm { get; set; }

    /// <summary>
    /// What <see cref="QueryKeyNorm"/> normalises together, and which weights it has. The default is each head, with weights that all heads share.
    /// </summary>
    public QueryKeyNormScope QueryKeyNormScope { get; set; }

    /// <summary>Whether heads are normalised after the rotary embedding, as in HunYuan. By default they are normalised before it, as in Qwen 3.</summary>
    public bool QueryKeyNormAfterRotary { get; set; }

    /// <summary>The number that is added to the mean square, or to the variance. The default is 1e-6.</summary>
    public float QueryKeyNormEpsilon { get; set; } = 1e-6f;

    /// <summary>Whether <see cref="QueryKeyNorm.Layer"/> adds a bias. The default is true; Command R+ sets it to false. RMS norms have none.</summary>
    public bool QueryKeyNormBias { get; set; } = true;

    /// <summary>
    /// Whether a learned key and value, [KvHeads · HeadDim] and [KvHeads · ValueHeadDim], follow the last key of every sequence; every query sees
    /// them (<c>add_bias_kv</c> of PyTorch).
    /// </summary>
    public bool BiasKeyValue { get; set; }

    /// <summary>Whether a key and a value of zeros follow the last key of every sequence; every query sees them (<c>add_zero_attn</c> of PyTorch).</summary>
    public bool ZeroKeyValue { get; set; }

    /// <summary>The results that <c>Forward</c> returns beside the output.</summary>
    public AttentionOutputs Outputs { get; set; }
}
