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

    /// <summary>Whether the class has a score modifier.</summary>
    public bool HasScoreModifier { get; init; }

    /// <summary>Whether linear biases are added to the scores.</summary>
    public bool Alibi { get; init; }

    /// <summary>Number of relative position buckets, or 0 for none.</summary>
    public int RelativePositionBuckets { get; init; }

    /// <summary>Distance from which all share the last bucket; 0 where there are no buckets.</summary>
    public int RelativePositionMaxDistance { get; init; }

    /// <summary>Whether each head has a learned logit in the softmax's denominator.</summary>
    public bool Sinks { get; init; }

    /// <summary>Normalisation of each head of queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>What is added to the mean square, or to the variance; 0 where there is no normalisation.</summary>
    public float QueryKeyNormEpsilon { get; init; }

    /// <summary>Whether a learned key and value follow the last key.</summary>
    public bool BiasKeyValue { get; init; }

    /// <summary>Whether a key and a value of zeros follow the last key.</summary>
    public bool ZeroKeyValue { get; init; }

    /// <summary>What comes beside the output.</summary>
    public AttentionOutputs Outputs { get; init; }

    /// <summary>Rotary position embedding of queries and keys.</summary>
    public RotaryKind Rotary { get; init; }

    /// <summary>How many leading dimensions of a head are rotated; 0 where <see cref="Rotary"/> is <see cref="RotaryKind.None"/>.</summary>
    public int RotaryDim { get; init; }

    /// <summary>Base of the rotary frequencies.</summary>
    public double RotaryBase { get; init; } = 10_000;

    /// <summary>How rotary frequencies are stretched.</summary>
    public RotaryScaling RotaryScaling { get; init; }

    /// <summary>By how much; 1 where they are not stretched.</summary>
    public double RotaryScalingFactor { get; init; } = 1;

    /// <summary>Positions that the model was first trained with, for Llama 3 and YaRN; otherwise 0.</summary>
    public int RotaryOriginalLength { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryLowFrequencyFactor"/>; 0 where it is not Llama 3.</summary>
    public double RotaryLowFrequencyFactor { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryHighFrequencyFactor"/>; 0 where it is not Llama 3.</summary>
    public double RotaryHighFrequencyFactor { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryBetaFast"/>; 0 where it is not YaRN.</summary>
    public double RotaryBetaFast { get; init; }

    /// <summary>See <see cref="AttentionConfigAttribute.RotaryBetaSlow"/>; 0 where it is not YaRN.</summary>
    public double RotaryBetaSlow { get; init; }

    /// <summary>Factor of cosines and sines; 1 where it is not YaRN.</summary>
    public double RotaryAttentionFactor { get; init; } = 1;

    /// <summary>Whether positions are given.</summary>
    public bool Positions { get; init; }
}
