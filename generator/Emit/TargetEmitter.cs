using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file of one vector target: the path through the block, then every kernel it calls.</summary>
internal static class TargetEmitter
{
    /// <summary>Name of the nested class that holds a target's kernels.</summary>
    public static string ClassName(VectorTarget target) => $"{target.Name}Kernels";

    public static GeneratedFile Write(AttentionPlan plan)
    {
        var writer = new CodeWriter();
        AttentionSpec spec = plan.Spec;
        FileEmitter.Open(writer, plan);
        using (FileEmitter.Nest(writer, spec, ""))
        {
            writer.Line($"/// <summary>The kernels of this shape for {plan.Target.Name}.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"private static class {ClassName(plan.Target)}"))
            {
                WriteSizes(writer, plan);
                writer.Line();
                ForwardEmitter.Write(writer, plan);
                writer.Line();
                ProductEmitter.WriteSplit(writer, plan.Scores);
                foreach (ProductPlan projection in plan.Projections)
                {
                    writer.Line();
                    ProjectionEmitter.Write(writer, plan, projection);
                }

                writer.Line();
                ScoresEmitter.Write(writer, plan);
                writer.Line();
                ValuesEmitter.Write(writer, plan);
                writer.Line();
                SoftmaxEmitter.Write(writer, plan);
                writer.Line();
                AttendEmitter.Write(writer, plan);
            }
        }

        return new($"{spec.Target.HintName}.{plan.Target.Name}.g.cs", writer.ToString());
    }

    private static void WriteSizes(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Floats of scratch that a call needs beside keys and values.</summary>");
        writer.Line($"internal const int ScratchFloats = {plan.Scratch.Length};");
        writer.Line();
        writer.Line("/// <summary>Floats of keys and values, for so many keys of one sequence without a cache.</summary>");
        using (writer.Block("internal static nint KeyValueFloats(nint keys)"))
            writer.Line($"return ((keys + 15) & ~(nint)15) * {spec.KvHeads * (spec.HeadDim + plan.HeadDimPadded)};");
    }
}
