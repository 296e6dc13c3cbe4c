using System.Collections.Generic;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the file with the path of a call through the block. It is the same for every vector target: a generic class over
/// the struct of a target's kernels, which the JIT compiles for each struct with direct calls.
/// </summary>
internal static class PathEmitter
{
    /// <summary>Name of the generic class, closed over a target's kernels.</summary>
    public static string Name(VectorTarget target) => $"BlockPath<{TargetEmitter.KernelsName(target)}>";

    public static GeneratedFile Write(IReadOnlyList<AttentionPlan> plans)
    {
        var writer = new CodeWriter();
        AttentionPlan plan = plans[0];
        AttentionSpec spec = plan.Spec;
        HeaderEmitter.WriteSharedPlan(writer, plan);
        FileEmitter.Open(writer);
        using (FileEmitter.Nest(writer, spec, ""))
        {
            if (spec.UsesContext)
            {
                ContextEmitter.WriteType(writer, spec);
                writer.Line();
            }

            WriteInterface(writer, plan);
            writer.Line();
            writer.Line("/// <summary>The way of a call through the block, with one target's kernels.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block("private static class BlockPath<TKernels>\n    where TKernels : struct, IKernels"))
            {
                WriteSizes(writer, plan);
                writer.Line();
                ForwardEmitter.Write(writer, plan);
                writer.Line();
                PartsEmitter.Write(writer, plans);
                writer.Line();
                AttendEmitter.Write(writer, plan);
            }
        }

        return new($"{spec.Target.HintName}.Path.g.cs", writer.ToString());
    }

    private static void WriteInterface(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>What each vector target has kernels for.</summary>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block("private interface IKernels"))
        {
            foreach (ProductPlan product in plan.Products)
                writer.Line($"static abstract void {product.Name}({MatrixKernelEmitter.Parameters(product.Kernel)});");
            writer.Line(spec.UsesContext
                ? $"static abstract void Softmax({RangeSoftmaxEmitter.Parameters});"
                : $"static abstract void Softmax(ref float scores, nint rows, nint columns, {(spec.Causal ? "nint first, nint seen, " : "")}ref float state);");
            writer.Line("static abstract void Merge(ref float softmax, nint rows);");
            writer.Line("static abstract void MergeHeads(ref float heads, ref float blockHeads, nint rows, ref float softmax);");
            writer.Line($"static abstract {(spec.MasksKeys ? "bool" : "void")} JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined);");
            if (spec.ModifiesScores)
                writer.Line($"static abstract void Modify({ModifyEmitter.Parameters(spec)});");
            if (ModifyEmitter.NeedsCapAlone(spec))
                writer.Line("static abstract void Cap(ref float scores, nint rows, nint columns);");
            if (FinishEmitter.IsNeeded(spec))
                writer.Line($"static abstract void Finish(ref float softmax, nint rows, nint first, nint head, nint firstRow, in {ContextEmitter.TypeName} context);");
            if (spec.HasProbabilities)
                writer.Line($"static abstract void Probabilities(ref float scores, nint rows, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax, in {ContextEmitter.TypeName} context);");
        }
    }

    private static void WriteSizes(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Floats of scratch that a call needs beside keys and values.</summary>");
        writer.Line($"internal const int ScratchFloats = {plan.Scratch.Length};");
        writer.Line();
        writer.Line("/// <summary>Floats of keys and values, for so many keys of one sequence without a cache.</summary>");
        writer.Line("internal static nint KeyValueFloats(nint keys) =>");
        writer.Line($"    ((keys + 15) & ~(nint)15) * {spec.KvHeads * (spec.HeadDim + plan.ValueHeadDimPadded)};");
    }
}
