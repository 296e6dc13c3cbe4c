using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what is done to heads of queries and keys before they are laid out: normalisation and rotary embedding.</summary>
internal static class HeadEmitter
{
    private static bool Rotates(AttentionSpec spec) => spec.Rotary != RotaryKind.None;

    private static bool TakesPositions(AttentionSpec spec) => Rotates(spec) && spec.Shape.Positions;

    /// <summary>Normalises and rotates heads of a strip in place, as far as declared.</summary>
    /// <param name="role"><c>query</c> or <c>key</c>.</param>
    /// <param name="position">The first row's position, or the positions of the rows.</param>
    public static void WriteChange(CodeWriter writer, AttentionSpec spec, string role, string strip, int width, string rows, int heads, string position)
    {
        if (spec.QueryKeyNorm != QueryKeyNorm.None)
            writer.Line($"block.{role}Norm.Apply({strip}, {width}, {rows}, {heads});");
        if (!Rotates(spec))
            return;
        string method = spec.Rotary == RotaryKind.HalfSplit ? "ApplyHalfSplit" : "ApplyInterleaved";
        writer.Line($"Services::RotaryEmbedding.{method}({strip}, {width}, {rows}, {heads}, {spec.HeadDim}, {spec.RotaryDim}, ref rotary, {position});");
    }

    /// <summary>Declares <c>rotary</c>, the table of a call, where there is one.</summary>
    public static void WriteTable(CodeWriter writer, AttentionSpec spec)
    {
        if (Rotates(spec))
            writer.Line($"ref float rotary = {Table(spec)};");
    }

    /// <summary>What a method of a row block takes to rotate queries.</summary>
    public static string QueryParameters(AttentionSpec spec) =>
        !Rotates(spec) ? "" : TakesPositions(spec) ? ", ref float rotary, ReadOnlySpan<int> positions" : ", ref float rotary, nint position";

    /// <summary>What it is given: rows are counted from a row of the sequence.</summary>
    public static string QueryArguments(AttentionSpec spec, string row) => Rotates(spec) ? $", ref rotary, {RowPosition(spec, row)}" : "";

    /// <summary>What a method of key rows takes to rotate keys.</summary>
    public static string KeyParameters(AttentionSpec spec) =>
        !Rotates(spec) ? "" : TakesPositions(spec) ? "ref float rotary, ReadOnlySpan<int> positions, " : "ref float rotary, ";

    /// <summary>What it is given: rows are counted from a row of the sequence.</summary>
    public static string KeyArguments(AttentionSpec spec, string row) =>
        !Rotates(spec) ? "" : $"{Table(spec)}, {(TakesPositions(spec) ? $"{RowPosition(spec, row)}, " : "")}";

    /// <summary>The position of a row of a sequence, or the positions from it on.</summary>
    public static string RowPosition(AttentionSpec spec, string row) => TakesPositions(spec)
        ? $"arguments.Positions.Slice((int)({ForwardEmitter.FirstRow(spec)}{(row == "0" ? "" : $" + {row}")}))"
        : row == "0" ? "dimensions.CachedKeys" : $"dimensions.CachedKeys + {row}";

    /// <summary>The parameter that <see cref="QueryParameters"/> ends with.</summary>
    public static string Position(AttentionSpec spec) => TakesPositions(spec) ? "positions" : "position";

    /// <summary>The position of a later row: an expression of it, or the rest of the parameter.</summary>
    public static string Later(AttentionSpec spec, string position, string rows) => TakesPositions(spec) ? $"positions.Slice((int){rows})" : position;

    /// <summary>Without projections queries may be more than keys. Given positions have been made sure of before the call began.</summary>
    private static string Table(AttentionSpec spec)
    {
        string positions = TakesPositions(spec) ? "0"
            : spec.HasProjections ? "dimensions.Keys" : "Math.Max(dimensions.Keys, dimensions.CachedKeys + dimensions.Rows)";
        return $"ref block.rotaryTable.Ensure({positions}).Reference";
    }
}
