using System.Runtime.Intrinsics.Arm;
using AttentionGen.Bench.Measure;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The generator's plan for a shape, on the vector target that this processor uses.</summary>
internal static class PlanOf
{
    /// <summary>The vector target that runs here: without fused multiply-add the last one.</summary>
    public static VectorTarget Target => AdvSimd.Arm64.IsSupported ? VectorTarget.Neon : VectorTarget.All.Last(target => target.Lanes == FmaPeak.Lanes);

    public static AttentionPlan Shape(AttentionShape shape, TransformerLayerShape? layer = null) => AttentionPlan.Create(SpecOf(shape, layer), Target);

    /// <summary>The same of one product.</summary>
    public static LinearPlan Linear(LinearShape shape) =>
        LinearPlan.Create(new() { Class = Ordinary, Shape = ShapeCopy.To<Generator.Model.LinearShape>(shape) }, Target);

    /// <summary>The spec that the generator made of the attribute; the class and its unrolling are taken to be ordinary.</summary>
    public static AttentionSpec SpecOf(AttentionShape shape, TransformerLayerShape? layer = null) => new()
    {
        Layer = layer is null ? null : ShapeCopy.To<Generator.Model.TransformerLayerShape>(layer),
        Class = Ordinary,
        Shape = ShapeCopy.To<Generator.Model.AttentionShape>(shape),
    };

    private static KernelClass Ordinary => new() { Namespace = "", Declarations = new(["partial class Block"]), Name = "Block", HintName = "Block" };
}
