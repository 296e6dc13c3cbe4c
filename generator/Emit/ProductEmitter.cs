using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the method that cuts a run-time number of rows into register tiles, for each kind of product.</summary>
internal static class ProductEmitter
{
    /// <summary>The table of the row split and the choice of the next tile.</summary>
    public static void WriteSplit(CodeWriter writer, ProductPlan product)
    {
        string table = string.Join(", ", product.Split.First);
        writer.Line($"/// <summary>Rows of the next tile, for so many rows left; more take the largest.</summary>");
        writer.Line($"private static ReadOnlySpan<byte> NextTile => [{table}];");
        writer.Line();
        using (writer.Block("private static int TileRows(nint rows)"))
        {
            writer.Line($"return rows >= {product.Split.First.Count - 1} ? {product.LargestRows} : NextTile[(int)rows];");
        }
    }

    /// <summary>One case for each tile of a switch over the next tile's rows.</summary>
    public static void WriteCases(CodeWriter writer, ProductPlan product, string arguments)
    {
        using (writer.Block("switch (tile)"))
        {
            foreach (RegisterTile tile in product.AllTiles)
                writer.Line($"case {tile.Rows}: {product.Name}_{tile.Name}({arguments}); break;");
        }
    }
}
