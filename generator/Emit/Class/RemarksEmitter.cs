using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>What an editor shows on the user's class: what is computed, how, and what it costs. The summary stays the user's.</summary>
internal static class RemarksEmitter
{
    public static void Write(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionPlan plan = plans[0];
        writer.Line("/// <remarks>");
        Paragraph(writer, HeaderEmitter.Describe(plan));
        IEnumerable<string> tiles = plans.Select(target => $"{target.Target.Name} in tiles of {target.Main.LargestTile}");
        Paragraph(writer, $"Plan: {string.Join(", or ", tiles)}; row blocks of {plan.RowBlock}, query blocks of {AttentionPlan.QueryBlock}, key blocks of {AttentionPlan.KeyBlock}. The generated files give the reasons.");
        Paragraph(writer, CodeWriter.Invariant($"Costs: {plan.ProjectionMultiplyAdds} multiply-adds a row for the projections{(plan.Layer is null ? "" : CodeWriter.Invariant($", {plan.FeedForwardMultiplyAdds} for the feed-forward network,"))} and {plan.AttentionMultiplyAdds} a row and visible key; {plan.WeightBytes / 1024} KiB of packed weights, {4L * plan.Scratch.Length / 1024} KiB of scratch a call, {plan.KeyValueBytes} bytes of keys and values for each key of a sequence."));
        writer.Line("/// </remarks>");
    }

    private static void Paragraph(CodeWriter writer, string text) => writer.Line($"/// <para>{text}</para>");
}
