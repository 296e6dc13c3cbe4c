using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>What the path of a call does for a shape, as the flags that its class states.</summary>
internal static class FeatureList
{
    public static AttentionFeatures Of(AttentionShape shape, AttentionSteps steps) =>
        OfInputs(shape) | OfVisibility(shape, steps) | OfScores(shape, steps) | OfOutputs(shape);

    /// <summary>What a Transformer layer adds.</summary>
    public static AttentionFeatures Of(TransformerLayerShape? layer) => layer is null ? AttentionFeatures.None :
        AttentionFeatures.Layer
        | If(layer.NormPlacement != NormPlacement.Post, AttentionFeatures.NormBefore)
        | If(layer.NormPlacement == NormPlacement.Both, AttentionFeatures.NormResult)
        | If(layer.NormPlacement == NormPlacement.Post, AttentionFeatures.NormSum)
        | If(layer.ParallelBranches, AttentionFeatures.ParallelBranches)
        | If(layer.ParallelNorms, AttentionFeatures.ParallelNorms)
        | If(layer.Gated, AttentionFeatures.Gated)
        | If(layer.MemoryDim > 0, AttentionFeatures.Memory)
        | If(layer.MemoryLengths, AttentionFeatures.MemoryLengths)
        | If(layer.FeedForwardWeights != WeightFormat.Float32, AttentionFeatures.NarrowFeedForward);

    private static AttentionFeatures OfInputs(AttentionShape shape) =>
        If(shape.HasProjections, AttentionFeatures.Projections)
        | If(!shape.OutputProjection, AttentionFeatures.JoinedOutput)
        | If(shape.InputBias, AttentionFeatures.InputBias)
        | If(shape.Weights != WeightFormat.Float32, AttentionFeatures.NarrowWeights)
        | If(shape.IsCrossAttention, AttentionFeatures.CrossAttention)
        | If(shape.ValueInputDim > 0, AttentionFeatures.ValueInput)
        | If(shape.HasCache, AttentionFeatures.Cache)
        | If(shape.KeyValues != KeyValueFormat.Float32, AttentionFeatures.NarrowKeyValues)
        | If(shape.Gradients, AttentionFeatures.Gradients)
        | If(shape.CacheWindow >= 0, AttentionFeatures.Ring)
        | If(shape.SequenceLength > 0, AttentionFeatures.FixedRows)
        | If(shape.HeadsBeforeRows, AttentionFeatures.HeadsBeforeRows)
        | If(shape.Ragged, AttentionFeatures.Ragged)
        | If(shape.SkipPadding, AttentionFeatures.SkipPadding)
        | If(shape.QueryKeyNorm != QueryKeyNorm.None, AttentionFeatures.HeadNorms)
        | If(shape.QueryKeyNormAfterRotary, AttentionFeatures.NormAfterRotary)
        | If(shape.RotaryTables, AttentionFeatures.RotaryTables)
        | If(shape.Rotary is RotaryKind.HalfSplit or RotaryKind.Proportional, AttentionFeatures.HalfSplitRotary)
        | If(shape.Rotary == RotaryKind.Interleaved, AttentionFeatures.InterleavedRotary)
        | If(shape.Rotary != RotaryKind.None && shape.Positions, AttentionFeatures.Positions);

    private static AttentionFeatures OfVisibility(AttentionShape shape, AttentionSteps steps) =>
        If(shape.Causal, AttentionFeatures.Causal)
        | If(shape.CausalAlignment == CausalAlignment.BottomRight, AttentionFeatures.BottomRight)
        | If(shape.KeyLengths, AttentionFeatures.KeyLengths)
        | If(shape.KeyStarts, AttentionFeatures.KeyStarts)
        | If(shape.WindowLeft >= 0, AttentionFeatures.WindowLeft)
        | If(shape.WindowRight >= 0, AttentionFeatures.WindowRight)
        | If(shape.PrefixLengths, AttentionFeatures.PrefixLengths)
        | If(shape.ChunkSize > 0, AttentionFeatures.Chunks)
        | If(shape.Documents, AttentionFeatures.Documents)
        | If(steps.DeclaredRange is not null, AttentionFeatures.DeclaredRange)
        | If(ComparesPositions(shape), AttentionFeatures.ComparesPositions)
        | If(steps.HasRowRanges, AttentionFeatures.Ranges)
        | If(steps.LooksForNaN, AttentionFeatures.MasksKeys)
        | If(steps.MasksInside, AttentionFeatures.MasksInside)
        | If(shape.BooleanMask != MaskAxes.None, AttentionFeatures.BooleanMask)
        | If(shape.AdditiveMask != MaskAxes.None, AttentionFeatures.AdditiveMask)
        | If(shape.MaskLength, AttentionFeatures.MaskLength);

    private static AttentionFeatures OfScores(AttentionShape shape, AttentionSteps steps) =>
        If(shape.HasDistanceBias, AttentionFeatures.DistanceBiases)
        | If(shape.Softcap > 0, AttentionFeatures.Softcap)
        | If(steps.ScorePass is not null, AttentionFeatures.ModifiesScores)
        | If(steps.NaturalScores, AttentionFeatures.NaturalScores)
        | If(steps.ModifiesProbabilities, AttentionFeatures.ModifiesProbabilities)
        | If(shape.Sinks, AttentionFeatures.Sinks)
        | If(shape.AppendedKeys > 0, AttentionFeatures.AppendsKeys)
        | If(shape.HeadMask, AttentionFeatures.HeadMask)
        | If(shape.OutputGate, AttentionFeatures.OutputGate);

    private static AttentionFeatures OfOutputs(AttentionShape shape) =>
        If(shape.HasLogSumExp, AttentionFeatures.LogSumExp)
        | If(shape.HasProbabilities, AttentionFeatures.Probabilities)
        | If((shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0, AttentionFeatures.AveragedProbabilities)
        | If(shape.ScoreOutput == AttentionOutputs.ScaledScores, AttentionFeatures.ScaledScores)
        | If(shape.ScoreOutput == AttentionOutputs.CappedScores, AttentionFeatures.CappedScores)
        | If(shape.ScoreOutput == AttentionOutputs.MaskedScores, AttentionFeatures.MaskedScores);

    /// <summary>Whether a rule compares the position of a row with that of a key.</summary>
    private static bool ComparesPositions(AttentionShape shape) =>
        shape.Causal || shape.WindowLeft >= 0 || shape.WindowRight >= 0 || shape.ChunkSize > 0 || shape.Documents
        || shape.HasDistanceBias || shape.CallsHooks;

    private static AttentionFeatures If(bool isDeclared, AttentionFeatures feature) => isDeclared ? feature : AttentionFeatures.None;
}
