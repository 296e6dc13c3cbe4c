using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the kernels of probabilities times value panels, and the pass that merges a block into the running output.</summary>
internal static class ValuesEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        ProductPlan product = plan.Values;
        writer.Line("/// <summary>heads = probabilities · value panels, for each row.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block("public static void Values(ref float probabilities, nint rows, nint keys, ref float values, nint panelStride, ref float heads)"))
            ProductEmitter.WriteCalls(writer, product, "probabilities", "keys, ref values, panelStride", "heads", plan.ValueHeadDimPadded);

        writer.Line();
        WriteMerge(writer, plan);
        foreach (RegisterTile tile in product.AllTiles)
        {
            writer.Line();
            WriteTile(writer, plan, product, tile);
        }
    }

    private static void WriteTile(CodeWriter writer, AttentionPlan plan, ProductPlan product, RegisterTile tile)
    {
        VectorTarget target = plan.Target;
        int panels = plan.ValueHeadDimPadded / AttentionPlan.PanelWidth;
        writer.Line($"/// <summary>{tile.Rows} rows × {tile.Columns} columns a turn, as deep as there are keys: {tile.Accumulators} sums, {tile.LoadsPerStep} loads a step.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"private static void {product.Name}_{tile.Name}(ref float probabilities, nint keys, ref float values, nint panelStride, ref float heads)"))
        {
            using (writer.Block($"for (nint panel = 0; panel < {panels}; panel += {tile.Panels})"))
            {
                writer.Line("ref float a = ref probabilities;");
                writer.Line("ref float panel_0 = ref values;");
                for (int panel = 1; panel < tile.Panels; panel++)
                    writer.Line($"ref float panel_{panel} = ref Unsafe.Add(ref panel_{panel - 1}, panelStride);");
                var body = new TileEmitter(writer, target, product, tile);
                body.DeclareSums();
                body.RunTimeDepth("keys");
                for (int row = 0; row < tile.Rows; row++)
                {
                    for (int vector = 0; vector < tile.Vectors; vector++)
                        writer.Line($"{TileEmitter.Sum(row, vector)}.StoreUnsafe(ref heads{TileEmitter.Offset((row * plan.ValueHeadDimPadded) + (vector * target.Lanes))});");
                }

                writer.Line($"values = ref Unsafe.Add(ref values, panelStride * {tile.Panels});");
                writer.Line($"heads = ref Unsafe.Add(ref heads, {tile.Columns});");
            }
        }
    }

    private static void WriteMerge(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        writer.Line("/// <summary>heads = heads · old factor + block heads · block factor, for each row.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block("public static void MergeHeads(ref float heads, ref float blockHeads, nint rows, ref float softmax)"))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"var old = {target.Name}.Create(Unsafe.Add(ref softmax, {SoftmaxEmitter.OldFactor} + row));");
                writer.Line($"var block = {target.Name}.Create(Unsafe.Add(ref softmax, {SoftmaxEmitter.BlockFactor} + row));");
                using (writer.Block($"for (nint column = row * {plan.ValueHeadDimPadded}; column < (row + 1) * {plan.ValueHeadDimPadded}; column += {target.Lanes})"))
                {
                    writer.Line($"var head = {target.Name}.LoadUnsafe(ref Unsafe.Add(ref heads, column)) * old;");
                    writer.Line($"{target.Name}.{target.MultiplyAdd}({target.Name}.LoadUnsafe(ref Unsafe.Add(ref blockHeads, column)), block, head).StoreUnsafe(ref Unsafe.Add(ref heads, column));");
                }
            }
        }
    }
}
