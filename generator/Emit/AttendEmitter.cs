using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the loop over heads, query blocks and key blocks.</summary>
internal static class AttendEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        if (plan.Spec.UsesContext)
        {
            ContextAttendEmitter.Write(writer, plan);
            return;
        }

        WriteHeads(writer, plan);
        writer.Line();
        WriteRows(writer, plan);
    }

    /// <summary>What a caller declares once for a sequence, whose row 0 of the call is <c>first</c>.</summary>
    public static void WriteSequence(CodeWriter writer, AttentionSpec spec)
    {
        if (spec.UsesContext)
        {
            writer.Line($"{ContextEmitter.TypeName} context = Context(block, in arguments, in dimensions, sequence);");
            return;
        }

        writer.Line("nint visible = Visible(in arguments, in dimensions, sequence);");
    }

    /// <summary>The last arguments of <c>Attend</c> and <c>AttendHead</c>.</summary>
    /// <param name="firstRow">Which row of its sequence the first row is.</param>
    /// <param name="offset">The causal offset of the first row.</param>
    public static string SequenceArguments(AttentionSpec spec, string firstRow, string offset) =>
        spec.UsesContext ? $"in context, {firstRow}" : $"visible{(spec.Causal ? $", {offset}" : "")}";

    private static void WriteHeads(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        bool causal = spec.Causal;
        string grouped = spec.Group == 1 ? "rows" : $"rows * {spec.Group}";
        string offset = causal ? ", nint offset" : "";
        string passOffset = causal ? ", offset" : "";
        writer.Line($"/// <summary>Attention of a row block, all heads: queries against key and value panels; the joined heads are [rows, Heads · {(spec.ValueHeadDim == spec.HeadDim ? "HeadDim" : "ValueHeadDim")}].</summary>");
        writer.Line("/// <param name=\"visible\">Keys that are there and not masked by a length.</param>");
        if (causal)
            writer.Line("/// <param name=\"offset\">Row r of the block sees the keys up to r + offset.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void Attend(ref float queries, ref float joined, ref float scratch, nint rows, in Services::KeyValuePanels panels, nint visible{offset})"))
        {
            writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
            writer.Line($"    AttendHead(ref Unsafe.Add(ref queries, head * rows * {spec.Group * spec.HeadDim}), ref joined, ref scratch, rows, head, in panels, visible{passOffset});");
        }

        writer.Line();
        writer.Line("/// <summary>Attention of the query heads of one KV head, a query block at a time.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void AttendHead(ref float queries, ref float joined, ref float scratch, nint rows, nint head, in Services::KeyValuePanels panels, nint visible{offset})"))
        {
            writer.Line("ref float keys = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);");
            writer.Line("ref float values = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);");
            using (writer.Block($"for (nint first = 0; first < {grouped}; first += {AttentionPlan.QueryRun})"))
            {
                writer.Line($"nint count = Math.Min({AttentionPlan.QueryRun}, ({grouped}) - first);");
                string call = $"AttendRows(ref queries, ref joined, ref scratch, head, first, count, ref keys, ref values, panels.ValuePanelStride, visible{passOffset})";
                if (!causal)
                {
                    writer.Line($"{call};");
                    return;
                }

                using (writer.Block($"if (!{call})"))
                {
                    writer.Line("// Probability 0 times a NaN or infinity that the row must not see: one row at a time reads visible keys only, with the same bits.");
                    writer.Line("for (nint row = first; row < first + count; row++)");
                    writer.Line($"    {call.Replace("head, first, count", "head, row, 1")};");
                }
            }
        }
    }

    private static void WriteRows(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        bool causal = spec.Causal;
        writer.Line($"/// <summary>Up to {AttentionPlan.QueryRun} query rows of one KV head against all keys they see: each key block serves every query block before the next is read.</summary>");
        if (causal)
            writer.Line("/// <returns>False where an output is NaN and the rows see different keys, so that a masked key may be the cause.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        string result = causal ? "bool" : "void";
        using (writer.Block($"private static {result} AttendRows(ref float queries, ref float joined, ref float scratch, nint head, nint first, nint count, ref float keys, ref float values, nint panelStride, nint visible{(causal ? ", nint offset" : "")})"))
        {
            writer.Line($"nint most = {(causal ? Seen(spec, "first + count - 1") : "visible")};");
            using (writer.Block($"for (nint key = 0; key < most; key += {AttentionPlan.KeyBlock})"))
            {
                using (writer.Block($"for (nint row = 0; row < count; row += {AttentionPlan.QueryBlock})"))
                    WriteKeyBlock(writer, plan);
            }

            writer.Line();
            if (causal)
                writer.Line("bool anyNaN = false;");
            using (writer.Block($"for (nint row = 0; row < count; row += {AttentionPlan.QueryBlock})"))
            {
                writer.Line($"nint rows = Math.Min({AttentionPlan.QueryBlock}, count - row);");
                KeyBlockEmitter.WriteState(writer, plan);
                string seen = causal ? Seen(spec, "first + row + rows - 1") : "visible";
                using (writer.Block($"if ({seen} <= 0)"))
                    writer.Line($"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum}), (int)rows).Clear();");
                writer.Line($"{(causal ? "anyNaN |= " : "")}TKernels.JoinHeads(ref heads, ref softmax, rows, first + row, head, ref joined);");
            }

            if (causal)
                writer.Line("\nreturn !anyNaN || count == 1;");
        }
    }

    /// <summary>Keys that a row of the head sees, counted from the sequence's first; the last row of a block bounds its loop.</summary>
    private static string Seen(AttentionSpec spec, string row) =>
        $"Math.Min(visible, {(spec.Group == 1 ? $"({row})" : $"(({row}) / {spec.Group})")} + offset + 1)";

    private static void WriteKeyBlock(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line($"nint rows = Math.Min({AttentionPlan.QueryBlock}, count - row);");
        if (spec.Causal)
        {
            writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, {Seen(spec, "first + row + rows - 1")} - key);");
            writer.Line("if (columns <= 0)\n    continue;\n");
        }
        else
        {
            writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, visible - key);");
        }

        KeyBlockEmitter.WriteState(writer, plan);
        writer.Line($"ref float scores = ref Unsafe.Add(ref scratch, {plan.Scratch["Scores"].Offset});");
        writer.Line($"TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * {spec.HeadDim}), rows, ref Unsafe.Add(ref keys, key * {spec.HeadDim}), (columns + 15) >> 4, ref scores);");
        KeyBlockEmitter.WriteMerged(
            writer, plan, "key == 0", spec.Causal ? "columns, first + row, offset + 1 - key" : "columns", "ref scores, rows, columns, ref Unsafe.Add(ref values, key * 16), panelStride");
    }
}
