namespace AttentionGen.Generator.Model;

// What follows from a shape alone, and only the generator asks for.
public sealed partial record AttentionShape
{
    /// <summary>A new shape before any setting is read.</summary>
    internal static AttentionShape Unset() => new() { Heads = 0, KvHeads = 0, HeadDim = 0, DModel = 0, MemoryDim = 0, Scale = 0 };

    /// <summary>The same sizes, and otherwise defaults.</summary>
    internal AttentionShape Standard() => new() { Heads = Heads, KvHeads = KvHeads, HeadDim = HeadDim, DModel = DModel, MemoryDim = MemoryDim, Scale = Scale };

    /// <summary>Query heads that share one KV head.</summary>
    internal int Group => Heads / KvHeads;

    /// <summary>Whether heads come before rows in the caller's memory.</summary>
    internal bool HeadsBeforeRows => !HasProjections && Layout == HeadLayout.HeadsRows;

    /// <summary>How many of the two masks are given to a call.</summary>
    internal int DeclaredMasks => (BooleanMask != MaskAxes.None ? 1 : 0) + (AdditiveMask != MaskAxes.None ? 1 : 0);

    /// <summary>Keys that follow the last one of every sequence.</summary>
    internal int AppendedKeys => (BiasKeyValue ? 1 : 0) + (ZeroKeyValue ? 1 : 0);

    /// <summary>Whether biases by the distance of key and position are added.</summary>
    internal bool HasDistanceBias => Alibi || RelativePositionBuckets > 0;

    /// <summary>Whether keys are changed, or normalised or rotated, on their way to the panels.</summary>
    internal bool ChangesKeys => QueryKeyNorm != QueryKeyNorm.None || Rotary != RotaryKind.None || InputBias;

    /// <summary>Whether there is anything to be given in weights.</summary>
    internal bool Learns => HasProjections || QueryKeyNorm != QueryKeyNorm.None || Sinks || RelativePositionBuckets > 0 || BiasKeyValue
        || InputBias;

    /// <summary>The declared stage of the scores that come beside the output, or none.</summary>
    internal AttentionOutputs ScoreOutput => Outputs & (AttentionOutputs.ScaledScores | AttentionOutputs.CappedScores | AttentionOutputs.MaskedScores);

    internal bool HasProbabilities => (Outputs & (AttentionOutputs.Probabilities | AttentionOutputs.AveragedProbabilities)) != 0;

    internal bool HasLogSumExp => (Outputs & AttentionOutputs.LogSumExp) != 0;
}
