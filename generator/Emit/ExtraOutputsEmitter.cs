using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes probabilities and scores that come beside the output: a second pass over the keys, once maxima and sums are known.</summary>
internal static class ExtraOutputsEmitter
{
    public static bool IsNeeded(AttentionSpec spec) => spec.HasProbabilities || spec.ScoreOutput != AttentionOutputs.None;

    /// <summary>The pass of the path.</summary>
    public static void WriteSweep(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Scores or probabilities of some query rows of one KV head and every key, for the caller.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void WriteExtraOutputs(ref float queries, ref float scratch, nint head, nint first, nint count, in Services::KeyValuePanels panels, in {ContextEmitter.TypeName} context, nint firstRow)"))
        {
            writer.Line("ref float keys = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);");
            writer.Line($"ref int ranges = ref Unsafe.As<float, int>(ref Unsafe.Add(ref scratch, {plan.Scratch["Ranges"].Offset}));");
            writer.Line($"ref float scores = ref Unsafe.Add(ref scratch, {plan.Scratch["Scores"].Offset});");
            using (writer.Block($"for (nint key = 0; key < context.Keys; key += {AttentionPlan.KeyBlock})"))
            {
                using (writer.Block($"for (nint row = 0; row < count; row += {AttentionPlan.QueryBlock})"))
                {
                    writer.Line($"nint rows = Math.Min({AttentionPlan.QueryBlock}, count - row);");
                    writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, context.Keys - key);");
                    writer.Line($"TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * {spec.HeadDim}), rows, ref Unsafe.Add(ref keys, key * {spec.HeadDim}), (columns + 15) >> 4, ref scores);");
                    if (spec.ScoreOutput == AttentionOutputs.CappedScores && spec.Softcap > 0)
                        writer.Line("TKernels.Cap(ref scores, rows, columns);");
                    if (spec.ScoreOutput is AttentionOutputs.ScaledScores or AttentionOutputs.CappedScores)
                        WriteScores(writer, plan, masked: false);
                    if (spec.ScoreOutput == AttentionOutputs.CappedScores && spec.HasProbabilities && spec.Softcap > 0)
                        writer.Line($"TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * {spec.HeadDim}), rows, ref Unsafe.Add(ref keys, key * {spec.HeadDim}), (columns + 15) >> 4, ref scores);");
                    if (spec.ModifiesScores && (spec.HasProbabilities || spec.ScoreOutput == AttentionOutputs.MaskedScores))
                        writer.Line(ContextAttendEmitter.ModifyCall(plan, "0"));
                    if (spec.ScoreOutput == AttentionOutputs.MaskedScores)
                        WriteScores(writer, plan, masked: true);
                    if (spec.HasProbabilities)
                    {
                        KeyBlockEmitter.WriteSoftmaxState(writer, plan);
                        writer.Line("TKernels.Probabilities(ref scores, rows, columns, head, first + row, key, firstRow, ref Unsafe.Add(ref ranges, 2 * row), ref softmax, in context);");
                    }
                }
            }
        }
    }

    /// <summary>The kernel that turns final scores into probabilities.</summary>
    public static void WriteKernel(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        bool averaged = plan.Steps.AveragesProbabilities;
        writer.Line("/// <summary>Probabilities of each row for the keys of a block, from their scores, the row's maximum and its sum.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"public static void Probabilities(ref float scores, nint rows, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax, in {ContextEmitter.TypeName} context)"))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
                writer.Line("nint begin = Math.Max(0, Unsafe.Add(ref ranges, 2 * row) - key);");
                writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
                writer.Line($"float sum = Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + row);");
                writer.Line("// Such a row sees no key; its end may lie before this block.");
                writer.Line("if (sum == 0)\n    begin = end = 0;");
                writer.Line($"var maximum = {target.Name}.Create(Unsafe.Add(ref softmax, {KernelConstantsEmitter.Maximum} + row));");
                writer.Line($"var factor = {target.Name}.Create(1 / sum);");
                using (writer.Block($"for (nint k = begin & ~(nint){target.Lanes - 1}; k < end; k += {target.Lanes})"))
                {
                    writer.Line($"var score = {target.Name}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
                    writer.Line($"({SoftmaxEmitter.Power(plan, "score - maximum")} * factor).StoreUnsafe(ref Unsafe.Add(ref line, k));");
                }

                writer.Line($"ref float target = ref Unsafe.Add(ref context.Probabilities, {Place(plan)});");
                writer.Line(averaged
                    ? CodeWriter.Invariant($"Services::MaskRows.AddRange(ref line, begin, end, columns, ref target, {1f / plan.Shape.Heads:R}f, {GroupedRow.QueryHead(plan)} == 0);")
                    : "Services::MaskRows.CopyRange(ref line, begin, end, columns, ref target, 0);");
            }
        }
    }

    private static void WriteScores(CodeWriter writer, AttentionPlan plan, bool masked)
    {
        using (writer.Block("for (nint index = 0; index < rows; index++)"))
        {
            writer.Line($"ref float line = ref Unsafe.Add(ref scores, index * {plan.ScoreStride});");
            string row = "row + index";
            string head = GroupedRow.QueryHead(plan, row);
            string inputRow = GroupedRow.InputRow(plan, row);
            writer.Line($"ref float target = ref Unsafe.Add(ref context.Scores, ((({head} * context.Rows) + {inputRow}) * context.Keys) + key);");
            writer.Line(masked
                ? $"Services::MaskRows.CopyRange(ref line, Unsafe.Add(ref ranges, 2 * ({row})) - key, Unsafe.Add(ref ranges, (2 * ({row})) + 1) - key, columns, ref target, float.NegativeInfinity);"
                : "MemoryMarshal.CreateReadOnlySpan(ref line, (int)columns).CopyTo(MemoryMarshal.CreateSpan(ref target, (int)columns));");
        }
    }

    private static string Place(AttentionPlan plan)
    {
        string inputRow = GroupedRow.InputRow(plan);
        return plan.Steps.AveragesProbabilities ? $"(({inputRow}) * context.Keys) + key" : $"((({GroupedRow.QueryHead(plan)} * context.Rows) + {inputRow}) * context.Keys) + key";
    }
}
