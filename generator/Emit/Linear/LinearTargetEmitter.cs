using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target: the kernels of the product.</summary>
internal static class LinearTargetEmitter
{
    public static GeneratedFile Write(LinearPlan plan) => TargetEmitter.Write(LinearProse.Of(plan), "ILinearKernels", plan.Product.Split, writer =>
    {
        TargetEmitter.WriteName(writer, "Project", plan.Product);
        writer.Line();
        MatrixKernelEmitter.Write(writer, plan.Target, plan.Product);
    });
}
