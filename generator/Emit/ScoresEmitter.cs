using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the kernels of queries times key panels.</summary>
internal static class ScoresEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        ProductPlan product = plan.Scores;
        writer.Line($"/// <summary>scores[rows, 16 panels] = queries[rows, {product.Depth}] · key panels.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block("public static void Scores(ref float queries, nint rows, ref float keys, nint panels, ref float scores)"))
            ProductEmitter.WriteCalls(writer, product, "queries", "ref keys, panels", "scores", plan.ScoreStride);

        foreach (RegisterTile tile in product.AllTiles)
        {
            writer.Line();
            WriteTile(writer, plan, product, tile);
        }
    }

    private static void WriteTile(CodeWriter writer, AttentionPlan plan, ProductPlan product, RegisterTile tile)
    {
        VectorTarget target = plan.Target;
        int panel = product.Depth * AttentionPlan.PanelWidth;
        writer.Line($"/// <summary>{tile.Rows} queries × {tile.Columns} keys a turn, {product.Depth} deep. The last turn may read panels past the last one; their scores are never used.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void {product.Name}_{tile.Name}(ref float queries, ref float keys, nint panels, ref float scores)"))
        {
            using (writer.Block($"for (; panels > 0; panels -= {tile.Panels})"))
            {
                writer.Line("ref float a = ref queries;");
                writer.Line("ref float panel = ref keys;");
                var body = new TileEmitter(writer, target, product, tile);
                body.DeclareSums();
                body.LiteralDepth(panel, TilePrefetch.Following);
                for (int row = 0; row < tile.Rows; row++)
                {
                    for (int vector = 0; vector < tile.Vectors; vector++)
                        writer.Line($"{TileEmitter.Sum(row, vector)}.StoreUnsafe(ref scores{TileEmitter.Offset((row * plan.ScoreStride) + (vector * target.Lanes))});");
                }

                writer.Line($"keys = ref Unsafe.Add(ref keys, {tile.Panels * panel});");
                writer.Line($"scores = ref Unsafe.Add(ref scores, {tile.Columns});");
            }
        }
    }
}
