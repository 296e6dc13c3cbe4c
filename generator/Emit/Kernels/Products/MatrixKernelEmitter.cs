using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes any matrix product: its entry point, which cuts rows and panels into register tiles, and the method of each tile.</summary>
internal sealed class MatrixKernelEmitter(CodeWriter writer, VectorTarget target, ProductPlan product, string baseType)
{
    private readonly MatrixKernel kernel = product.Kernel;

    /// <summary>Writes a product.</summary>
    /// <param name="writer">Where to.</param>
    /// <param name="target">For which vector target.</param>
    /// <param name="product">Which product.</param>
    /// <param name="baseType">The type that has the same product for the base of the vector target, where there is one.</param>
    public static void Write(CodeWriter writer, VectorTarget target, ProductPlan product, string baseType) =>
        new MatrixKernelEmitter(writer, target, product, baseType).Write();

    /// <summary>The parameters of the entry point: a parameter that is a size follows the operand that it is about.</summary>
    public static string Parameters(MatrixKernel kernel) => string.Join(", ", new[] { $"ref float {kernel.A.Name}", "nint rows" }
        .Concat(Sizes(kernel.Depth))
        .Append($"ref float {kernel.B.Name}")
        .Concat(Sizes(kernel.B.Stride))
        .Concat(EpilogueEmitter.ColumnOperands(kernel).Select(operand => $"ref float {operand}"))
        .Concat(Sizes(kernel.Panels))
        .Append($"ref float {kernel.C.Name}")
        .Concat(Sizes(kernel.C.Stride)));

    /// <summary>How the entry point is declared.</summary>
    public static KernelSignature Signature(MatrixKernel kernel) => new("void", kernel.Name, Parameters(kernel));

    private void Write()
    {
        string columns = kernel.Panels.IsLiteral ? $"{kernel.Panels.Literal * AttentionPlan.PanelWidth}" : $"{AttentionPlan.PanelWidth} {kernel.Panels}";
        writer.Line(
            $"/// <summary>{kernel.C.Name}[rows, {columns}] = {kernel.A.Name}[rows, {kernel.Depth}] · "
                + $"{kernel.B.Name}{EpilogueEmitter.Describe(kernel)}.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(Signature(kernel).Declaration))
        {
            if (product.PanelsOutside)
                WritePanelLoops();
            else
                WriteTileCalls();
        }

        foreach (RegisterTile tile in product.OwnTiles)
        {
            writer.Line();
            WriteTile(tile);
        }
    }

    /// <summary>Panels outside, rows inside.</summary>
    private void WritePanelLoops()
    {
        Operand a = kernel.A, b = kernel.B, c = kernel.C;
        string columns = string.Concat(
            EpilogueEmitter.ColumnOperands(kernel).Select(operand => $", ref Unsafe.Add(ref {operand}, panel * {AttentionPlan.PanelWidth})"));
        RowSplitEmitter.WriteGemv(writer, product, baseType, (gemv, row) =>
        {
            string start = row == 0 ? "" : row == 1 ? $"{c.Stride} + (" : $"({row} * {c.Stride}) + (";
            writer.Line($"for (nint panel = 0; panel < {kernel.Panels}; panel += {gemv.Panels})");
            writer.Line(
                $"    {TileName(gemv)}({Row(a, row)}, ref Unsafe.Add(ref {b.Name}, panel * {b.Stride}){columns}, ref Unsafe.Add(ref {c.Name}, {start}panel * "
                    + $"{AttentionPlan.PanelWidth}{(row == 0 ? "" : ")")}){Arguments(c.Stride)});");
        });

        bool shares = product.Prefetch == TilePrefetch.SharesOfNextPanels;
        int groupFloats = product.Panels * b.Stride.Literal;
        List<string> locals =
        [
            $"ref float tileA = ref Unsafe.Add(ref {a.Name}, row * {a.Stride});",
            $"ref float tileC = ref Unsafe.Add(ref {c.Name}, (row * {c.Stride}) + (panel * {AttentionPlan.PanelWidth}));",
        ];
        if (shares)
        {
            writer.Line(
                $"nint share = Services::Prefetch.Share(rows, {product.Split.LargestRows}, {product.Panels * AttentionPlan.PanelWidth}, "
                    + $"{product.ShareMultiple});");
            locals.Add($"ref float next = ref Unsafe.Add(ref first, {groupFloats} + asked);");
            locals.Add($"nint ahead = asked < {groupFloats} ? share : 0;");
            locals.Add($"asked += ahead * {kernel.Depth};");
        }

        using (writer.Block($"for (nint panel = 0; panel < {kernel.Panels}; panel += {product.Panels})"))
        {
            writer.Line($"ref float first = ref Unsafe.Add(ref {b.Name}, panel * {b.Stride});");
            if (product.Prefetch == TilePrefetch.NextPanels)
                writer.Line($"ref float next = ref Unsafe.Add(ref first, panel + {product.Panels} < {kernel.Panels} ? {groupFloats} : 0);");
            if (shares)
                writer.Line("nint asked = 0;");
            foreach (string operand in EpilogueEmitter.ColumnOperands(kernel))
                writer.Line($"ref float {PanelName(operand)} = ref Unsafe.Add(ref {operand}, panel * {AttentionPlan.PanelWidth});");
            RowSplitEmitter.WriteLoop(
                writer,
                product,
                baseType,
                [.. locals],
                $"ref tileA, ref first{string.Concat(EpilogueEmitter.ColumnOperands(kernel).Select(operand => $", ref {PanelName(operand)}"))}, ref "
                    + $"tileC{Arguments(c.Stride)}{(shares ? ", ref next, ahead" : product.Prefetch == TilePrefetch.NextPanels ? ", ref next" : "")}");
        }
    }

