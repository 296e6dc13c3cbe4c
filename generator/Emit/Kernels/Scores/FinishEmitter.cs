using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the step between the last key block and the division: sinks enter the sums, and the log-sum-exp comes out.</summary>
internal static class FinishEmitter
{
    /// <summary>Where the sum without the sink lies, 0 where a row saw no key: no block is merged any more.</summary>
    public const string SumOfKeys = KernelConstantsEmitter.BlockSum;

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        string summary = plan.Steps.TakesSinks
            ? "Takes the sinks into maxima and sums; leaves the factor of the heads where that of a block was."
            : "Writes the log-sum-exp of each row.";
        writer.Line($"/// <summary>{summary}</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.Finish.Declaration))
        {
            if (plan.Steps.TakesSinks)
                WriteSinks(writer, plan);
            if (plan.Steps.WritesLogSumExp)
                WriteLogSumExp(writer, plan);
        }
    }

    private static void WriteSinks(CodeWriter writer, AttentionPlan plan)
    {
        string name = plan.Target.VectorType;
        writer.Line("for (nint row = 0; row < rows; row++)");
        writer.Line($"    Unsafe.Add(ref softmax, {KernelConstantsEmitter.OldFactor} + row) = Unsafe.Add(ref context.Sinks, {GroupedRow.QueryHead(plan)});");
        using (writer.Block($"for (nint row = 0; row < rows; row += {plan.Target.Lanes})"))
        {
            writer.Line("ref float state = ref Unsafe.Add(ref softmax, row);");
            writer.Line($"{name}<float> keys = {name}.LoadUnsafe(ref state, {KernelConstantsEmitter.Maximum});");
            writer.Line($"{name}<float> sum = {name}.LoadUnsafe(ref state, {KernelConstantsEmitter.Sum});");
            writer.Line($"{name}<float> sink = {name}.LoadUnsafe(ref state, {KernelConstantsEmitter.OldFactor});");
            writer.Line($"{name}<float> maximum = {name}.MaxNative(sink, keys);");
            writer.Line($"{name}<float> factor = {SoftmaxEmitter.Power(plan, "keys - maximum")};");
            writer.Line($"{name}<float> total = {name}.{plan.Target.MultiplyAdd}(sum, factor, {SoftmaxEmitter.Power(plan, "sink - maximum")});");
            writer.Line($"maximum.StoreUnsafe(ref state, {KernelConstantsEmitter.Maximum});");
            writer.Line($"total.StoreUnsafe(ref state, {KernelConstantsEmitter.Sum});");
            writer.Line($"sum.StoreUnsafe(ref state, {SumOfKeys});");
            writer.Line($"factor.StoreUnsafe(ref state, {KernelConstantsEmitter.BlockFactor});");
        }
    }

    private static void WriteLogSumExp(CodeWriter writer, AttentionPlan plan)
    {
        string inputRow = GroupedRow.InputRow(plan);
        string place = plan.Shape.HeadsBeforeRows
            ? $"({GroupedRow.QueryHead(plan)} * context.Rows) + {inputRow}"
            : $"(({inputRow}) * Heads) + {GroupedRow.QueryHead(plan)}";
        if (plan.Steps.TakesSinks)
            writer.Line("// The caller may leave it out.\nif (Unsafe.IsNullRef(ref context.LogSumExp))\n    return;");
        using (writer.Block("for (nint row = 0; row < rows; row++)"))
        {
            writer.Line("// In double precision, so that the last bit is the same everywhere.");
            writer.Line(
                $"double maximum = Unsafe.Add(ref softmax, {KernelConstantsEmitter.Maximum} + "
                    + $"row){(plan.Steps.NaturalScores ? "" : " * 0.69314718055994531")};");
            writer.Line(
                $"Unsafe.Add(ref context.LogSumExp, {place}) = (float)(maximum + Math.Log(Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + row)));");
        }
    }
}
