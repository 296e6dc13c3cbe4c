using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>The words of an attention block, and of the layer around it.</summary>
internal static class AttentionProse
{
    /// <summary>What the prose of a file says of a plan.</summary>
    public static PlanProse Of(AttentionPlan plan) => new()
    {
        Class = plan.Class,
        Target = plan.Target,
        Configuration = Describe(plan),
        Reasons = plan.Reasons,
        SharedReasons = plan.SharedReasons,
        LargestTile = plan.Main.LargestTile,
        Blocks = CodeWriter.Invariant($"row blocks of {plan.RowBlock}, query blocks of {AttentionPlan.QueryBlock}, key blocks of {AttentionPlan.KeyBlock}"),
        Counts = [.. Counts(plan)],
        Legend = [.. Legend(plan.Shape)],
        Costs = Costs(plan),
        Memory = CodeWriter.Invariant(
            $"{plan.WeightBytes / 1024} KiB of packed weights, {4L * plan.Scratch.Length / 1024} KiB of scratch, {plan.KeyValueBytes} bytes a key"),
    };

    private static IEnumerable<string> Counts(AttentionPlan plan)
    {
        string network = plan.Layer is null ? "" : CodeWriter.Invariant($", {plan.FeedForwardMultiplyAdds} a row for the feed-forward network");
        yield return CodeWriter.Invariant(
            $"Multiply-adds: {plan.ProjectionMultiplyAdds} a row for the projections, {plan.AttentionMultiplyAdds} a row and visible key for the ")
                + CodeWriter.Invariant($"attention{network}.");
        yield return CodeWriter.Invariant(
            $"Bytes: {plan.WeightBytes} of packed weights, {4L * plan.Scratch.Length} of scratch, {plan.KeyValueBytes} of keys and values for each key of a ")
                + "sequence.";
        foreach (ScratchSlice slice in plan.Scratch.Slices)
            yield return CodeWriter.Invariant($"Scratch {slice.Name}: {slice.Length} floats from {slice.Offset}: {slice.Purpose}.");
    }

    private static string Costs(AttentionPlan plan)
    {
        string network = plan.Layer is null ? "" : CodeWriter.Invariant($", {plan.FeedForwardMultiplyAdds} for the feed-forward network,");
        string work = CodeWriter.Invariant(
            $"{plan.ProjectionMultiplyAdds} multiply-adds a row for the projections{network} and {plan.AttentionMultiplyAdds} a row and visible key");
        return CodeWriter.Invariant(
            $"{work}; {plan.WeightBytes / 1024} KiB of packed weights, {4L * plan.Scratch.Length / 1024} KiB of scratch a call, {plan.KeyValueBytes} bytes of ")
                + "keys and values for each key of a sequence";
    }

    /// <summary>What the names in the files of kernels mean.</summary>
    private static IEnumerable<string> Legend(AttentionShape shape)
    {
        foreach (string name in ProseEmitter.ProductLegend)
            yield return name;
        if (shape.Group > 1)
            yield return CodeWriter.Invariant(
                $"Row e of a KV head is query head e mod {shape.Group} of input row e / {shape.Group}, because {shape.Group} query heads share a KV head.");
        yield return "SoftmaxState has the places of maxima, sums and factors of a query block: of the merged key blocks, and of the present one.";
    }

    /// <summary>The configuration in one sentence.</summary>
    public static string Describe(AttentionPlan plan)
    {
        AttentionShape shape = plan.Shape;
        string kind = !shape.HasProjections
            ? $"Attention without projections, [{(shape.Layout == HeadLayout.RowsHeads ? "batch, rows, heads" : "batch, heads, rows")}]"
            : shape.IsCrossAttention
            ? CodeWriter.Invariant($"Cross-attention on a memory {shape.MemoryDim} wide{ValueInput(shape)}")
            : "Self-attention";
        string heads = shape.Group == 1
            ? CodeWriter.Invariant($"{CodeWriter.Count(shape.Heads, "head")} of {shape.HeadDim}")
            : CodeWriter.Invariant($"{shape.Heads} query heads and {CodeWriter.Count(shape.KvHeads, "KV head")} of {shape.HeadDim}");
        if (shape.ValueHeadDim != shape.HeadDim)
            heads += CodeWriter.Invariant($", values of {shape.ValueHeadDim}");
        string causal = shape.Causal ? $", causal ({(shape.CausalAlignment == CausalAlignment.TopLeft ? "top-left" : "bottom-right")})" : "";
        string rotary = Rotary(shape);
        string lengths = shape.KeyLengths ? ", key lengths" : "";
        string rows = shape.SequenceLength > 0 ? $", {CodeWriter.Count(shape.SequenceLength, "row")}" : "";
        string width = shape.HasProjections ? CodeWriter.Invariant($", DModel {shape.DModel}") : "";
        string biases = shape.HasProjections ? $", biases {Biases(shape)}" : "";
        string declared = string.Concat(DescribeVisibility(plan).Concat(DescribeScores(plan)).Select(words => $", {words}"));
        string attention = CodeWriter.Invariant($"{kind}: {heads}{width}, scale {shape.Scale:G9}{causal}{rotary}{lengths}{declared}{rows}{biases}.");
        if (plan.Layer is not { } layer)
            return attention;
        string memory = layer.MemoryDim == 0
            ? ""
            : CodeWriter.Invariant($" Then cross-attention on a memory {layer.MemoryDim} wide{(layer.MemoryLengths ? ", memory lengths" : "")}.");
        return $"{Describe(layer)} {attention}{memory}";
    }

