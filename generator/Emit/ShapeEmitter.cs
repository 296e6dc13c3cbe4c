using System.Collections.Generic;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes a spec as the initialiser of the runtime's shape. What a configuration does not declare is left at its default.</summary>
internal static class ShapeEmitter
{
    public static IEnumerable<string> Assignments(AttentionSpec spec)
    {
        yield return CodeWriter.Invariant($"Heads = {spec.Heads}");
        yield return CodeWriter.Invariant($"KvHeads = {spec.KvHeads}");
        yield return CodeWriter.Invariant($"HeadDim = {spec.HeadDim}");
        if (spec.ValueHeadDim != spec.HeadDim)
            yield return CodeWriter.Invariant($"ValueHeadDim = {spec.ValueHeadDim}");
        yield return CodeWriter.Invariant($"DModel = {spec.DModel}");
        yield return CodeWriter.Invariant($"MemoryDim = {spec.MemoryDim}");
        if (!spec.HasProjections)
        {
            yield return "HasProjections = false";
            yield return $"Layout = Library::HeadLayout.{spec.Layout}";
        }

        yield return $"IsCrossAttention = {Bool(spec.IsCrossAttention)}";
        yield return $"QueryBias = {Bool(spec.QueryBias)}";
        yield return $"KeyBias = {Bool(spec.KeyBias)}";
        yield return $"ValueBias = {Bool(spec.ValueBias)}";
        yield return $"OutputBias = {Bool(spec.OutputBias)}";
        yield return $"Causal = {Bool(spec.Causal)}";
        yield return $"CausalAlignment = Library::CausalAlignment.{spec.CausalAlignment}";
        yield return CodeWriter.Invariant($"Scale = {spec.Scale:G9}f");
        yield return $"Rotary = Library::RotaryKind.{spec.Rotary}";
        yield return CodeWriter.Invariant($"RotaryDim = {spec.RotaryDim}");
        yield return CodeWriter.Invariant($"RotaryBase = {spec.RotaryBase:R}");
        foreach (string assignment in RotaryScaling(spec.RotaryEmbedding))
            yield return assignment;
        yield return $"KeyLengths = {Bool(spec.KeyLengths)}";
        foreach (string assignment in Visibility(spec))
            yield return assignment;
        foreach (string assignment in Scores(spec))
            yield return assignment;
        yield return CodeWriter.Invariant($"SequenceLength = {spec.SequenceLength}");
    }

    private static IEnumerable<string> RotaryScaling(RotarySpec rotary)
    {
        if (rotary.Scaling != Model.RotaryScaling.None)
        {
            yield return $"RotaryScaling = Library::RotaryScaling.{rotary.Scaling}";
            yield return CodeWriter.Invariant($"RotaryScalingFactor = {rotary.ScalingFactor:R}");
            yield return CodeWriter.Invariant($"RotaryOriginalLength = {rotary.OriginalLength}");
            yield return CodeWriter.Invariant($"RotaryLowFrequencyFactor = {rotary.LowFrequencyFactor:R}");
            yield return CodeWriter.Invariant($"RotaryHighFrequencyFactor = {rotary.HighFrequencyFactor:R}");
            yield return CodeWriter.Invariant($"RotaryBetaFast = {rotary.BetaFast:R}");
            yield return CodeWriter.Invariant($"RotaryBetaSlow = {rotary.BetaSlow:R}");
            yield return CodeWriter.Invariant($"RotaryAttentionFactor = {rotary.AttentionFactor:R}");
        }

        if (rotary.Positions)
            yield return "Positions = true";
    }

    private static IEnumerable<string> Visibility(AttentionSpec spec)
    {
        if (spec.KeyStarts)
            yield return "KeyStarts = true";
        if (spec.WindowLeft >= 0)
            yield return CodeWriter.Invariant($"WindowLeft = {spec.WindowLeft}");
        if (spec.WindowRight >= 0)
            yield return CodeWriter.Invariant($"WindowRight = {spec.WindowRight}");
        if (spec.PrefixLengths)
            yield return "PrefixLengths = true";
        if (spec.ChunkSize > 0)
            yield return CodeWriter.Invariant($"ChunkSize = {spec.ChunkSize}");
        if (spec.Documents)
            yield return "Documents = true";
        if (spec.BooleanMask != MaskAxes.None)
            yield return CodeWriter.Invariant($"BooleanMask = (Library::MaskAxes){(int)spec.BooleanMask}");
        if (spec.AdditiveMask != MaskAxes.None)
            yield return CodeWriter.Invariant($"AdditiveMask = (Library::MaskAxes){(int)spec.AdditiveMask}");
        if (spec.MaskPredicate is not null)
            yield return "HasMaskPredicate = true";
        if (spec.Ragged)
            yield return "Ragged = true";
        if (spec.SkipPadding)
            yield return "SkipPadding = true";
    }

    private static IEnumerable<string> Scores(AttentionSpec spec)
    {
        if (spec.Softcap > 0)
            yield return CodeWriter.Invariant($"Softcap = {spec.Softcap:G9}f");
        if (spec.ScoreModifier is not null)
            yield return "HasScoreModifier = true";
        if (spec.Alibi)
            yield return "Alibi = true";
        if (spec.RelativePositionBuckets > 0)
        {
            yield return CodeWriter.Invariant($"RelativePositionBuckets = {spec.RelativePositionBuckets}");
            yield return CodeWriter.Invariant($"RelativePositionMaxDistance = {spec.RelativePositionMaxDistance}");
        }

        if (spec.Sinks)
            yield return "Sinks = true";
        if (spec.QueryKeyNorm != Model.QueryKeyNorm.None)
        {
            yield return $"QueryKeyNorm = Library::QueryKeyNorm.{spec.QueryKeyNorm}";
            yield return CodeWriter.Invariant($"QueryKeyNormEpsilon = {spec.QueryKeyNormEpsilon:G9}f");
        }

        if (spec.BiasKeyValue)
            yield return "BiasKeyValue = true";
        if (spec.ZeroKeyValue)
            yield return "ZeroKeyValue = true";
        if (spec.Outputs != AttentionOutputs.None)
            yield return CodeWriter.Invariant($"Outputs = (Library::AttentionOutputs){(int)spec.Outputs}");
    }

    private static string Bool(bool value) => value ? "true" : "false";
}
