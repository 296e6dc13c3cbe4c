using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target, which names the product.</summary>
internal static class LinearTargetEmitter
{
    public static GeneratedFile Write(LinearPlan plan, SharedProducts products) => TargetEmitter.Write(
        LinearProse.Of(plan),
        "ILinearKernels",
        writer => TargetEmitter.WriteName(writer, "Project", plan.Product, products.TypeOf(plan.Target, plan.Product)));
}
