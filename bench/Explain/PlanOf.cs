using AttentionGen.Bench.Measure;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The generator's plan for a shape, on the vector target that this processor uses.</summary>
internal static class PlanOf
{
    public static AttentionPlan Shape(AttentionShape shape) => AttentionPlan.Create(SpecOf(shape), VectorTarget.All.First(target => target.Lanes == FmaPeak.Lanes));

    /// <summary>The spec that the generator made of the attribute; the class and its unrolling are taken to be ordinary.</summary>
    public static AttentionSpec SpecOf(AttentionShape shape) => new()
    {
        Class = new() { Namespace = "", Declarations = new(["partial class Block"]), Name = "Block", HintName = "Block" },
        Shape = ShapeCopy.To<Generator.Model.AttentionShape>(shape),
    };
}
