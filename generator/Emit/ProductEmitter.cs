using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the method that cuts a run-time number of rows into register tiles, for each kind of product.</summary>
internal static class ProductEmitter
{
    /// <summary>The table of the row split and the choice of the next tile.</summary>
    public static void WriteSplit(CodeWriter writer, ProductPlan product)
    {
        WriteTable(writer, product.Split, "NextTile");
        if (product.Arm64Split is not null)
            WriteTable(writer, product.Arm64Split, "Arm64NextTile");
        string next = Next(product.Split, "NextTile");
        if (product.Arm64Split is null)
        {
            writer.Line($"private static int TileRows(nint rows) => {next};");
            return;
        }

        using (writer.Block("private static int TileRows(nint rows)"))
        {
            writer.Line("// A constant for the JIT.");
            writer.Line("if (global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported)");
            writer.Line($"    return {Next(product.Arm64Split, "Arm64NextTile")};");
            writer.Line($"return {next};");
        }
    }

    private static void WriteTable(CodeWriter writer, RowSplit split, string name)
    {
        if (split.IsOneTile)
            return;
        writer.Line("/// <summary>Rows of the next tile, for so many rows left; more take the largest.</summary>");
        writer.Line($"private static ReadOnlySpan<byte> {name} => [{string.Join(", ", split.Next)}];");
        writer.Line();
    }

    private static string Next(RowSplit split, string table) => split.IsOneTile
        ? CodeWriter.Invariant($"{split.LargestRows}")
        : CodeWriter.Invariant($"rows >= {split.Next.Count - 1} ? {split.LargestRows} : {table}[(int)rows]");

    /// <summary>A product of all rows at once: the calls of its tiles for any number of them.</summary>
    /// <param name="a">Names the first row that is multiplied.</param>
    /// <param name="between">The arguments between the rows that are multiplied and those that are written.</param>
    /// <param name="c">Names the first row that is written.</param>
    /// <param name="stride">Floats from a written row to the next.</param>
    public static void WriteCalls(CodeWriter writer, ProductPlan product, string a, string between, string c, int stride)
    {
        WriteWide(writer, product, (wide, row) =>
            writer.Line($"{product.Name}_{wide.Name}({Row(a, row, product.RowStride)}, {between}, {Row(c, row, stride)});"));
        WriteRowLoop(
            writer,
            product,
            [
                $"ref float tileA = ref Unsafe.Add(ref {a}, row * {product.RowStride});",
                $"ref float tileC = ref Unsafe.Add(ref {c}, row * {stride});",
            ],
            $"ref tileA, {between}, ref tileC");
    }

    /// <summary>The loop over row tiles. <paramref name="locals"/> are declared from <c>row</c> before each tile.</summary>
    public static void WriteRowLoop(CodeWriter writer, ProductPlan product, string[] locals, string arguments, string after = "")
    {
        writer.Line("nint row = 0;");
        using (writer.Block("while (row < rows)"))
        {
            writer.Line("int tile = TileRows(rows - row);");
            writer.Line("// The last tile starts early rather than end late.");
            writer.Line("row = Math.Min(row, rows - tile);");
            foreach (string local in locals)
                writer.Line(local);
            using (writer.Block("switch (tile)"))
            {
                foreach (RegisterTile tile in product.RowTiles)
                    writer.Line($"case {tile.Rows}: {product.Name}_{tile.Name}({arguments}); break;");
            }

            writer.Line("row += tile;");
            if (after.Length > 0)
                writer.Line(after);
        }
    }

    /// <summary>The calls for fewer rows than the smallest ordinary tile; the last wide tile, too, starts early rather than end late.</summary>
    /// <param name="call">Writes the call of a tile whose first row is the second argument.</param>
    public static void WriteWide(CodeWriter writer, ProductPlan product, System.Action<RegisterTile, int> call)
    {
        foreach (RegisterTile wide in product.WideTiles)
        {
            using (writer.Block($"if (rows == {wide.Rows})"))
            {
                call(wide, 0);
                writer.Line("return;");
            }

            writer.Line();
        }

        int largest = product.WideTiles[product.WideTiles.Count - 1].Rows;
        for (int rows = largest + 1; rows < product.Tiles[0].Rows; rows++)
        {
            using (writer.Block($"if (rows == {rows})"))
            {
                for (int row = 0; row < rows; row += largest)
                    call(product.WideTiles[product.WideTiles.Count - 1], System.Math.Min(row, rows - largest));
                writer.Line("return;");
            }

            writer.Line();
        }
    }

    /// <summary>A row that is known at compile time.</summary>
    public static string Row(string first, int row, int stride) =>
        row == 0 ? $"ref {first}" : CodeWriter.Invariant($"ref Unsafe.Add(ref {first}, {row * stride})");
}
