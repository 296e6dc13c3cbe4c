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
        string grouped = spec.Group == 1 ? "rows" : $"rows * {spec.Group}";
        writer.Line("/// <summary>Attention of a row block, all heads: queries in scratch against key and value panels; the joined heads replace the strip.</summary>");
        writer.Line("/// <param name=\"visible\">Keys that are there and not masked by a length.</param>");
        if (spec.Causal)
            writer.Line("/// <param name=\"offset\">Row r of the block sees the keys up to r + offset.</param>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void Attend(ref float scratch, nint rows, in KeyValuePanels panels, nint visible{(spec.Causal ? ", nint offset" : "")})"))
        {
            using (writer.Block($"for (nint head = 0; head < {spec.KvHeads}; head++)"))
            {
                writer.Line("ref float keys = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);");
                writer.Line("ref float values = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);");
                using (writer.Block($"for (nint first = 0; first < {grouped}; first += {plan.QueryBlock})"))
                {
                    writer.Line($"nint count = Math.Min({plan.QueryBlock}, ({grouped}) - first);");
                    if (spec.Causal)
                    {
                        using (writer.Block("if (!AttendRows(ref scratch, rows, head, first, count, ref keys, ref values, panels.ValuePanelStride, visible, offset))"))
                        {
                            writer.Line("// Probability 0 times a NaN or infinity that the row must not see: one row at a time reads visible keys only, with the same bits.");
                            writer.Line("for (nint row = first; row < first + count; row++)");
                            writer.Line("    AttendRows(ref scratch, rows, head, row, 1, ref keys, ref values, panels.ValuePanelStride, visible, offset);");
                        }
                    }
                    else
                    {
                        writer.Line("AttendRows(ref scratch, rows, head, first, count, ref keys, ref values, panels.ValuePanelStride, visible);");
                    }
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
        using (writer.Block($"private static {result} AttendRows(ref float scratch, nint rows, nint head, nint first, nint count, ref float keys, ref float values, nint panelStride, nint visible{(causal ? ", nint offset" : "")})"))
        {
            writer.Line($"ref float queries = ref Unsafe.Add(ref scratch, {scratch["Queries"].Offset} + (((head * rows * {spec.Group}) + first) * {spec.HeadDim}));");
            writer.Line($"ref float scores = ref Unsafe.Add(ref scratch, {scratch["Scores"].Offset});");
            writer.Line($"ref float heads = ref Unsafe.Add(ref scratch, {scratch["Heads"].Offset});");
            writer.Line($"ref float softmax = ref Unsafe.Add(ref scratch, {scratch["Softmax"].Offset});");
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

            using (writer.Block($"for (nint block = 0; block < seen; block += {AttentionPlan.KeyBlock})"))
            {
                writer.Line($"nint columns = Math.Min({AttentionPlan.KeyBlock}, seen - block);");
                writer.Line($"Scores(ref queries, count, ref Unsafe.Add(ref keys, block * {spec.HeadDim}), (columns + 15) >> 4, ref scores);");
                string rowVisibility = causal ? "first, offset + 1 - block, " : "";
                string blockValues = "ref Unsafe.Add(ref values, block * 16)";
                using (writer.Block("if (block == 0)"))
                {
                    writer.Line($"Softmax(ref scores, count, columns, {rowVisibility}ref softmax);");
                    writer.Line($"Values(ref scores, count, columns, {blockValues}, panelStride, ref heads);");
                }

                using (writer.Block("else"))
                {
                    writer.Line($"ref float blockHeads = ref Unsafe.Add(ref scratch, {scratch["BlockHeads"].Offset});");
                    writer.Line($"Softmax(ref scores, count, columns, {rowVisibility}ref Unsafe.Add(ref softmax, {SoftmaxEmitter.BlockState}));");
                    writer.Line("Merge(ref softmax, count);");
                    writer.Line($"Values(ref scores, count, columns, {blockValues}, panelStride, ref blockHeads);");
                    writer.Line("MergeHeads(ref heads, ref blockHeads, count, ref softmax);");
                }
            }

            using (writer.Block("if (seen <= 0)"))
                writer.Line($"MemoryMarshal.CreateSpan(ref Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum}), (int)count).Clear();");
            writer.Line();
            string join = $"JoinHeads(ref heads, ref softmax, count, first, head, ref Unsafe.Add(ref scratch, {scratch["Strip"].Offset}))";
            writer.Line(causal ? $"return !{join} || count == 1;" : $"{join};");
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
