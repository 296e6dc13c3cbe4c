using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the body of one register tile: its sums, the loop over the depth, and the loads and multiply-adds of each
/// step. The JIT does not schedule, so the order written here is the order executed.
/// </summary>
internal sealed class TileEmitter(CodeWriter writer, VectorTarget target, ProductPlan product, RegisterTile tile)
{
    private readonly MatrixKernel kernel = product.Kernel;

    /// <summary>Stem of the names of the sums that are multiplied into: those of the tile, or of a block of the depth.</summary>
    private string chain = "c";

    private IEnumerable<int> Vectors => Enumerable.Range(0, tile.Vectors);

    /// <summary>Declares the sums and multiplies through the depth. <c>a</c> and the panels advance.</summary>
    public void Write(TilePrefetch prefetch)
    {
        DeclareSums("c");
        if (!kernel.Depth.IsLiteral)
            RunTimeDepth(kernel.Depth.Parameter, prefetch);
        else if (kernel.DepthBlocks > 1)
            BlockedDepth(kernel.Depth.Literal, prefetch);
        else
            LiteralDepth(kernel.Depth.Literal, prefetch);
    }

    /// <summary>A row of the tile in a line; <c>default</c> is zero, and the shortest way to write it.</summary>
    private void DeclareSums(string name)
    {
        IEnumerable<string> rows = Enumerable.Range(0, tile.Rows)
            .Select(row => string.Join(", ", Vectors.Select(vector => $"{name}_{row}_{vector} = default")));
        writer.Line($"{target.VectorType}<float> {string.Join(",\n    ", rows)};");
    }

    /// <summary>Multiplies through a depth known at compile time, and sums each of its blocks from zero.</summary>
    private void BlockedDepth(int depth, TilePrefetch prefetch)
    {
        using (writer.Block($"for (nint start = 0; start < {depth}; start += {AttentionPlan.DepthBlock})"))
        {
            chain = "s";
            DeclareSums(chain);
            bool whole = depth % AttentionPlan.DepthBlock == 0;
            if (!whole)
                writer.Line($"nint end = Math.Min({AttentionPlan.DepthBlock}, {depth} - start);");
            WriteTurns(whole ? $"{AttentionPlan.DepthBlock}" : "end", prefetch);
            for (int row = 0; row < tile.Rows; row++)
                writer.Line(string.Join(" ", Vectors.Select(vector => $"{Sum(row, vector)} += {chain}_{row}_{vector};")));
        }
    }

    /// <summary>Multiplies through a depth known at compile time.</summary>
    private void LiteralDepth(int depth, TilePrefetch prefetch)
    {
        int turns = depth / tile.Unroll;
        if (turns <= 1)
        {
            Steps(depth);
            return;
        }

        WriteTurns($"{turns * tile.Unroll}", prefetch);
        int rest = depth - (turns * tile.Unroll);
        if (rest > 0)
        {
            using (writer.Block())
                Steps(rest);
        }
    }

    private void WriteTurns(string end, TilePrefetch prefetch)
    {
        using (writer.Block($"for (nint k = 0; k < {end}; {(tile.Unroll == 1 ? "k++" : $"k += {tile.Unroll}")})"))
        {
            Prefetch(prefetch);
            Steps(tile.Unroll);
            Advance(tile.Unroll);
        }
    }

    /// <summary>Multiplies through a depth known only at run time.</summary>
    private void RunTimeDepth(string depth, TilePrefetch prefetch)
    {
        writer.Line($"nint k = {depth};");
        if (tile.Unroll > 1)
        {
            using (writer.Block($"for (; k >= {tile.Unroll}; k -= {tile.Unroll})"))
            {
                Steps(tile.Unroll);
                Advance(tile.Unroll);
            }
        }

        using (writer.Block("for (; k > 0; k--)"))
        {
            if (prefetch == TilePrefetch.Ahead)
            {
                for (int panel = 0; panel < tile.Panels; panel++)
                    writer.Line(
                        CodeWriter.Invariant(
                            $"Services::Prefetch.L1(ref Unsafe.Add(ref {Panel(kernel.B, panel)}, {product.PrefetchDistance * AttentionPlan.PanelWidth}));"));
            }

            Steps(1);
            Advance(1);
        }
    }

    /// <summary>The second argument of a load or store, none where it is 0.</summary>
    public static string Offset(long floats) => floats == 0 ? "" : CodeWriter.Invariant($", {floats}");

    public static string Sum(int row, int vector) => $"c_{row}_{vector}";

    /// <summary>Name of a panel: the first one's reaches all where the stride is a literal.</summary>
    public static string Panel(Operand b, int panel) => b.Stride.IsLiteral ? "panel" : $"panel_{panel}";