    /// <summary>Rows outside: each tile goes through all panels.</summary>
    private void WriteTileCalls()
    {
        Operand a = kernel.A, c = kernel.C;
        string between = string.Join(", ", Names(kernel.Depth)
            .Append($"ref {kernel.B.Name}")
            .Concat(Names(kernel.B.Stride))
            .Concat(EpilogueEmitter.ColumnOperands(kernel).Select(operand => $"ref {operand}"))
            .Concat(Names(kernel.Panels)));
        RowSplitEmitter.WriteGemv(writer, product, baseType, (gemv, row) =>
            writer.Line($"{TileName(gemv)}({Row(a, row)}, {between}, {Row(c, row)}{Arguments(c.Stride)});"));
        RowSplitEmitter.WriteLoop(
            writer,
            product,
            baseType,
            [
                $"ref float tileA = ref Unsafe.Add(ref {a.Name}, row * {a.Stride});",
                $"ref float tileC = ref Unsafe.Add(ref {c.Name}, row * {c.Stride});",
            ],
            $"ref tileA, {between}, ref tileC{Arguments(c.Stride)}");
    }

    private void WriteTile(RegisterTile tile)
    {
        string turn = product.PanelsOutside ? "" : " a turn";
        string past = !kernel.Panels.IsLiteral && product.PanelDivisor == 0 && tile.Panels > 1
            ? $" The last turn may read panels past the last one; what it writes there is never used."
            : "";
        string deep = kernel.Depth.IsLiteral ? $"{kernel.Depth} deep" : $"as deep as there are {kernel.Depth}";
        writer.Line(
            $"/// <summary>{CodeWriter.Count(tile.Rows, "row")} × {tile.Columns} columns{turn}, {deep}: {tile.Accumulators} sums, {tile.LoadsPerStep} loads a "
                + $"step.{past}</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        if (product.PanelsOutside)
            WriteOnePanelGroup(tile);
        else
            WriteAllPanels(tile);
    }

    private void WriteOnePanelGroup(RegisterTile tile)
    {
        TilePrefetch prefetch = product.Tiles.Contains(tile) ? product.Prefetch : TilePrefetch.None;
        string columns = string.Concat(EpilogueEmitter.ColumnOperands(kernel).Select(operand => $", ref float {operand}"));
        string next = prefetch switch
        {
            TilePrefetch.NextPanels => ", ref float next",
            TilePrefetch.SharesOfNextPanels => ", ref float next, nint ahead",
            _ => "",
        };
        using (
            writer.Block(
                $"{Declaration(tile)}(ref float a, ref float panel{columns}, ref float "
                    + $"{kernel.C.Name}{string.Concat(Sizes(kernel.C.Stride).Select(size => $", {size}"))}{next})"))
            WriteSums(tile, prefetch);
    }

    private void WriteAllPanels(RegisterTile tile)
    {
        Operand a = kernel.A, b = kernel.B, c = kernel.C;
        using (writer.Block($"{Declaration(tile)}({Parameters(kernel).Replace(", nint rows", "")})"))
        {
            string loop = kernel.Panels.IsLiteral
                ? $"for (nint panel = 0; panel < {kernel.Panels}; panel += {tile.Panels})"
                : $"for (; {kernel.Panels} > 0; {kernel.Panels} -= {tile.Panels})";
            using (writer.Block(loop))
            {
                writer.Line($"ref float a = ref {a.Name};");
                writer.Line($"ref float {TileEmitter.Panel(b, 0)} = ref {b.Name};");
                for (int panel = 1; panel < tile.Panels && !b.Stride.IsLiteral; panel++)
                    writer.Line($"ref float {TileEmitter.Panel(b, panel)} = ref Unsafe.Add(ref {TileEmitter.Panel(b, panel - 1)}, {b.Stride});");
                WriteSums(tile, product.Prefetch);
                writer.Line(
                    $"{b.Name} = ref Unsafe.Add(ref {b.Name}, "
                        + $"{(b.Stride.IsLiteral ? $"{tile.Panels * b.Stride.Literal}" : tile.Panels == 1 ? $"{b.Stride}" : $"{b.Stride} * {tile.Panels}")});");
                foreach (string operand in EpilogueEmitter.ColumnOperands(kernel).Append(c.Name))
                    writer.Line($"{operand} = ref Unsafe.Add(ref {operand}, {tile.Columns});");
            }
        }
    }

    private void WriteSums(RegisterTile tile, TilePrefetch prefetch)
    {
        new TileEmitter(writer, target, product, tile).Write(prefetch);
        new EpilogueEmitter(writer, target, kernel, tile).Write();
    }

    /// <summary>What stands before the parameters of a tile's method.</summary>
    private string Declaration(RegisterTile tile) => $"{(target.IsBase ? "internal" : "private")} static void {kernel.Name}_{tile.Name}";

    private string TileName(RegisterTile tile) => RowSplitEmitter.TileName(product, baseType, tile);

    private static string PanelName(string operand) => $"panel{char.ToUpperInvariant(operand[0])}{operand.Substring(1)}";

    /// <summary>A row that is known at compile time.</summary>
    private static string Row(Operand operand, int row) => row == 0 ? $"ref {operand.Name}"
        : operand.Stride.IsLiteral ? $"ref Unsafe.Add(ref {operand.Name}, {row * operand.Stride.Literal})"
        : $"ref Unsafe.Add(ref {operand.Name}, {row} * {operand.Stride})";

    private static IEnumerable<string> Names(Extent extent) => extent.IsLiteral ? [] : [extent.Parameter];

    private static IEnumerable<string> Sizes(Extent extent) => Names(extent).Select(name => $"nint {name}");

    private static string Arguments(Extent extent) => string.Concat(Names(extent).Select(name => $", {name}"));
}
