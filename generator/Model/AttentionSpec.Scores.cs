namespace AttentionGen.Generator.Model;

// What happens to scores.
internal sealed partial record AttentionSpec
{
    public float Scale { get; init; }

    /// <summary>0 for none.</summary>
    public float Softcap { get; init; }

    /// <summary>The user's score modifier, or null.</summary>
    public HookSpec? ScoreModifier { get; init; }

    public bool Alibi { get; init; }

    /// <summary>0 for none, as is <see cref="RelativePositionMaxDistance"/> then.</summary>
    public int RelativePositionBuckets { get; init; }

    public int RelativePositionMaxDistance { get; init; }

    public bool Sinks { get; init; }

    public QueryKeyNorm QueryKeyNorm { get; init; }

    public float QueryKeyNormEpsilon { get; init; }

    public bool BiasKeyValue { get; init; }

    public bool ZeroKeyValue { get; init; }

    public AttentionOutputs Outputs { get; init; }

    public RotarySpec RotaryEmbedding { get; init; } = RotarySpec.None;

    public RotaryKind Rotary => RotaryEmbedding.Kind;

    public int RotaryDim => RotaryEmbedding.Dim;

    public double RotaryBase => RotaryEmbedding.Base;

    /// <summary>Whether keys are normalised or rotated on their way to the panels.</summary>
    public bool ChangesKeys => QueryKeyNorm != QueryKeyNorm.None || Rotary != RotaryKind.None;

    /// <summary>Whether there is anything to be given in weights.</summary>
    public bool Learns => HasProjections || QueryKeyNorm != QueryKeyNorm.None || Sinks || RelativePositionBuckets > 0 || BiasKeyValue;

    /// <summary>Keys that follow the last one of every sequence.</summary>
    public int AppendedKeys => (BiasKeyValue ? 1 : 0) + (ZeroKeyValue ? 1 : 0);

    /// <summary>Whether biases by the distance of key and position are added.</summary>
    public bool HasDistanceBias => Alibi || RelativePositionBuckets > 0;

    /// <summary>Whether a pass over the scores stands between the product and the softmax.</summary>
    public bool ModifiesScores => Softcap > 0 || ScoreModifier is not null || HasDistanceBias || DeclaredMasks > 0 || MaskPredicate is not null;

    /// <summary>Whether scores are natural until the softmax, and not yet multiplied by log2(e) through the query weights.</summary>
    public bool NaturalScores => ModifiesScores || Sinks || ScoreOutput != AttentionOutputs.None;

    /// <summary>The declared stage of the scores that come beside the output, or none.</summary>
    public AttentionOutputs ScoreOutput => Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores);

    public bool HasProbabilities => (Outputs & (AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities)) != 0;

    public bool HasLogSumExp => (Outputs & AttentionOutputs.LogSumExp) != 0;
}

/// <summary>Rotary position embedding; all defaults where <see cref="Kind"/> is none.</summary>
internal sealed record RotarySpec
{
    /// <summary>No rotary embedding.</summary>
    public static RotarySpec None { get; } = new();

    public RotaryKind Kind { get; init; }

    /// <summary>0 where <see cref="Kind"/> is none.</summary>
    public int Dim { get; init; }

    public double Base { get; init; } = 10_000;

    public RotaryScaling Scaling { get; init; }

    public double ScalingFactor { get; init; } = 1;

    public int OriginalLength { get; init; }

    public double LowFrequencyFactor { get; init; }

    public double HighFrequencyFactor { get; init; }

    public double BetaFast { get; init; }

    public double BetaSlow { get; init; }

    /// <summary>Factor of cosines and sines.</summary>
    public double AttentionFactor { get; init; } = 1;

    /// <summary>Whether positions are given by the caller.</summary>
    public bool Positions { get; init; }
}
