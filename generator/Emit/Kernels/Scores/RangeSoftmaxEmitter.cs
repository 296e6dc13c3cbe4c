using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the online softmax where each row has a range of keys of its own; lanes, tree and merging are those of <see cref="SoftmaxEmitter"/>.
/// </summary>
internal static class RangeSoftmaxEmitter
{
    private const int VirtualLanes = SoftmaxEmitter.VirtualLanes;

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line(
            $"/// <summary>Turns each row's scores into {SoftmaxEmitter.Probabilities(plan)}; those outside its range, and masked ones, "
                + "become exactly 0.</summary>");
        writer.Line("/// <param name=\"from\">First column that has scores, a multiple of 32.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.RangeSoftmax.Declaration))
        {
            if (plan.Steps.TakesSigmoid)
                SigmoidEmitter.WritePass(writer, () => WriteSeenScores(writer, plan), () => WriteSigmoids(writer, plan));
            else
                SoftmaxEmitter.WritePasses(writer, () => WriteMaximum(writer, plan), () => WritePowers(writer, plan));
        }
    }

    /// <summary>The row's scores, its range within the block, and the groups of virtual lanes that hold it.</summary>
    private static void WriteRow(CodeWriter writer, AttentionPlan plan, params string[] withoutKeys)
    {
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
        writer.Line("nint begin = Math.Max(from, Unsafe.Add(ref ranges, 2 * row) - key);");
        writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
        using (writer.Block("if (begin >= end)"))
        {
            foreach (string line in withoutKeys)
                writer.Line(line);
            writer.Line("continue;");
        }

        writer.Line();
        writer.Line($"nint first = begin & ~(nint){VirtualLanes - 1};");
        writer.Line($"nint last = (end + {VirtualLanes - 1}) & ~(nint){VirtualLanes - 1};");
    }

    private static void WriteMaximum(CodeWriter writer, AttentionPlan plan)
    {
        WriteSeenScores(writer, plan);
        writer.Line();
        SoftmaxEmitter.WriteRowMaximum(writer, plan.Target, "k", "first", "last");
    }

    private static void WriteSigmoids(CodeWriter writer, AttentionPlan plan)
    {
        SigmoidEmitter.WriteRow(writer, plan.Target, "k", "first", "last");
        WriteRest(writer);
    }

    /// <summary>The row, with −∞ in the place of scores outside of its range.</summary>
    private static void WriteSeenScores(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        WriteRow(writer, plan, SoftmaxEmitter.WithoutKeys("MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(columns - from))"));
        WriteEdge(writer, target, "first < begin", "first", "begin - first", "GreaterThanOrEqual");
        WriteEdge(writer, target, "end < last", $"last - {VirtualLanes}", $"end - last + {VirtualLanes}", "LessThan");
    }

    /// <summary>Whole vectors: a load would wait for smaller stores before it.</summary>
    private static void WriteEdge(CodeWriter writer, VectorTarget target, string condition, string group, string bound, string comparison)
    {
        using (writer.Block($"if ({condition})"))
        {
            writer.Line($"ref float edge = ref Unsafe.Add(ref line, {group});");
            writer.Line($"{target.VectorType}<int> bound = {target.VectorType}.Create((int)({bound}));");
            SoftmaxEmitter.WriteEdge(writer, target, "edge", "bound", comparison);
        }
    }

    private static void WritePowers(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        WriteRow(writer, plan);
        if (plan.Steps.MasksInside)
        {
            writer.Line("// Where all keys are masked, powers of −∞ are wanted, not of −∞ − −∞.");
            writer.Line($"float maximum = Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row);");
            writer.Line($"{target.VectorType}<float> shift = {target.VectorType}.Create(maximum == float.NegativeInfinity ? 0f : maximum);");
        }
        else
        {
            writer.Line($"{target.VectorType}<float> shift = {target.VectorType}.Create(Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row));");
        }

        SoftmaxEmitter.WriteSummedPowers(writer, plan, "k", "first", "last");
        WriteRest(writer);
    }

    /// <summary>Clears the probabilities outside of the groups of virtual lanes.</summary>
    private static void WriteRest(CodeWriter writer)
    {
        writer.Line("if (first > from)");
        writer.Line("    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(first - from)).Clear();");
        writer.Line("if (last < columns)");
        writer.Line("    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, last), (int)(columns - last)).Clear();");
    }
}
