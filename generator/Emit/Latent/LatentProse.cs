using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>The words of a block of latent attention.</summary>
internal static class LatentProse
{
    /// <summary>What the prose of the file says, for each vector target. The classes inside give the reasons.</summary>
    public static IReadOnlyList<PlanProse> Of(LatentPlan plan)
    {
        string multiplyAdds = CodeWriter.Invariant(
            $"{plan.RowMultiplyAdds} multiply-adds a row, and for each visible key {plan.KeyMultiplyAdds.Expanded} expanded or ")
                + CodeWriter.Invariant($"{plan.KeyMultiplyAdds.Absorbed} absorbed");
        string memory = CodeWriter.Invariant(
            $"{plan.Products.Sum(WeightBytes) / 1024} KiB of packed weights, {plan.KeyValueBytes} bytes of a cache for each key");
        return
        [
            .. AttentionPlan.CreateAll(plan.Absorbed).Select(core => new PlanProse
            {
                Class = plan.Spec.Class,
                Target = core.Target,
                Configuration = Describe(plan.Spec.Shape),
                Reasons = [],
                SharedReasons = [],
                LargestTile = core.Main.LargestTile,
                Blocks = CodeWriter.Invariant($"{plan.Products.Count} products and two forms of attention, each a class inside"),
                Counts = [],
                Legend = [],
                Costs = $"{multiplyAdds}; {memory}",
                Memory = memory,
            }),
        ];
    }

    private static long WeightBytes(LatentProduct product) => product.Heads * LinearPlan.CreateAll(product.Spec)[0].WeightBytes;

    /// <summary>The configuration in one sentence.</summary>
    private static string Describe(LatentAttentionShape shape)
    {
        string queries = shape.QueryLatentDim == 0 ? "" : CodeWriter.Invariant($", latent queries {shape.QueryLatentDim} wide");
        string rotary = shape.Attention.Rotary == RotaryKind.Interleaved ? "interleaved" : "half-split";
        return CodeWriter.Invariant($"Latent attention: {CodeWriter.Count(shape.Heads, "head")} of {shape.HeadDim}, of which {shape.RotaryDim} rotated ")
            + CodeWriter.Invariant($"({rotary}), values of {shape.ValueHeadDim}, DModel {shape.DModel}, latent vectors {shape.LatentDim} wide{queries}, ")
            + CodeWriter.Invariant($"scale {shape.Attention.Scale}{(shape.Attention.Causal ? ", causal" : "")}{(shape.Attention.Ragged ? ", ragged" : "")}")
            + $"{(shape.Biases ? ", biases" : "")}{(shape.Weights == WeightFormat.Float32 ? "" : $", weights {shape.Weights}")}.";
    }
}
