using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the kernels of probabilities that a method of the user changes before they weight the values. Maxima and sums are final by then.</summary>
internal static class ModifiedProbabilitiesEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        HookSpec hook = plan.Steps.ProbabilityModifier!;
        writer.Line("/// <summary>Turns each row's scores into modified probabilities; those outside its range, and masked ones, become exactly 0.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.ModifyProbabilities.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
                WriteRow(writer, plan, hook);
        }

        writer.Line();
        if (plan.Shape.AppendedKeys == 0)
            return;
        WriteAppended(writer, plan);
        writer.Line();
    }

    private static void WriteRow(CodeWriter writer, AttentionPlan plan, HookSpec hook)
    {
        VectorTarget target = plan.Target;
        string name = target.VectorType;
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
        writer.Line($"nint queryHead = {GroupedRow.QueryHead(plan, wrap: false)};");
        writer.Line($"nint position = {GroupedRow.InputRow(plan)} + context.Offset;");
        writer.Line("nint begin = Math.Max(from, Unsafe.Add(ref ranges, 2 * row) - key);");
        writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
        using (writer.Block("if (begin >= end)"))
        {
            writer.Line("MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(columns - from)).Clear();");
            writer.Line("continue;");
        }

        writer.Line();
        if (!plan.Steps.TakesSigmoid)
            writer.Line($"float sum = Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + row);");
        ExtraOutputsEmitter.WriteFactors(writer, plan);
        using (writer.Block($"for (nint k = begin & ~(nint){target.Lanes - 1}; k < end; k += {target.Lanes})"))
        {
            writer.Line($"{name}<float> score = {name}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
            writer.Line($"{name}<float> probability = {ExtraOutputsEmitter.Probability(plan, nested: false)};");
            if (!hook.IsScalar)
                HookEmitter.Modify(writer, target, plan.Class, hook, "probability", "(int)queryHead", "(int)position", "(int)(key + k)");
            if (plan.Steps.MasksInside)
            {
                writer.Line(hook.IsScalar
                    ? "// A score of −∞ stays: it tells the loop below that the key is masked."
                    : "// A score of −∞ masks, whatever the method makes of a probability of 0.");
                writer.Line(
                    $"probability = {name}.ConditionalSelect({name}.Equals(score, {name}.Create(float.NegativeInfinity)), "
                        + $"{(hook.IsScalar ? "score" : $"{name}<float>.Zero")}, probability);");
            }

            writer.Line("probability.StoreUnsafe(ref Unsafe.Add(ref line, k));");
        }

        if (hook.IsScalar)
        {
            using (writer.Block("for (nint k = begin; k < end; k++)"))
            {
                writer.Line("float probability = Unsafe.Add(ref line, k);");
                string modified = HookEmitter.Call(plan.Class, hook, "probability", "(int)queryHead", "(int)position", "(int)(key + k)");
                writer.Line($"Unsafe.Add(ref line, k) = {(plan.Steps.MasksInside ? $"probability == float.NegativeInfinity ? 0 : {modified}" : modified)};");
            }
        }

        writer.Line("MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(begin - from)).Clear();");
        writer.Line("MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, end), (int)(columns - end)).Clear();");
    }

    /// <summary>Keys behind the last one have no position, and no modifier applies to them.</summary>
    private static void WriteAppended(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        string name = target.VectorType;
        writer.Line("/// <summary>Turns the scores of each row for the appended keys into probabilities.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.AppendedProbabilities.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
                if (!plan.Steps.TakesSigmoid)
                    writer.Line($"float sum = Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + row);");
                ExtraOutputsEmitter.WriteFactors(writer, plan);
                using (writer.Block($"for (nint k = 0; k < columns; k += {target.Lanes})"))
                {
                    writer.Line($"{name}<float> score = {name}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
                    writer.Line($"{ExtraOutputsEmitter.Probability(plan)}.StoreUnsafe(ref Unsafe.Add(ref line, k));");
                }
            }
        }
    }
}
