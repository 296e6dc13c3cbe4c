using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Which query head and which row of its sequence a row of a KV head is: row e is query head e mod group of input row e / group.</summary>
internal static class GroupedRow
{
    /// <summary>The query head of a row, counted from <c>first</c>.</summary>
    public static string QueryHead(AttentionPlan plan, bool wrap = true)
    {
        int group = plan.Shape.Group;
        string head = CodeWriter.Invariant($"(head * {group}) + ((first + row) % {group})");
        return group == 1 ? "head" : wrap ? $"({head})" : head;
    }

    /// <summary>The row of the sequence, counted from <c>firstRow</c>.</summary>
    public static string InputRow(AttentionPlan plan) =>
        plan.Shape.Group == 1 ? "firstRow + first + row" : CodeWriter.Invariant($"firstRow + ((first + row) / {plan.Shape.Group})");
}
