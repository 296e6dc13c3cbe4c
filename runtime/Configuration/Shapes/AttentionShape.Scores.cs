using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

public sealed partial record AttentionShape
{
    /// <summary>Factor of the scores.</summary>
    public required float Scale { get; init; }

    /// <summary>The cap c of <c>c · tanh(score / c)</c>, or 0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>What makes probabilities of scores.</summary>
    public ScoreFunction ScoreFunction { get; init; }

    /// <summary>The bias b of <see cref="ScoreFunction.Sigmoid"/>; 0 for a softmax.</summary>
    public float SigmoidBias { get; init; }

    /// <summary>Whether the class has a score modifier.</summary>
    public bool HasScoreModifier { get; init; }

    /// <summary>Whether the class has a probability modifier.</summary>
    public bool HasProbabilityModifier { get; init; }

    /// <summary>Whether linear biases are added to the scores.</summary>
    public bool Alibi { get; init; }

    /// <summary>The slopes of the heads, or none where they are those of the paper.</summary>
    public EquatableArray<double> AlibiSlopes { get; init; }

    /// <summary>Factor of the slopes.</summary>
    public double AlibiScale { get; init; } = 1;

    /// <summary>Number of relative position buckets, or 0 for none.</summary>
    public int RelativePositionBuckets { get; init; }

    /// <summary>The distance from which on all keys share the last bucket, or 0 without buckets.</summary>
    public int RelativePositionMaxDistance { get; init; }

    /// <summary>Whether each head has a learned logit in the softmax's denominator.</summary>
    public bool Sinks { get; init; }

    /// <summary>Normalisation of queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>What is normalised together, and with which weights.</summary>
    public QueryKeyNormScope QueryKeyNormScope { get; init; }

    /// <summary>Whether heads are normalised after the rotary embedding, and not before it.</summary>
    public bool QueryKeyNormAfterRotary { get; init; }

    /// <summary>The number that is added to the mean square, or to the variance; 0 without normalisation.</summary>
    public float QueryKeyNormEpsilon { get; init; }

    /// <summary>Whether a layer normalisation of queries and keys adds a bias.</summary>
    public bool QueryKeyNormBias { get; init; } = true;

    /// <summary>Weights of the normalisation of queries; 0 without one.</summary>
    internal int QueryNormDim => NormDim(Heads);

    /// <summary>Weights of the normalisation of keys; 0 without one.</summary>
    internal int KeyNormDim => NormDim(KvHeads);

    /// <summary>Whether the normalisation of queries and keys has biases.</summary>
    internal bool NormAddsBias => QueryKeyNorm == QueryKeyNorm.Layer && QueryKeyNormBias;

    /// <summary>Whether all heads of a row are normalised together.</summary>
    internal bool NormSpansHeads => QueryKeyNorm != QueryKeyNorm.None && QueryKeyNormScope == QueryKeyNormScope.Projection;

    /// <summary>Whether a learned key and value follow the last key.</summary>
    public bool BiasKeyValue { get; init; }

    /// <summary>Whether a key and a value of zeros follow the last key.</summary>
    public bool ZeroKeyValue { get; init; }

    /// <summary>The results beside the output.</summary>
    public AttentionOutputs Outputs { get; init; }

    /// <summary>Rotary position embedding of queries and keys.</summary>
    public RotaryKind Rotary { get; init; }

    /// <summary>The number of dimensions of a head that are rotated; 0 if <see cref="Rotary"/> is <see cref="RotaryKind.None"/>.</summary>
    public int RotaryDim { get; init; }

    /// <summary>The dimensions whose pairs have frequencies; the two elements of a half-split pair are half of them apart.</summary>
    internal int RotaryWidth => Rotary == RotaryKind.Proportional ? HeadDim : RotaryDim;

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10_000;

    /// <summary>The rotary frequencies of the pairs, or none where <see cref="RotaryBase"/> gives them.</summary>
    public EquatableArray<double> RotaryFrequencies { get; init; }

    /// <summary>Whether a call gives tables of cosines and sines.</summary>
    public bool RotaryTables { get; init; }

    /// <summary>The scaling of rotary frequencies.</summary>
    public RotaryScaling RotaryScaling { get; init; }

    /// <summary>The factor of the scaling, or 1 without scaling.</summary>
    public double RotaryScalingFactor { get; init; } = 1;

    /// <summary>The length of the context that the model was first trained with, 0 without scaling, and for the linear one.</summary>
    public int RotaryOriginalLength { get; init; }

    /// <summary>The length of the contexts that the kernel is for, for dynamic NTK and LongRoPE; otherwise 0.</summary>
    public int RotaryLength { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryShortFactors"/>; none for other scalings.</summary>
    public EquatableArray<double> RotaryShortFactors { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryLongFactors"/>; none for other scalings.</summary>
    public EquatableArray<double> RotaryLongFactors { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryLowFrequencyFactor"/>; 0 for other scalings.</summary>
    public double RotaryLowFrequencyFactor { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryHighFrequencyFactor"/>; 0 for other scalings.</summary>
    public double RotaryHighFrequencyFactor { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryBetaFast"/>; 0 for other scalings.</summary>
    public double RotaryBetaFast { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryBetaSlow"/>; 0 for other scalings.</summary>
    public double RotaryBetaSlow { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryTruncate"/>; true for other scalings.</summary>
    public bool RotaryTruncate { get; init; } = true;

    /// <summary>Factor of cosines and sines; 1 for other scalings.</summary>
    public double RotaryAttentionFactor { get; init; } = 1;

    /// <summary>Whether the caller gives rotary positions.</summary>
    public bool Positions { get; init; }

    /// <summary>The pairs of each axis of positions, or none where there is one axis.</summary>
    public EquatableArray<int> RotarySections { get; init; }

    /// <summary>Whether the axes take turns, pair by pair.</summary>
    public bool RotarySectionsInterleaved { get; init; }

    /// <summary>How many positions a row has where they are given.</summary>
    internal int PositionAxes => Math.Max(1, RotarySections.Count);

    private int NormDim(int heads) => QueryKeyNorm == QueryKeyNorm.None ? 0 : QueryKeyNormScope == QueryKeyNormScope.Head ? HeadDim : heads * HeadDim;
}
