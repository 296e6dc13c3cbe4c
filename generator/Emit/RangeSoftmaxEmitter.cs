using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the online softmax where each row has a range of keys of its own; lanes, tree and merging are those of <see cref="SoftmaxEmitter"/>.</summary>
internal static class RangeSoftmaxEmitter
{
    public const string Parameters = "ref float scores, nint rows, nint from, nint columns, nint key, ref int ranges, ref float state";

    private const int VirtualLanes = SoftmaxEmitter.VirtualLanes;

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line("/// <summary>Turns each row's scores into probabilities relative to its own maximum in this block; those outside its range, and masked ones, become exactly 0.</summary>");
        writer.Line("/// <param name=\"from\">First column that has scores, a multiple of 32.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"public static void Softmax({Parameters})"))
        {
            writer.Line("// The maxima of all rows first: folding a row's lanes is one long chain, which the next row's loads need not wait for.");
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
                WriteMaximum(writer, plan);
            writer.Line();
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
                WritePowers(writer, plan);
        }
    }

    /// <summary>The row's scores, its range within the block, and the groups of virtual lanes that hold it.</summary>
    private static void WriteRow(CodeWriter writer, AttentionPlan plan, params string[] withoutKeys)
    {
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {plan.ScoreStride});");
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
        VectorTarget target = plan.Target;
        WriteRow(
            writer,
            plan,
            "MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(columns - from)).Clear();",
            $"Unsafe.Add(ref state, {SoftmaxEmitter.Maximum} + row) = float.NegativeInfinity;",
            $"Unsafe.Add(ref state, {SoftmaxEmitter.Sum} + row) = 0;");
        WriteEdge(writer, target, "first < begin", "first", "begin - first", "GreaterThanOrEqual");
        WriteEdge(writer, target, "end < last", $"last - {VirtualLanes}", $"end - last + {VirtualLanes}", "LessThan");
        writer.Line();
        foreach (int i in SoftmaxEmitter.Vectors(target))
            writer.Line($"var max_{i} = {SoftmaxEmitter.Load(target, i, "first")};");
        using (writer.Block($"for (nint k = first + {VirtualLanes}; k < last; k += {VirtualLanes})"))
        {
            foreach (int i in SoftmaxEmitter.Vectors(target))
                writer.Line($"max_{i} = {target.Name}.MaxNative(max_{i}, {SoftmaxEmitter.Load(target, i, "k")});");
        }

        SoftmaxEmitter.Reduce(writer, target, "max", (a, b, width) => $"{width}.MaxNative({a}, {b})");
        writer.Line($"Unsafe.Add(ref state, {SoftmaxEmitter.Maximum} + row) = max;");
    }

    /// <summary>Whole vectors: a load would wait for smaller stores before it.</summary>
    private static void WriteEdge(CodeWriter writer, VectorTarget target, string condition, string group, string bound, string comparison)
    {
        using (writer.Block($"if ({condition})"))
        {
            writer.Line($"ref float edge = ref Unsafe.Add(ref line, {group});");
            writer.Line($"var bound = {target.Name}.Create((int)({bound}));");
            foreach (int i in SoftmaxEmitter.Vectors(target))
            {
                string lanes = $"{target.Name}<int>.Indices" + (i == 0 ? "" : $" + {target.Name}.Create({i * target.Lanes})");
                string place = i == 0 ? "ref edge" : $"ref edge, {i * target.Lanes}";
                writer.Line($"{target.Name}.ConditionalSelect({target.Name}.{comparison}({lanes}, bound).AsSingle(), {target.Name}.LoadUnsafe({place}), {target.Name}.Create(float.NegativeInfinity)).StoreUnsafe({place});");
            }
        }
    }

    private static void WritePowers(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        WriteRow(writer, plan);
        if (plan.Spec.MasksInside)
        {
            writer.Line("// Where all keys are masked, powers of −∞ are wanted, not of −∞ − −∞.");
            writer.Line($"float maximum = Unsafe.Add(ref state, {SoftmaxEmitter.Maximum} + row);");
            writer.Line($"var shift = {target.Name}.Create(maximum == float.NegativeInfinity ? 0f : maximum);");
        }
        else
        {
            writer.Line($"var shift = {target.Name}.Create(Unsafe.Add(ref state, {SoftmaxEmitter.Maximum} + row));");
        }

        SoftmaxEmitter.WriteSummedPowers(writer, plan, "k", "first", "last");
        writer.Line("if (first > from)");
        writer.Line("    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, from), (int)(first - from)).Clear();");
        writer.Line("if (last < columns)");
        writer.Line("    MemoryMarshal.CreateSpan(ref Unsafe.Add(ref line, last), (int)(columns - last)).Clear();");
    }
}
