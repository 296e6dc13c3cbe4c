using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the path of a call through the block: sequences, key and value projection, row blocks, output projection.</summary>
internal static class ForwardEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteForward(writer, plan);
        if (plan.Spec.IsCrossAttention)
        {
            writer.Line();
            WriteProjectMemory(writer, plan);
        }

        writer.Line();
        WriteKeysAndValues(writer, plan);
        writer.Line();
        WriteQueries(writer, plan);
        writer.Line();
        WriteOutput(writer, plan);
    }

    private static void WriteForward(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Runs the block on every sequence of a checked call.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"internal static void Forward({spec.Target.Name} block, in AttentionArguments arguments, in ForwardDimensions dimensions)"))
        {
            writer.Line(spec.SequenceLength > 0 ? $"const int rows = {spec.SequenceLength};" : "nint rows = dimensions.Rows;");
            if (spec.HasCache)
                writer.Line("AttentionCache? cache = arguments.Cache;");
            writer.Line(spec.HasCache
                ? "using ScratchLease lease = ScratchLease.Rent(ScratchFloats + (cache is null ? KeyValueFloats(dimensions.Keys) : 0));"
                : "using ScratchLease lease = ScratchLease.Rent(ScratchFloats + KeyValueFloats(dimensions.Keys));");
            writer.Line("ref float scratch = ref lease.Reference;");
            if (spec.Rotary != RotaryKind.None)
                writer.Line("ref float rotary = ref block.rotaryTable.Ensure(dimensions.Keys).Reference;");
            using (writer.Block("for (nint sequence = 0; sequence < dimensions.Batch; sequence++)"))
                WriteSequence(writer, plan);
        }
    }

    private static void WriteSequence(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line($"ref float input = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Input), sequence * rows * {spec.DModel});");
        writer.Line($"ref float output = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Output), sequence * rows * {spec.DModel});");
        writer.Line(spec.KeyLengths ? "nint visible = arguments.KeyLengths[(int)sequence];" : "nint visible = dimensions.Keys;");
        string ownPanels =
            $"new KeyValuePanels(ref Unsafe.Add(ref scratch, ScratchFloats), ref Unsafe.Add(ref scratch, ScratchFloats + (((dimensions.Keys + 15) & ~15) * (nint){spec.KeyDim})), (dimensions.Keys + 15) & ~15, {spec.HeadDim}, {plan.HeadDimPadded})";
        writer.Line(spec.HasCache
            ? $"KeyValuePanels panels = cache is null\n    ? {ownPanels}\n    : cache.Panels(sequence);"
            : $"KeyValuePanels panels = {ownPanels};");

        string rotary = spec.Rotary == RotaryKind.None ? "" : ", ref rotary";
        if (spec.IsCrossAttention)
        {
            using (writer.Block("if (cache is null)"))
            {
                writer.Line("// Masked keys are not even projected.");
                writer.Line($"ref float memory = ref Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Memory), sequence * dimensions.Keys * {spec.MemoryDim});");
                writer.Line("ProjectKeysAndValues(block, ref memory, visible, 0, in panels, ref scratch, arguments.Options.CancellationToken);");
            }
        }
        else if (spec.HasCache)
        {
            writer.Line("// With a cache every new row is kept; without one, masked keys are not even projected.");
            writer.Line($"ProjectKeysAndValues(block, ref input, cache is null ? visible : rows, dimensions.CachedKeys, in panels, ref scratch{rotary}, arguments.Options.CancellationToken);");
        }
        else
        {
            writer.Line("// Masked keys are not even projected.");
            writer.Line($"ProjectKeysAndValues(block, ref input, visible, 0, in panels, ref scratch{rotary}, arguments.Options.CancellationToken);");
        }

        writer.Line();
        if (spec.Causal)
            writer.Line(Offset(spec));
        writer.Line($"nint blocks = (rows + {plan.RowBlock - 1}) / {plan.RowBlock};");
        writer.Line("// Equal row blocks, in whole query blocks.");
        writer.Line($"nint step = blocks <= 1 ? {plan.RowBlock} : Math.Min({plan.RowBlock}, (((rows + blocks - 1) / blocks) + {plan.QueryBlock - 1}) / {plan.QueryBlock} * {plan.QueryBlock});");
        using (writer.Block("for (nint row = 0; row < rows; row += step)"))
        {
            writer.Line("arguments.Options.CancellationToken.ThrowIfCancellationRequested();");
            writer.Line("nint count = Math.Min(step, rows - row);");
            string position = spec.Rotary == RotaryKind.None ? "" : ", ref rotary, row + dimensions.CachedKeys";
            writer.Line($"ProjectQueries(block, ref Unsafe.Add(ref input, row * {spec.DModel}), count, ref scratch{position});");
            writer.Line($"Attend(ref scratch, count, in panels, visible{(spec.Causal ? ", row + offset" : "")});");
            writer.Line($"ProjectOutput(block, ref scratch, count, ref Unsafe.Add(ref output, row * {spec.DModel}));");
        }
    }

    private static string Offset(AttentionSpec spec)
    {
        string without = spec.CausalAlignment == CausalAlignment.BottomRight ? "visible - rows" : "0";
        if (spec.IsCrossAttention)
            return $"nint offset = {without};";
        return spec.HasCache && without != "0"
            ? $"nint offset = cache is null ? {without} : dimensions.CachedKeys;"
            : spec.HasCache ? "nint offset = dimensions.CachedKeys;" : $"nint offset = {without};";
    }

    private static void WriteProjectMemory(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        writer.Line("/// <summary>Projects a memory into a cache, sequence by sequence.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"internal static void ProjectMemory({spec.Target.Name} block, ReadOnlySpan<float> memory, nint keys, AttentionCache cache, System.Threading.CancellationToken cancellation)"))
        {
            writer.Line("using ScratchLease lease = ScratchLease.Rent(ScratchFloats);");
            using (writer.Block("for (nint sequence = 0; sequence < cache.Batch; sequence++)"))
            {
                writer.Line("KeyValuePanels panels = cache.Panels(sequence);");
                writer.Line($"ref float rows = ref Unsafe.Add(ref MemoryMarshal.GetReference(memory), sequence * keys * {spec.MemoryDim});");
                writer.Line("ProjectKeysAndValues(block, ref rows, keys, 0, in panels, ref lease.Reference, cancellation);");
            }
        }
    }

    private static void WriteKeysAndValues(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        int strip = plan.Scratch["Strip"].Offset;
        int width = plan.KeyPanels * AttentionPlan.PanelWidth;
        string project = plan.Projection(spec.MemoryDim).Name;
        bool rotates = spec.Rotary != RotaryKind.None;
        writer.Line("/// <summary>Projects rows to keys and values and writes them into panels from a key on.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectKeysAndValues({spec.Target.Name} block, ref float source, nint rows, nint firstKey, in KeyValuePanels panels, ref float scratch{(rotates ? ", ref float rotary" : "")}, System.Threading.CancellationToken cancellation)"))
        {
            writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {strip});");
            using (writer.Block($"for (nint row = 0; row < rows; row += {plan.RowBlock})"))
            {
                writer.Line("cancellation.ThrowIfCancellationRequested();");
                writer.Line($"nint count = Math.Min({plan.RowBlock}, rows - row);");
                writer.Line($"ref float chunk = ref Unsafe.Add(ref source, row * {spec.MemoryDim});");
                writer.Line($"{project}(ref chunk, count, ref block.keyWeights.Panels, ref block.keyWeights.Bias, {plan.KeyPanels}, ref strip, {width});");
                if (rotates)
                    writer.Line(Rotate(spec, width, spec.KvHeads, "firstKey + row"));
                writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
                writer.Line($"    KeyPanels.Write(ref Unsafe.Add(ref strip, head * {spec.HeadDim}), {width}, count, ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride), firstKey + row, {spec.HeadDim});");
                writer.Line($"{project}(ref chunk, count, ref block.valueWeights.Panels, ref block.valueWeights.Bias, {plan.KeyPanels}, ref strip, {width});");
                writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
                writer.Line($"    ValuePanels.Write(ref Unsafe.Add(ref strip, head * {spec.HeadDim}), {width}, count, ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride), panels.ValuePanelStride, firstKey + row, {spec.HeadDim});");
            }
        }
    }

    private static void WriteQueries(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        int width = plan.QueryPanels * AttentionPlan.PanelWidth;
        bool rotates = spec.Rotary != RotaryKind.None;
        writer.Line("/// <summary>Projects a row block to queries, laid out by KV head. Scale and log2(e) are in the weights.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectQueries({spec.Target.Name} block, ref float input, nint rows, ref float scratch{(rotates ? ", ref float rotary, nint position" : "")})"))
        {
            writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["Strip"].Offset});");
            writer.Line($"{plan.Projection(spec.DModel).Name}(ref input, rows, ref block.queryWeights.Panels, ref block.queryWeights.Bias, {plan.QueryPanels}, ref strip, {width});");
            if (rotates)
                writer.Line(Rotate(spec, width, spec.Heads, "position", "rows"));
            writer.Line($"QueryRows.Write(ref strip, {width}, rows, ref Unsafe.Add(ref scratch, {plan.Scratch["Queries"].Offset}), rows * {spec.Group * spec.HeadDim}, {spec.KvHeads}, {spec.Group}, {spec.HeadDim});");
        }
    }

    private static void WriteOutput(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string project = plan.Projection(spec.QueryDim).Name;
        writer.Line("/// <summary>Projects the joined heads of a row block to the output.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectOutput({spec.Target.Name} block, ref float scratch, nint rows, ref float output)"))
        {
            writer.Line($"ref float joined = ref Unsafe.Add(ref scratch, {plan.Scratch["Strip"].Offset});");
            if (!plan.OutputThroughScratch)
            {
                writer.Line($"{project}(ref joined, rows, ref block.outputWeights.Panels, ref block.outputWeights.Bias, {plan.OutputPanels}, ref output, {spec.DModel});");
                return;
            }

            int width = plan.OutputPanels * AttentionPlan.PanelWidth;
            writer.Line("// Whole panels would write beyond the row.");
            writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["OutputStrip"].Offset});");
            writer.Line($"{project}(ref joined, rows, ref block.outputWeights.Panels, ref block.outputWeights.Bias, {plan.OutputPanels}, ref strip, {width});");
            writer.Line("for (nint row = 0; row < rows; row++)");
            writer.Line($"    MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref strip, row * {width}), {spec.DModel}).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref output, row * {spec.DModel}), {spec.DModel}));");
        }
    }

    private static string Rotate(AttentionSpec spec, int width, int heads, string position, string rows = "count")
    {
        string method = spec.Rotary == RotaryKind.HalfSplit ? "ApplyHalfSplit" : "ApplyInterleaved";
        return $"RotaryEmbedding.{method}(ref strip, {width}, {rows}, {heads}, {spec.HeadDim}, {spec.RotaryDim}, ref rotary, {position});";
    }
}
