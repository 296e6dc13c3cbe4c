using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what a query block keeps from one key block to the next, and how the next is merged into it, whatever its rows see.</summary>
internal static class KeyBlockEmitter
{
    /// <summary>Each query block of a run has its own running output and softmax state.</summary>
    public static void WriteState(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line($"ref float heads = ref Unsafe.Add(ref scratch, {plan.Scratch["Heads"].Offset} + (row * {plan.ValueHeadDimPadded}));");
        WriteSoftmaxState(writer, plan);
    }

    public static void WriteSoftmaxState(CodeWriter writer, AttentionPlan plan) =>
        writer.Line($"ref float softmax = ref Unsafe.Add(ref scratch, {plan.Scratch["Softmax"].Offset} + (row * {ScratchLayout.SoftmaxFloats / AttentionPlan.QueryBlock}));");

    /// <summary>Softmax and weighted values of a block: the first becomes the running state, others are merged into it.</summary>
    /// <param name="isFirst">Whether nothing was merged before.</param>
    /// <param name="softmax">What the softmax takes between the rows and its state.</param>
    /// <param name="values">What the product with the values takes before its output.</param>
    public static void WriteMerged(CodeWriter writer, AttentionPlan plan, string isFirst, string softmax, string values)
    {
        using (writer.Block($"if ({isFirst})"))
        {
            writer.Line($"TKernels.Softmax(ref scores, rows, {softmax}, ref softmax);");
            writer.Line($"TKernels.Values({values}, ref heads);");
        }

        using (writer.Block("else"))
        {
            writer.Line($"ref float blockHeads = ref Unsafe.Add(ref scratch, {plan.Scratch["BlockHeads"].Offset});");
            writer.Line($"TKernels.Softmax(ref scores, rows, {softmax}, ref Unsafe.Add(ref softmax, {SoftmaxEmitter.BlockState}));");
            writer.Line("TKernels.Merge(ref softmax, rows);");
            writer.Line($"TKernels.Values({values}, ref blockHeads);");
            writer.Line("TKernels.MergeHeads(ref heads, ref blockHeads, rows, ref softmax);");
        }
    }
}
