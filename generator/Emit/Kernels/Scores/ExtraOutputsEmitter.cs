using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the kernel of probabilities that come beside the output.</summary>
internal static class ExtraOutputsEmitter
{
    /// <summary>The kernel that turns final scores into probabilities.</summary>
    public static void WriteKernel(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        bool averaged = plan.Steps.AveragesProbabilities;
        writer.Line(plan.Steps.ModifiesProbabilities
            ? "/// <summary>Gives the modified probabilities of each row for the keys of a block to the caller.</summary>"
            : "/// <summary>Probabilities of each row for the keys of a block, from their scores, the row's maximum and its sum.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.Probabilities.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
                writer.Line("nint begin = Math.Max(0, Unsafe.Add(ref ranges, 2 * row) - key);");
                writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
                writer.Line($"float sum = Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + row);");
                writer.Line("// Such a row sees no key; its end may lie before this block.");
                writer.Line("if (sum == 0)\n    begin = end = 0;");
                if (!plan.Steps.ModifiesProbabilities)
                {
                    WriteFactors(writer, plan);
                    using (writer.Block($"for (nint k = begin & ~(nint){target.Lanes - 1}; k < end; k += {target.Lanes})"))
                    {
                        writer.Line($"{target.VectorType}<float> score = {target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
                        writer.Line($"{Probability(plan)}.StoreUnsafe(ref Unsafe.Add(ref line, k));");
                    }
                }

                writer.Line($"ref float target = ref Unsafe.Add(ref context.Probabilities, {Place(plan)});");
                string share = CodeWriter.Invariant($"{1f / plan.Shape.Heads:R}f");
                writer.Line(averaged
                    ? $"Services::MaskRows.AddRange(ref line, begin, end, columns, ref target, {share}, {GroupedRow.QueryHead(plan)} == 0);"
                    : "Services::MaskRows.CopyRange(ref line, begin, end, columns, ref target, 0);");
            }
        }
    }

    /// <summary>What the probabilities of a row are computed with, from its maximum and its <c>sum</c>.</summary>
    public static void WriteFactors(CodeWriter writer, AttentionPlan plan)
    {
        string name = plan.Target.VectorType;
        if (plan.Steps.TakesSigmoid)
            return;
        writer.Line($"{name}<float> maximum = {name}.Create(Unsafe.Add(ref softmax, {KernelConstantsEmitter.Maximum} + row));");
        writer.Line($"{name}<float> factor = {name}.Create(1 / sum);");
    }

    /// <summary>The final probabilities of a vector <c>score</c>.</summary>
    /// <param name="nested">Whether a member access is applied to it.</param>
    public static string Probability(AttentionPlan plan, bool nested = true)
    {
        string normalized = $"{SoftmaxEmitter.Power(plan, "score - maximum")} * factor";
        return plan.Steps.TakesSigmoid ? "Sigmoid(score)" : nested ? $"({normalized})" : normalized;
    }

    private static string Place(AttentionPlan plan)
    {
        string inputRow = GroupedRow.InputRow(plan);
        return plan.Steps.AveragesProbabilities
            ? $"(({inputRow}) * context.Keys) + key"
            : $"((({GroupedRow.QueryHead(plan)} * context.Rows) + {inputRow}) * context.Keys) + key";
    }
}
