using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the kernels of one projection: rows times packed weights, plus bias.</summary>
internal static class ProjectionEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan, ProductPlan product)
    {
        WriteDriver(writer, product);
        foreach (RegisterTile tile in product.AllTiles)
        {
            writer.Line();
            WriteTile(writer, plan.Target, product, tile);
        }
    }

    /// <summary>Panels outside, rows inside: a panel of weights is read from beyond the first-level cache once for all rows.</summary>
    private static void WriteDriver(CodeWriter writer, ProductPlan product)
    {
        int depth = product.Depth;
        int panel = depth * AttentionPlan.PanelWidth;
        writer.Line($"/// <summary>c[rows, 16 panels] = a[rows, {depth}] · weights + bias.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"public static void {product.Name}(ref float a, nint rows, ref float weights, ref float bias, nint panels, ref float c, nint stride)"))
        {
            ProductEmitter.WriteWide(writer, product, (wide, row) =>
            {
                string start = ProductEmitter.Row("a", row, product.RowStride);
                string target = row == 0 ? "panel * 16" : $"({row} * stride) + (panel * 16)";
                writer.Line($"for (nint panel = 0; panel < panels; panel += {wide.Panels})");
                writer.Line($"    {product.Name}_{wide.Name}({start}, ref Unsafe.Add(ref weights, panel * {panel}), ref Unsafe.Add(ref bias, panel * 16), ref Unsafe.Add(ref c, {target}), stride);");
            });

            using (writer.Block($"for (nint panel = 0; panel < panels; panel += {product.Panels})"))
            {
                writer.Line($"ref float first = ref Unsafe.Add(ref weights, panel * {panel});");
                writer.Line($"ref float next = ref Unsafe.Add(ref first, panel + {product.Panels} < panels ? {product.Panels * panel} : 0);");
                writer.Line("ref float panelBias = ref Unsafe.Add(ref bias, panel * 16);");
                ProductEmitter.WriteRowLoop(
                    writer,
                    product,
                    [
                        $"ref float tileA = ref Unsafe.Add(ref a, row * {product.RowStride});",
                        "ref float tileC = ref Unsafe.Add(ref c, (row * stride) + (panel * 16));",
                    ],
                    "ref tileA, ref first, ref panelBias, ref tileC, stride, ref next");
            }
        }
    }

    private static void WriteTile(CodeWriter writer, VectorTarget target, ProductPlan product, RegisterTile tile)
    {
        bool wide = !product.RowTiles.Contains(tile);
        writer.Line($"/// <summary>{tile.Rows} rows × {tile.Columns} columns, {product.Depth} deep: {tile.Accumulators} sums, {tile.LoadsPerStep} loads a step.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void {product.Name}_{tile.Name}(ref float a, ref float panel, ref float bias, ref float c, nint stride{(wide ? "" : ", ref float next")})"))
        {
            var body = new TileEmitter(writer, target, product, tile);
            body.DeclareSums();
            body.LiteralDepth(product.Depth * AttentionPlan.PanelWidth, wide ? TilePrefetch.None : TilePrefetch.Next);
            for (int vector = 0; vector < tile.Vectors; vector++)
                writer.Line($"var bias_{vector} = {target.Name}.LoadUnsafe(ref bias{TileEmitter.Offset(vector * target.Lanes)});");
            for (int row = 0; row < tile.Rows; row++)
            {
                for (int vector = 0; vector < tile.Vectors; vector++)
                    writer.Line($"({TileEmitter.Sum(row, vector)} + bias_{vector}).StoreUnsafe(ref c{TileEmitter.Offset(vector * target.Lanes)});");
                if (row < tile.Rows - 1)
                    writer.Line("c = ref Unsafe.Add(ref c, stride);");
            }
        }
    }
}
