using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the steps around the projections: rotary embedding, and the layouts that the attention reads.</summary>
internal static class ProjectEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        WriteKeysAndValues(writer, plan);
        writer.Line();
        WriteQueries(writer, plan);
        writer.Line();
        WriteOutput(writer, plan);
    }

    /// <summary>The call that writes a head's keys into its panels, or into its ring.</summary>
    public static string WriteKeys(AttentionSpec spec, string strip, int width, string rows, string firstKey) => SequenceEmitter.HasRing(spec)
        ? $"Services::RingPanels.WriteKeys({strip}, {width}, {rows}, in panels, head, {firstKey}, {spec.HeadDim});"
        : $"Services::KeyPanels.Write({strip}, {width}, {rows}, ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride), {firstKey}, {spec.HeadDim});";

    /// <summary>The call that writes a head's values into its panels, or into its ring.</summary>
    public static string WriteValues(AttentionSpec spec, string strip, int width, string rows, string firstKey) => SequenceEmitter.HasRing(spec)
        ? $"Services::RingPanels.WriteValues({strip}, {width}, {rows}, in panels, head, {firstKey}, {spec.ValueHeadDim});"
        : $"Services::ValuePanels.Write({strip}, {width}, {rows}, ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride), panels.ValuePanelStride, {firstKey}, {spec.ValueHeadDim});";

    private static void WriteKeysAndValues(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        int width = plan.KeyPanels * AttentionPlan.PanelWidth;
        int valueWidth = plan.ValuePanels * AttentionPlan.PanelWidth;
        string project = plan.MemoryProjection!.Name;
        writer.Line("/// <summary>Projects rows to keys and values and writes them into panels from a key on.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectKeysAndValues({spec.Target.Name} block, ref float source, nint rows, nint firstKey, in Services::KeyValuePanels panels, ref float scratch, {HeadEmitter.KeyParameters(spec)}global::System.Threading.CancellationToken cancellation)"))
        {
            writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["Strip"].Offset});");
            using (writer.Block($"for (nint row = 0; row < rows; row += {plan.RowBlock})"))
            {
                writer.Line("cancellation.ThrowIfCancellationRequested();");
                writer.Line($"nint count = Math.Min({plan.RowBlock}, rows - row);");
                writer.Line($"ref float chunk = ref Unsafe.Add(ref source, row * {spec.MemoryDim});");
                writer.Line($"TKernels.{project}(ref chunk, count, ref block.keyWeights.Panels, ref block.keyWeights.Bias, {plan.KeyPanels}, ref strip, {width});");
                HeadEmitter.WriteChange(writer, spec, "key", "ref strip", width, "count", spec.KvHeads, HeadEmitter.Later(spec, "firstKey + row", "row"));
                writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
                writer.Line("    " + WriteKeys(spec, $"ref Unsafe.Add(ref strip, head * {spec.HeadDim})", width, "count", "firstKey + row"));
                writer.Line($"TKernels.{project}(ref chunk, count, ref block.valueWeights.Panels, ref block.valueWeights.Bias, {plan.ValuePanels}, ref strip, {valueWidth});");
                writer.Line($"for (nint head = 0; head < {spec.KvHeads}; head++)");
                writer.Line("    " + WriteValues(spec, $"ref Unsafe.Add(ref strip, head * {spec.ValueHeadDim})", valueWidth, "count", "firstKey + row"));
            }
        }
    }

    private static void WriteQueries(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        int width = plan.QueryPanels * AttentionPlan.PanelWidth;
        string factor = spec.QueryKeyNorm != QueryKeyNorm.None ? "The factor of the scores is" : spec.NaturalScores ? "The scale is" : "Scale and log2(e) are";
        string place = spec.QueryKeyNorm != QueryKeyNorm.None ? "the normalisation's weights" : "the weights";
        writer.Line($"/// <summary>Projects a row block to queries, laid out by KV head. {factor} in {place}.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectQueries({spec.Target.Name} block, ref float input, nint rows, ref float strip, ref float queries{HeadEmitter.QueryParameters(spec)})"))
        {
            writer.Line($"TKernels.{plan.InputProjection!.Name}(ref input, rows, ref block.queryWeights.Panels, ref block.queryWeights.Bias, {plan.QueryPanels}, ref strip, {width});");
            HeadEmitter.WriteChange(writer, spec, "query", "ref strip", width, "rows", spec.Heads, HeadEmitter.Position(spec));
            writer.Line($"Services::QueryRows.Write(ref strip, {width}, rows, ref queries, rows * {spec.Group * spec.HeadDim}, {spec.KvHeads}, {spec.Group}, {spec.HeadDim});");
        }
    }

    private static void WriteOutput(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        string project = plan.OutputProjection!.Name;
        writer.Line("/// <summary>Projects the joined heads of a row block to the output.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void ProjectOutput({spec.Target.Name} block, ref float joined, nint rows, ref float output, ref float scratch)"))
        {
            if (!plan.OutputThroughScratch)
            {
                writer.Line($"TKernels.{project}(ref joined, rows, ref block.outputWeights.Panels, ref block.outputWeights.Bias, {plan.OutputPanels}, ref output, {spec.DModel});");
                return;
            }

            int width = plan.OutputPanels * AttentionPlan.PanelWidth;
            writer.Line("// Whole panels would write beyond the row.");
            writer.Line($"ref float strip = ref Unsafe.Add(ref scratch, {plan.Scratch["OutputStrip"].Offset});");
            writer.Line($"TKernels.{project}(ref joined, rows, ref block.outputWeights.Panels, ref block.outputWeights.Bias, {plan.OutputPanels}, ref strip, {width});");
            writer.Line("for (nint row = 0; row < rows; row++)");
            writer.Line($"    MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref strip, row * {width}), {spec.DModel}).CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref output, row * {spec.DModel}), {spec.DModel}));");
        }
    }
}
