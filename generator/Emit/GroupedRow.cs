using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Which query head and which row of its sequence a row of a KV head is: row e is query head e mod group of input row e / group.</summary>
internal static class GroupedRow
{
    /// <summary>The query head of a row, counted from <c>first</c>.</summary>
    public static string QueryHead(AttentionSpec spec, string row = "row") =>
        spec.Group == 1 ? "head" : CodeWriter.Invariant($"((head * {spec.Group}) + ((first + {row}) % {spec.Group}))");

    /// <summary>The row of the sequence, counted from <c>firstRow</c>.</summary>
    public static string InputRow(AttentionSpec spec, string row = "row") =>
        spec.Group == 1 ? $"firstRow + first + {row}" : CodeWriter.Invariant($"firstRow + ((first + {row}) / {spec.Group})");
}
