using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the loop over heads, query blocks and key blocks, and the step that divides by the sums and joins the heads.</summary>
internal static class AttendEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteHeads(writer, plan);
        writer.Line();
        WriteRows(writer, plan);
        writer.Line();
        WriteJoin(writer, plan);
    }

    private static void WriteHeads(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        bool causal = spec.Causal;
        string grouped = spec.Group == 1 ? "rows" : $"rows * {spec.Group}";
        string offset = causal ? ", nint offset" : "";
        string passOffset = causal ? ", offset" : "";
        writer.Line("/// <summary>Attention of a row block, all heads: queries against key and value panels; the joined heads are [rows, Heads · HeadDim].</summary>");
        writer.Line("/// <param name=\"visible\">Keys that are there and not masked by a length.</param>");
        if (causal)
            writer.Line("/// <param name=\"offset\">Row r of the block sees the keys up to r + offset.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void Attend(ref float queries, ref float joined, ref float scratch, nint rows, in KeyValuePanels panels, nint visible{offset})"))
        {
            writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
            writer.Line($"    AttendHead(ref Unsafe.Add(ref queries, head * rows * {spec.Group * spec.HeadDim}), ref joined, ref scratch, rows, head, in panels, visible{passOffset});");
        }

        writer.Line();
        writer.Line("/// <summary>Attention of the query heads of one KV head, a query block at a time.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void AttendHead(ref float queries, ref float joined, ref float scratch, nint rows, nint head, in KeyValuePanels panels, nint visible{offset})"))
        {
            writer.Line("ref float keys = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);");
            writer.Line("ref float values = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);");
            using (writer.Block($"for (nint first = 0; first < {grouped}; first += {plan.QueryBlock})"))
            {
                writer.Line($"nint count = Math.Min({plan.QueryBlock}, ({grouped}) - first);");
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
        ScratchLayout scratch = plan.Scratch;
        writer.Line("/// <summary>One query block of one KV head against all keys it sees, a key block at a time.</summary>");
        if (causal)
            writer.Line("/// <returns>False where an output is NaN and the rows see different keys, so that a masked key may be the cause.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        string result = causal ? "bool" : "void";
        using (writer.Block($"private static {result} AttendRows(ref float queries, ref float joined, ref float scratch, nint head, nint first, nint count, ref float keys, ref float values, nint panelStride, nint visible{(causal ? ", nint offset" : "")})"))
        {
            writer.Line($"ref float block = ref Unsafe.Add(ref queries, first * {spec.HeadDim});");
            foreach (string slice in new[] { "Scores", "Heads", "Softmax" })
                writer.Line($"ref float {slice.ToLowerInvariant()} = ref Unsafe.Add(ref scratch, {scratch[slice].Offset});");
            if (causal)
            {
                string last = spec.Group == 1 ? "first + count - 1" : $"((first + count - 1) / {spec.Group})";
                writer.Line("// What the last row sees bounds the loop.");
                writer.Line($"nint seen = Math.Min(visible, {last} + offset + 1);");
            }
            else
            {
                writer.Line("nint seen = visible;");
            }

            using (writer.Block($"for (nint key = 0; key < seen; key += {AttentionPlan.KeyBlock})"))
                WriteKeyBlock(writer, plan);
            writer.Line();
            using (writer.Block("if (seen <= 0)"))
                writer.Line($"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum}), (int)count).Clear();");
            writer.Line();
            string join = "JoinHeads(ref heads, ref softmax, count, first, head, ref joined)";
            writer.Line(causal ? $"return !{join} || count == 1;" : $"{join};");
        }
    }

    private static void WriteKeyBlock(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string visibility = spec.Causal ? "first, offset + 1 - key, " : "";
        const string Values = "ref Unsafe.Add(ref values, key * 16)";
        writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, seen - key);");
        writer.Line($"Scores(ref block, count, ref Unsafe.Add(ref keys, key * {spec.HeadDim}), (columns + 15) >> 4, ref scores);");
        using (writer.Block("if (key == 0)"))
        {
            writer.Line($"Softmax(ref scores, count, columns, {visibility}ref softmax);");
            writer.Line($"Values(ref scores, count, columns, {Values}, panelStride, ref heads);");
        }

        using (writer.Block("else"))
        {
            writer.Line($"ref float blockHeads = ref Unsafe.Add(ref scratch, {plan.Scratch["BlockHeads"].Offset});");
            writer.Line($"Softmax(ref scores, count, columns, {visibility}ref Unsafe.Add(ref softmax, {SoftmaxEmitter.BlockState}));");
            writer.Line("Merge(ref softmax, count);");
            writer.Line($"Values(ref scores, count, columns, {Values}, panelStride, ref blockHeads);");
            writer.Line("MergeHeads(ref heads, ref blockHeads, count, ref softmax);");
        }
    }

    /// <summary>Row e of a KV head is query head e mod group of input row e / group.</summary>
    private static void WriteJoin(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        VectorTarget target = plan.Target;
        bool causal = spec.Causal;
        writer.Line("/// <summary>Divides by the sums and writes each head to its columns of the joined rows; a row that saw no key gives zeros.</summary>");
        if (causal)
            writer.Line("/// <returns>Whether any output is NaN.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static {(causal ? "bool" : "void")} JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined)"))
        {
            int vectors = spec.HeadDim / target.Lanes;
            bool checks = causal && vectors > 0;
            if (checks)
                writer.Line($"var numbers = {target.Name}<float>.AllBitsSet;");
            if (causal)
                writer.Line("bool anyNaN = false;");
            using (writer.Block("for (nint index = 0; index < count; index++)"))
            {
                writer.Line($"float sum = Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum} + index);");
                writer.Line(spec.Group == 1
                    ? $"ref float target = ref Unsafe.Add(ref joined, ((first + index) * {spec.QueryDim}) + (head * {spec.HeadDim}));"
                    : $"ref float target = ref Unsafe.Add(ref joined, ((first + index) / {spec.Group} * {spec.QueryDim}) + (((head * {spec.Group}) + ((first + index) % {spec.Group})) * {spec.HeadDim}));");
                using (writer.Block("if (sum == 0)"))
                {
                    writer.Line($"MemoryMarshal.CreateSpan(ref target, {spec.HeadDim}).Clear();");
                    writer.Line("continue;");
                }

                writer.Line();
                writer.Line("float inverse = 1 / sum;");
                writer.Line($"ref float source = ref Unsafe.Add(ref heads, index * {plan.HeadDimPadded});");
                if (vectors > 0)
                {
                    writer.Line($"var factor = {target.Name}.Create(inverse);");
                    using (writer.Block($"for (nint column = 0; column < {vectors * target.Lanes}; column += {target.Lanes})"))
                    {
                        writer.Line("// Adding zero turns −0 into +0: its sign would tell how many blocks were merged.");
                        writer.Line($"var value = ({target.Name}.LoadUnsafe(ref Unsafe.Add(ref source, column)) * factor) + {target.Name}<float>.Zero;");
                        if (checks)
                            writer.Line($"numbers &= {target.Name}.Equals(value, value);");
                        writer.Line("value.StoreUnsafe(ref Unsafe.Add(ref target, column));");
                    }
                }

                if (spec.HeadDim % target.Lanes != 0)
                {
                    using (writer.Block($"for (nint column = {vectors * target.Lanes}; column < {spec.HeadDim}; column++)"))
                    {
                        writer.Line("float value = (Unsafe.Add(ref source, column) * inverse) + 0f;");
                        if (causal)
                            writer.Line("anyNaN |= float.IsNaN(value);");
                        writer.Line("Unsafe.Add(ref target, column) = value;");
                    }
                }
            }

            if (causal)
                writer.Line(checks ? $"return anyNaN || !{target.Name}.EqualsAll(numbers.AsInt32(), {target.Name}<int>.AllBitsSet);" : "return anyNaN;");
        }
    }
}
