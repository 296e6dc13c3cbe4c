using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target: every kernel of the shape.</summary>
internal static class TargetEmitter
{
    /// <summary>Name of the nested type that holds a target's kernels.</summary>
    public static string KernelsName(VectorTarget target) => $"{target.Name}Kernels";

    public static GeneratedFile Write(AttentionPlan plan)
    {
        var writer = new CodeWriter();
        AttentionSpec spec = plan.Spec;
        HeaderEmitter.WritePlan(writer, plan);
        FileEmitter.Open(writer);
        using (FileEmitter.Nest(writer, spec, ""))
        {
            writer.Line($"/// <summary>The kernels of this shape for {plan.Target.Name}.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"private readonly struct {KernelsName(plan.Target)} : IKernels"))
            {
                KernelConstantsEmitter.Write(writer, plan);
                RowSplitEmitter.Write(writer, plan.Scores);
                foreach (ProductPlan product in plan.Products)
                {
                    writer.Line();
                    MatrixKernelEmitter.Write(writer, plan.Target, product);
                }

                writer.Line();
                MergeHeadsEmitter.Write(writer, plan);
                writer.Line();
                SoftmaxEmitter.Write(writer, plan);
                writer.Line();
                ModifyEmitter.Write(writer, plan);
                if (plan.Steps.Finishes)
                {
                    FinishEmitter.Write(writer, plan);
                    writer.Line();
                }

                if (plan.Steps.WritesProbabilities)
                {
                    ExtraOutputsEmitter.WriteKernel(writer, plan);
                    writer.Line();
                }

                JoinEmitter.Write(writer, plan);
            }
        }

        return new($"{spec.Class.HintName}.{plan.Target.Name}.g.cs", writer.ToString());
    }
}