    private static string Describe(TransformerLayerShape layer)
    {
        var biases = new[] { (layer.UpBias, "up"), (layer.GateBias, "gate"), (layer.DownBias, "down") }.Where(bias => bias.Item1)
            .Select(bias => bias.Item2)
            .ToList();
        string norm = CodeWriter.Invariant(
            $"{(layer.Norm == Norm.Rms ? "RMS norm" : layer.NormBias ? "layer norm" : "layer norm without bias")} (epsilon {layer.NormEpsilon:G9})");
        string place = layer.NormPlacement switch
        {
            NormPlacement.Pre => 
                layer.ParallelNorms ? "before each of two parallel branches" : layer.ParallelBranches ? "before two parallel branches" : "before each branch",
            NormPlacement.Post => "after each sum",
            _ => "before and after each branch",
        };
        string scale = layer.ResidualScale == 1 ? "" : CodeWriter.Invariant($", branches times {layer.ResidualScale:G9}");
        return CodeWriter.Invariant(
            $"Transformer layer: feed-forward {layer.FeedForwardDim} wide, {layer.Activation}{(layer.Gated ? ", gated" : "")}, biases ")
                + CodeWriter.Invariant($"{(biases.Count == 0 ? "none" : string.Join(", ", biases))}; {norm} {place}{scale}.");
    }

    private static string ValueInput(AttentionShape shape) =>
        shape.ValueInputDim > 0 ? CodeWriter.Invariant($", values from an input {shape.ValueInputDim} wide") : "";

    private static string Rotary(AttentionShape shape)
    {
        if (shape.Rotary == RotaryKind.None)
            return "";
        string kind = shape.Rotary switch { RotaryKind.HalfSplit => "half-split", RotaryKind.Interleaved => "interleaved", _ => "proportional" };
        string scaling = shape.RotaryScaling switch
        {
            RotaryScaling.None => "",
            RotaryScaling.Linear => CodeWriter.Invariant($", linear scaling by {shape.RotaryScalingFactor:R}"),
            RotaryScaling.Llama3 => CodeWriter.Invariant($", Llama 3 scaling by {shape.RotaryScalingFactor:R} from {shape.RotaryOriginalLength}"),
            RotaryScaling.DynamicNtk => CodeWriter.Invariant(
                $", dynamic NTK scaling by {shape.RotaryScalingFactor:R} from {shape.RotaryOriginalLength} to {shape.RotaryLength}"),
            RotaryScaling.LongRope => CodeWriter.Invariant(
                $", LongRoPE from {shape.RotaryOriginalLength} to {shape.RotaryLength}, attention factor {shape.RotaryAttentionFactor:R}"),
            _ =>
                CodeWriter.Invariant(
                    $", YaRN scaling by {shape.RotaryScalingFactor:R} from {shape.RotaryOriginalLength}{(shape.RotaryTruncate ? "" : ", range not rounded")}, ")
                        + CodeWriter.Invariant($"attention factor {shape.RotaryAttentionFactor:R}"),
        };
        string frequencies = shape.RotaryTables ? "cosines and sines given"
            : shape.RotaryFrequencies.Count > 0 ? "frequencies given" : CodeWriter.Invariant($"base {shape.RotaryBase:R}");
        return CodeWriter.Invariant(
            $", rotary ({kind}, {shape.RotaryDim} of {shape.HeadDim}, {frequencies}{scaling}{Positions(shape)})");
    }

    private static string Positions(AttentionShape shape)
    {
        if (!shape.Positions)
            return "";
        string axes = shape.RotarySections.Count == 0 ? ""
            : $" on axes of {string.Join(", ", shape.RotarySections)} pairs{(shape.RotarySectionsInterleaved ? " that take turns" : "")}";
        return $", positions given{axes}";
    }

