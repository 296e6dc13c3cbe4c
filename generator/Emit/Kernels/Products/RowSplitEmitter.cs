using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes how a run-time number of rows is cut into register tiles.</summary>
internal static class RowSplitEmitter
{
    /// <summary>The table of the row split and the choice of the next tile.</summary>
    public static void Write(CodeWriter writer, RowSplit split)
    {
        if (!split.IsOneTile)
        {
            writer.Line("/// <summary>Rows of the next tile, for so many rows left; more take the largest.</summary>");
            writer.Line($"private static ReadOnlySpan<byte> NextTile => [{string.Join(", ", split.Next)}];");
            writer.Line();
        }

        writer.Line($"private static int TileRows(nint rows) => {Next(split)};");
    }

    /// <summary>A tile's method, as the entry point calls it.</summary>
    public static string TileName(ProductPlan product, string baseType, RegisterTile tile) =>
        $"{(product.BaseTiles.Contains(tile) ? $"{baseType}." : "")}{product.Name}_{tile.Name}";

    private static string Next(RowSplit split) => split.IsOneTile
        ? CodeWriter.Invariant($"{split.LargestRows}")
        : CodeWriter.Invariant($"rows >= {split.Next.Count - 1} ? {split.LargestRows} : NextTile[(int)rows]");

    /// <summary>
    /// The loop over row tiles. The last tile starts early rather than end late. <paramref name="locals"/> are declared from <c>row</c> before each tile.
    /// </summary>
    public static void WriteLoop(CodeWriter writer, ProductPlan product, string baseType, string[] locals, string arguments)
    {
        writer.Line("nint row = 0;");
        using (writer.Block("while (row < rows)"))
        {
            writer.Line("int tile = TileRows(rows - row);");
            writer.Line("row = Math.Min(row, rows - tile);");
            foreach (string local in locals)
                writer.Line(local);
            using (writer.Block("switch (tile)"))
            {
                foreach (RegisterTile tile in product.Tiles)
                    writer.Line($"case {tile.Rows}: {TileName(product, baseType, tile)}({arguments}); break;");
            }

            writer.Line("row += tile;");
        }
    }

    /// <summary>The calls for fewer rows than the smallest ordinary tile; the last GEMV tile, too, starts early rather than end late.</summary>
    /// <param name="call">Writes the call of a tile whose first row is the second argument.</param>
    public static void WriteGemv(CodeWriter writer, ProductPlan product, string baseType, System.Action<RegisterTile, int> call)
    {
        if (product.Base is not null && product.GemvTiles.All(product.BaseTiles.Contains))
        {
            using (writer.Block($"if (rows < {product.Tiles[0].Rows})"))
            {
                writer.Line($"{MatrixKernelEmitter.Signature(product.Kernel).Call(baseType)};");
                writer.Line("return;");
            }

            writer.Line();
            return;
        }

        foreach (RegisterTile gemv in product.GemvTiles)
        {
            using (writer.Block($"if (rows == {gemv.Rows})"))
            {
                call(gemv, 0);
                writer.Line("return;");
            }

            writer.Line();
        }

        RegisterTile last = product.GemvTiles[product.GemvTiles.Count - 1];
        for (int rows = last.Rows + 1; rows < product.Tiles[0].Rows; rows++)
        {
            using (writer.Block($"if (rows == {rows})"))
            {
                for (int row = 0; row < rows; row += last.Rows)
                    call(last, System.Math.Min(row, rows - last.Rows));
                writer.Line("return;");
            }

            writer.Line();
        }
    }
}