    /// <summary>One line of each panel a step.</summary>
    private void Prefetch(TilePrefetch prefetch)
    {
        if (prefetch == TilePrefetch.None)
            return;
        if (prefetch == TilePrefetch.SharesOfNextPanels)
        {
            PrefetchShare();
            return;
        }

        (string level, string start, long distance) = prefetch == TilePrefetch.NextPanels
            ? ("L2", "next", 0)
            : ("L1", "panel", (long)tile.Panels * kernel.B.Stride.Literal);
        for (int panel = 0; panel < tile.Panels; panel++)
        {
            for (int step = 0; step < tile.Unroll; step++)
            {
                long offset = distance + Place(panel, step);
                writer.Line(CodeWriter.Invariant($"Services::Prefetch.{level}(ref {(offset == 0 ? start : $"Unsafe.Add(ref {start}, {offset})")});"));
            }
        }

        if (prefetch == TilePrefetch.NextPanels)
            writer.Line($"next = ref Unsafe.Add(ref next, {tile.Unroll * StepFloats});");
    }

    /// <summary>The lines of a turn: of the tile's share of the next panels, or of its own panels where it has none.</summary>
    private void PrefetchShare()
    {
        using (writer.Block("if (ahead == 0)"))
        {
            for (int panel = 0; panel < tile.Panels; panel += product.InterleavedPanels)
            {
                long own = Place(panel, product.PrefetchDistance);
                writer.Line(CodeWriter.Invariant($"Services::Prefetch.L1(ref Unsafe.Add(ref panel, {own}), {tile.Unroll * StepFloats});"));
            }
        }

        using (writer.Block("else"))
        {
            string floats = tile.Unroll == 1 ? "ahead" : CodeWriter.Invariant($"{tile.Unroll} * ahead");
            writer.Line($"Services::Prefetch.L2(ref next, {floats});");
            writer.Line($"next = ref Unsafe.Add(ref next, {floats});");
        }
    }

    private void Advance(int steps)
    {
        writer.Line($"a = ref Unsafe.Add(ref a, {steps});");
        for (int panel = 0; panel < (kernel.B.Stride.IsLiteral ? 1 : tile.Panels); panel++)
            writer.Line($"{Panel(kernel.B, panel)} = ref Unsafe.Add(ref {Panel(kernel.B, panel)}, {steps * StepFloats});");
    }

    /// <summary>Floats from one step of the depth to the next.</summary>
    private int StepFloats => product.InterleavedPanels * AttentionPlan.PanelWidth;

    /// <summary>Where a panel's row of a step lies, from where its name refers to.</summary>
    private long Place(int panel, int step)
    {
        int interleaved = product.InterleavedPanels;
        return (panel / interleaved * interleaved * (long)kernel.B.Stride.Literal) + (step * StepFloats) + (panel % interleaved * AttentionPlan.PanelWidth);
    }

    private void Steps(int count)
    {
        for (int step = 0; step < count; step++)
        {
            if (tile.HoldsRows)
                HoldRows(step);
            else
                HoldPanels(step);
        }
    }

    /// <summary>Few columns: B's vectors stay, A's elements stream past.</summary>
    private void HoldPanels(int step)
    {
        writer.Line(string.Join(" ", Vectors.Select(vector => $"{Declared(step)}b_{vector} = {LoadPanel(step, vector)};")));
        for (int row = 0; row < tile.Rows; row++)
            writer.Line(
                $"{Declared(step)}a_{row} = {Broadcast(step, row)}; {string.Join(" ", Vectors.Select(vector => MultiplyAdd(row, vector, $"b_{vector}")))}");
    }

    /// <summary>Few rows: A's elements stay, B's vectors stream past.</summary>
    private void HoldRows(int step)
    {
        for (int row = 0; row < tile.Rows; row++)
            writer.Line($"{Declared(step)}a_{row} = {Broadcast(step, row)};");
        for (int vector = 0; vector < tile.Vectors; vector++)
        {
            if (tile.Rows == 1)
            {
                // Used once: the load becomes the multiply-add's memory operand.
                writer.Line(MultiplyAdd(0, vector, LoadPanel(step, vector)));
                continue;
            }

            writer.Line(
                $"{Declared(step)}b_{vector} = {LoadPanel(step, vector)}; "
                    + $"{string.Join(" ", Enumerable.Range(0, tile.Rows).Select(row => MultiplyAdd(row, vector, $"b_{vector}")))}");
        }
    }

    /// <summary>The first step declares its locals, the others use them again.</summary>
    private string Declared(int step) => step == 0 ? $"{target.VectorType}<float> " : "";

    private string MultiplyAdd(int row, int vector, string panel) =>
        $"{chain}_{row}_{vector} = {target.VectorType}.{target.MultiplyAdd}(a_{row}, {panel}, {chain}_{row}_{vector});";

    private string Broadcast(int step, int row)
    {
        int offset = (row * kernel.A.Stride.Literal) + step;
        string element = offset == 0 ? "a" : CodeWriter.Invariant($"Unsafe.Add(ref a, {offset})");
        return target.PinsRows ? $"Services::PinnedMemory.Broadcast(ref {element})" : $"{target.VectorType}.Create({element})";
    }

    private string LoadPanel(int step, int vector)
    {
        int panel = vector / tile.VectorsPerPanel;
        long offset = Place(panel, step) + (vector % tile.VectorsPerPanel * target.Lanes);
        return $"{target.VectorType}.LoadUnsafe(ref {Panel(kernel.B, panel)}{Offset(offset)})";
    }
}
