using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target: the kernels of the product.</summary>
internal static class LinearTargetEmitter
{
    public static GeneratedFile Write(LinearPlan plan)
    {
        var writer = new CodeWriter();
        LinearHeaderEmitter.WritePlan(writer, plan);
        FileEmitter.Open(writer);
        using (FileEmitter.Nest(writer, plan.Class, ""))
        {
            writer.Line($"/// <summary>The kernels of this shape for {plan.Target.Name}.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"private readonly struct {TargetEmitter.KernelsName(plan.Target)} : Services::ILinearKernels"))
            {
                writer.Line($"public static bool PinsRows => {(plan.Target.PinsRows ? "true" : "false")};");
                writer.Line();
                RowSplitEmitter.Write(writer, plan.Product.Split);
                writer.Line();
                writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
                writer.Line("public static void Project(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride) =>");
                writer.Line($"    {plan.Product.Name}(ref a, rows, ref weights, ref bias, panels, ref c, stride);");
                writer.Line();
                MatrixKernelEmitter.Write(writer, plan.Target, plan.Product);
            }
        }

        return new($"{plan.Class.HintName}.{plan.Target.Name}.g.cs", writer.ToString());
    }
}