    private static IEnumerable<string> DescribeVisibility(AttentionPlan plan)
    {
        AttentionShape shape = plan.Shape;
        if (shape.KeyStarts)
            yield return "key starts";
        if (shape.PrefixLengths)
            yield return "prefix lengths";
        if (shape.WindowLeft >= 0)
            yield return CodeWriter.Invariant($"window of {shape.WindowLeft} to the left");
        if (shape.WindowRight >= 0)
            yield return CodeWriter.Invariant($"window of {shape.WindowRight} to the right");
        if (shape.ChunkSize > 0)
            yield return CodeWriter.Invariant($"chunks of {shape.ChunkSize}");
        if (shape.Documents)
            yield return "documents";
        if (shape.BooleanMask != MaskAxes.None)
            yield return $"boolean mask [{Axes(shape.BooleanMask)}]";
        if (shape.AdditiveMask != MaskAxes.None)
            yield return $"additive mask [{Axes(shape.AdditiveMask)}]";
        if (shape.MaskLength)
            yield return "mask length";
        if (plan.Steps.ScorePass?.Predicate is { } predicate)
            yield return $"mask predicate {predicate.Name}{(plan.Steps.DeclaredRange is { } range ? $" with its range {range}" : "")}";
        if (shape.Ragged)
            yield return "ragged";
        if (shape.SkipPadding)
            yield return "padding skipped";
    }

    private static IEnumerable<string> DescribeScores(AttentionPlan plan)
    {
        AttentionShape shape = plan.Shape;
        if (shape.QueryKeyNorm != QueryKeyNorm.None)
            yield return $"{(shape.QueryKeyNorm == QueryKeyNorm.Rms ? "RMS" : "layer")} norm of queries and keys{Scope(shape)} "
                + CodeWriter.Invariant($"(epsilon {shape.QueryKeyNormEpsilon:G9}")
                + $"{(shape.QueryKeyNormAfterRotary ? ", after the rotation" : "")})";
        if (shape.Softcap > 0)
            yield return CodeWriter.Invariant($"softcap {shape.Softcap:G9}");
        if (plan.Steps.ScorePass?.Modifier is { } modifier)
            yield return $"score modifier {modifier.Name}";
        if (shape.ScoreFunction == ScoreFunction.Sigmoid)
            yield return CodeWriter.Invariant($"sigmoid with bias {shape.SigmoidBias:G9}");
        if (plan.Steps.ProbabilityModifier is { } probability)
            yield return $"probability modifier {probability.Name}";
        if (shape.Alibi)
            yield return $"linear biases{(shape.AlibiSlopes.Count > 0 ? " of given slopes" : "")}"
                + (shape.AlibiScale == 1 ? "" : CodeWriter.Invariant($" times {shape.AlibiScale:R}"));
        if (shape.RelativePositionBuckets > 0)
            yield return CodeWriter.Invariant($"{shape.RelativePositionBuckets} relative position buckets up to {shape.RelativePositionMaxDistance}");
        if (shape.Sinks)
            yield return "sinks";
        if (shape.BiasKeyValue)
            yield return "bias key and value";
        if (shape.ZeroKeyValue)
            yield return "zero key and value";
        if (shape.HeadMask)
            yield return "head mask";
        if (shape.OutputGate)
            yield return "output gate";
        if (shape.InputBias)
            yield return "biases of queries, keys and values";
        if (!shape.OutputProjection)
            yield return "no output projection";
        if (shape.KeyValues != KeyValueFormat.Float32)
            yield return $"keys and values in {shape.KeyValues}";
        if (shape.HasProbabilities)
            yield return (shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0 ? "mean probabilities out" : "probabilities out";
        if (shape.ScoreOutput != AttentionOutputs.None)
        {
            yield return shape.ScoreOutput switch
            {
                AttentionOutputs.ScaledScores => "scaled scores out",
                AttentionOutputs.CappedScores => "capped scores out",
                _ => "masked scores out",
            };
        }
        if (shape.HasLogSumExp)
            yield return "log-sum-exp out";
        if (shape.Gradients)
            yield return "gradients";
    }

    private static string Scope(AttentionShape shape) => (shape.QueryKeyNorm == QueryKeyNorm.Layer && !shape.QueryKeyNormBias ? " without bias" : "")
        + shape.QueryKeyNormScope switch
        {
            QueryKeyNormScope.HeadOwnWeights => " with weights of each head",
            QueryKeyNormScope.Projection => " over all heads",
            _ => "",
        };

    private static string Axes(MaskAxes axes)
    {
        (MaskAxes, string)[] all = [(MaskAxes.Batch, "batch"), (MaskAxes.Head, "head"), (MaskAxes.Query, "query"), (MaskAxes.Key, "key")];
        return string.Join(", ", all.Where(axis => (axes & axis.Item1) != 0).Select(axis => axis.Item2));
    }

    private static string Biases(AttentionShape shape)
    {
        var names = new[] { (shape.QueryBias, "query"), (shape.KeyBias, "key"), (shape.ValueBias, "value"), (shape.OutputBias, "output") }
            .Where(bias => bias.Item1).Select(bias => bias.Item2).ToList();
        return names.Count switch { 0 => "none", 4 => "all", _ => string.Join(", ", names) };
    }
}
