using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the loop over heads, query blocks and key blocks where rows have ranges of keys of their own, or scores are changed on their way.</summary>
internal static class ContextAttendEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        ContextEmitter.WriteCreation(writer, spec);
        writer.Line();
        WriteHeads(writer, plan);
        writer.Line();
        RangesEmitter.Write(writer, plan);
        writer.Line();
        WriteRows(writer, plan);
        if (ExtraOutputsEmitter.IsNeeded(spec))
        {
            writer.Line();
            ExtraOutputsEmitter.WriteSweep(writer, plan);
        }
    }

    private static void WriteHeads(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string grouped = spec.Group == 1 ? "rows" : $"rows * {spec.Group}";
        const string Context = "in " + ContextEmitter.TypeName + " context, nint firstRow";
        writer.Line("/// <summary>Attention of a row block, all heads: queries against key and value panels; the joined heads are [rows, Heads · value width].</summary>");
        writer.Line("/// <param name=\"firstRow\">Which row of its sequence the first row is.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void Attend(ref float queries, ref float joined, ref float scratch, nint rows, in Services::KeyValuePanels panels, {Context})"))
        {
            writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
            writer.Line($"    AttendHead(ref Unsafe.Add(ref queries, head * rows * {spec.Group * spec.HeadDim}), ref joined, ref scratch, rows, head, in panels, in context, firstRow);");
        }

        writer.Line();
        writer.Line("/// <summary>Attention of the query heads of one KV head, a run of query rows at a time.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void AttendHead(ref float queries, ref float joined, ref float scratch, nint rows, nint head, in Services::KeyValuePanels panels, {Context})"))
        {
            using (writer.Block($"for (nint first = 0; first < {grouped}; first += {AttentionPlan.QueryRun})"))
            {
                writer.Line($"nint count = Math.Min({AttentionPlan.QueryRun}, ({grouped}) - first);");
                string Call(string place, string careful) =>
                    $"AttendRows(ref queries, ref joined, ref scratch, head, {place}, in panels, in context, firstRow{careful})";
                if (!spec.MasksKeys)
                {
                    writer.Line($"{Call("first, count", "")};");
                    return;
                }

                using (writer.Block($"if (!{Call("first, count", spec.MasksInside ? ", false" : "")})"))
                {
                    writer.Line("// Probability 0 times a NaN or infinity that the row must not see: one row at a time reads visible keys only, with the same bits.");
                    writer.Line("for (nint row = first; row < first + count; row++)");
                    writer.Line($"    {Call("row, 1", spec.MasksInside ? ", true" : "")};");
                }
            }
        }
    }

    private static void WriteRows(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        bool checks = spec.MasksKeys;
        writer.Line($"/// <summary>Up to {AttentionPlan.QueryRun} query rows of one KV head against the keys they see: each key block serves every query block before the next is read.</summary>");
        if (spec.MasksInside)
            writer.Line("/// <param name=\"careful\">Whether the values of masked keys are left out, and not only multiplied by 0; for one row.</param>");
        if (checks)
            writer.Line("/// <returns>False where an output is NaN and a masked key may be the cause.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static {(checks ? "bool" : "void")} AttendRows(ref float queries, ref float joined, ref float scratch, nint head, nint first, nint count, in Services::KeyValuePanels panels, in {ContextEmitter.TypeName} context, nint firstRow{(spec.MasksInside ? ", bool careful" : "")})"))
        {
            writer.Line("ref float keys = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);");
            writer.Line("ref float values = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);");
            writer.Line($"ref int ranges = ref Unsafe.As<float, int>(ref Unsafe.Add(ref scratch, {plan.Scratch["Ranges"].Offset}));");
            writer.Line("FindRanges(ref ranges, head, first, count, firstRow, in context);");
            writer.Line($"nint most = Unsafe.Add(ref ranges, {RangesEmitter.RunRange + 1});");
            using (writer.Block($"for (nint key = Unsafe.Add(ref ranges, {RangesEmitter.RunRange}) & ~(nint){AttentionPlan.KeyBlock - 1}; key < most; key += {AttentionPlan.KeyBlock})"))
            {
                using (writer.Block($"for (nint row = 0; row < count; row += {AttentionPlan.QueryBlock})"))
                    WriteKeyBlock(writer, plan);
            }

            writer.Line();
            if (checks)
                writer.Line("bool anyNaN = false;");
            using (writer.Block($"for (nint row = 0; row < count; row += {AttentionPlan.QueryBlock})"))
                WriteEnd(writer, plan);
            string isFinal = spec.MasksInside ? "!anyNaN || careful" : "!anyNaN || count == 1";
            if (ExtraOutputsEmitter.IsNeeded(spec))
            {
                writer.Line();
                const string Sweep = "WriteExtraOutputs(ref queries, ref scratch, head, first, count, in panels, in context, firstRow);";
                if (checks)
                    writer.Line($"if ({isFinal})\n    {Sweep}");
                else
                    writer.Line(Sweep);
            }

            if (checks)
                writer.Line($"\nreturn {isFinal};");
        }
    }

    /// <summary>The range of the query block that begins at <c>row</c>.</summary>
    private static void WriteBlockRange(CodeWriter writer)
    {
        writer.Line($"ref int blockRange = ref Unsafe.Add(ref ranges, {RangesEmitter.BlockRanges} + (row / {AttentionPlan.QueryBlock} * 2));");
        writer.Line("nint blockFirst = blockRange, blockEnd = Unsafe.Add(ref blockRange, 1);");
    }

    private static void WriteKeyBlock(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        WriteBlockRange(writer);
        writer.Line("nint begin = Math.Max(blockFirst - key, 0);");
        writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, blockEnd - key);");
        writer.Line("if (columns <= begin)\n    continue;\n");
        writer.Line($"nint rows = Math.Min({AttentionPlan.QueryBlock}, count - row);");
        writer.Line("// Whole groups of the virtual lanes.");
        writer.Line($"nint from = begin & ~(nint){SoftmaxEmitter.VirtualLanes - 1};");
        KeyBlockEmitter.WriteState(writer, plan);
        // A key block lies in one piece, in a ring too.
        string place = "key";
        if (SequenceEmitter.HasRing(spec))
            writer.Line($"nint {place = "place"} = key % panels.KeyCapacity;");
        writer.Line($"ref float scores = ref Unsafe.Add(ref scratch, {plan.Scratch["Scores"].Offset});");
        writer.Line($"TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * {spec.HeadDim}), rows, ref Unsafe.Add(ref keys, ({place} + from) * {spec.HeadDim}), (columns - from + 15) >> 4, ref Unsafe.Add(ref scores, from));");
        if (spec.ModifiesScores)
            writer.Line(ModifyCall(plan, "from"));
        string inPlace = $"ref Unsafe.Add(ref values, ({place} + begin) * 16)";
        string blockValues = inPlace, valueStride = "panels.ValuePanelStride";
        if (spec.MasksInside)
        {
            const int SeenStride = AttentionPlan.KeyBlock * AttentionPlan.PanelWidth;
            writer.Line($"ref float seen = ref Unsafe.Add(ref scratch, {plan.Scratch["SeenValues"].Offset});");
            writer.Line("if (careful)");
            writer.Line($"    Services::MaskRows.CopySeenValues(ref Unsafe.Add(ref scores, begin), columns - begin, {inPlace}, panels.ValuePanelStride, {plan.ValueHeadDimPadded / AttentionPlan.PanelWidth}, ref seen, {SeenStride});");
            writer.Line($"ref float blockValues = ref careful ? ref seen : {inPlace};");
            writer.Line($"nint valueStride = careful ? {SeenStride} : panels.ValuePanelStride;");
            (blockValues, valueStride) = ("ref blockValues", "valueStride");
        }

        KeyBlockEmitter.WriteMerged(
            writer, plan, "key <= blockFirst", "from, columns, key, ref Unsafe.Add(ref ranges, 2 * row)",
            $"ref Unsafe.Add(ref scores, begin), rows, columns - begin, {blockValues}, {valueStride}");
    }

    public static string ModifyCall(AttentionPlan plan, string from)
    {
        string maskLines = plan.Spec.DeclaredMasks > 0 ? $"ref Unsafe.Add(ref scratch, {plan.Scratch["MaskLines"].Offset}), " : "";
        return $"TKernels.Modify(ref scores, rows, {from}, columns, head, first + row, key, firstRow, ref Unsafe.Add(ref ranges, 2 * row), {maskLines}in context);";
    }

    /// <summary>What follows the last key block of a query block: appended keys, the sums, the joined heads.</summary>
    private static void WriteEnd(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line($"nint rows = Math.Min({AttentionPlan.QueryBlock}, count - row);");
        WriteBlockRange(writer);
        KeyBlockEmitter.WriteState(writer, plan);
        if (spec.AppendedKeys > 0)
        {
            WriteAppended(writer, plan);
        }
        else
        {
            using (writer.Block("if (blockFirst >= blockEnd)"))
            {
                writer.Line($"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum}), (int)rows).Clear();");
                writer.Line($"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, {SoftmaxEmitter.Maximum}), (int)rows).Fill(float.NegativeInfinity);");
            }
        }

        if (FinishEmitter.IsNeeded(spec))
            writer.Line("TKernels.Finish(ref softmax, rows, first + row, head, firstRow, in context);");
        writer.Line($"{(spec.MasksKeys ? "anyNaN |= " : "")}TKernels.JoinHeads(ref heads, ref softmax, rows, first + row, head, ref joined);");
    }

    /// <summary>Keys behind the last one are a block of their own, so that the bits do not depend on how many keys come before.</summary>
    private static void WriteAppended(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line($"ref float scores = ref Unsafe.Add(ref scratch, {plan.Scratch["Scores"].Offset});");
        writer.Line($"TKernels.Scores(ref Unsafe.Add(ref queries, (first + row) * {spec.HeadDim}), rows, ref Unsafe.Add(ref context.AppendedKeys, head * {AttentionPlan.PanelWidth * spec.HeadDim}), 1, ref scores);");
        if (spec.Softcap > 0)
            writer.Line($"TKernels.Cap(ref scores, rows, {AttentionPlan.PanelWidth});");
        writer.Line($"ref int appended = ref Unsafe.As<float, int>(ref Unsafe.Add(ref scratch, {plan.Scratch["AppendedRanges"].Offset}));");
        using (writer.Block("for (nint index = 0; index < rows; index++)"))
        {
            writer.Line("Unsafe.Add(ref appended, 2 * index) = 0;");
            writer.Line($"Unsafe.Add(ref appended, (2 * index) + 1) = {spec.AppendedKeys};");
        }

        KeyBlockEmitter.WriteMerged(
            writer, plan, "blockFirst >= blockEnd", $"0, {spec.AppendedKeys}, 0, ref appended",
            $"ref scores, rows, {spec.AppendedKeys}, ref Unsafe.Add(ref context.AppendedValues, head * {AttentionPlan.PanelWidth * plan.ValueHeadDimPadded}), {AttentionPlan.PanelWidth * AttentionPlan.PanelWidth}");
    }
}
