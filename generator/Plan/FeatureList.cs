using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>What the path of a call does for a spec, as the flags that its class states.</summary>
internal static class FeatureList
{
    public static AttentionFeatures Of(AttentionSpec spec) => OfInputs(spec) | OfVisibility(spec) | OfScores(spec) | OfOutputs(spec);

    private static AttentionFeatures OfInputs(AttentionSpec spec) =>
        If(spec.HasProjections, AttentionFeatures.Projections)
        | If(spec.IsCrossAttention, AttentionFeatures.CrossAttention)
        | If(spec.HasCache, AttentionFeatures.Cache)
        | If(spec.CacheWindow >= 0, AttentionFeatures.Ring)
        | If(spec.SequenceLength > 0, AttentionFeatures.FixedRows)
        | If(!spec.HasProjections && spec.Layout == HeadLayout.HeadsRows, AttentionFeatures.HeadsBeforeRows)
        | If(spec.Ragged, AttentionFeatures.Ragged)
        | If(spec.SkipPadding, AttentionFeatures.SkipPadding)
        | If(spec.QueryKeyNorm != QueryKeyNorm.None, AttentionFeatures.HeadNorms)
        | If(spec.Rotary == RotaryKind.HalfSplit, AttentionFeatures.HalfSplitRotary)
        | If(spec.Rotary == RotaryKind.Interleaved, AttentionFeatures.InterleavedRotary)
        | If(spec.Rotary != RotaryKind.None && spec.Shape.Positions, AttentionFeatures.Positions);

    private static AttentionFeatures OfVisibility(AttentionSpec spec) =>
        If(spec.Causal, AttentionFeatures.Causal)
        | If(spec.CausalAlignment == CausalAlignment.BottomRight, AttentionFeatures.BottomRight)
        | If(spec.KeyLengths, AttentionFeatures.KeyLengths)
        | If(spec.KeyStarts, AttentionFeatures.KeyStarts)
        | If(spec.WindowLeft >= 0, AttentionFeatures.WindowLeft)
        | If(spec.WindowRight >= 0, AttentionFeatures.WindowRight)
        | If(spec.PrefixLengths, AttentionFeatures.PrefixLengths)
        | If(spec.ChunkSize > 0, AttentionFeatures.Chunks)
        | If(spec.Documents, AttentionFeatures.Documents)
        | If(spec.MaskPredicate?.Range is not null, AttentionFeatures.DeclaredRange)
        | If(ComparesPositions(spec), AttentionFeatures.ComparesPositions)
        | If(spec.UsesContext, AttentionFeatures.Ranges)
        | If(spec.MasksKeys, AttentionFeatures.MasksKeys)
        | If(spec.MasksInside, AttentionFeatures.MasksInside)
        | If(spec.BooleanMask != MaskAxes.None, AttentionFeatures.BooleanMask)
        | If(spec.AdditiveMask != MaskAxes.None, AttentionFeatures.AdditiveMask);

    private static AttentionFeatures OfScores(AttentionSpec spec) =>
        If(spec.HasDistanceBias, AttentionFeatures.DistanceBiases)
        | If(spec.Softcap > 0, AttentionFeatures.Softcap)
        | If(spec.ModifiesScores, AttentionFeatures.ModifiesScores)
        | If(spec.NaturalScores, AttentionFeatures.NaturalScores)
        | If(spec.Sinks, AttentionFeatures.Sinks)
        | If(spec.AppendedKeys > 0, AttentionFeatures.AppendsKeys);

    private static AttentionFeatures OfOutputs(AttentionSpec spec) =>
        If(spec.HasLogSumExp, AttentionFeatures.LogSumExp)
        | If(spec.HasProbabilities, AttentionFeatures.Probabilities)
        | If((spec.Outputs & AttentionOutputs.AveragedProbabilities) != 0, AttentionFeatures.AveragedProbabilities)
        | If(spec.ScoreOutput == AttentionOutputs.ScaledScores, AttentionFeatures.ScaledScores)
        | If(spec.ScoreOutput == AttentionOutputs.CappedScores, AttentionFeatures.CappedScores)
        | If(spec.ScoreOutput == AttentionOutputs.MaskedScores, AttentionFeatures.MaskedScores);

    /// <summary>Whether a rule compares the position of a row with that of a key.</summary>
    private static bool ComparesPositions(AttentionSpec spec) =>
        spec.Causal || spec.WindowLeft >= 0 || spec.WindowRight >= 0 || spec.ChunkSize > 0 || spec.Documents
        || spec.HasDistanceBias || spec.ScoreModifier is not null || spec.MaskPredicate is not null;

    private static AttentionFeatures If(bool isDeclared, AttentionFeatures feature) => isDeclared ? feature : AttentionFeatures.None;
}
