using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Which lines a tile asks for while it multiplies.</summary>
internal enum TilePrefetch
{
    None,

    /// <summary>Those that <c>next</c> refers to, for the second-level cache: another tile will read them at the same pace.</summary>
    Next,

    /// <summary>Those of the panels that follow this tile's, for the first-level cache: the method goes on there.</summary>
    Following,
}

/// <summary>
/// Writes the body of one register tile: its sums, the loop over the depth, and the loads and multiply-adds of each
/// step. The JIT does not schedule, so the order written here is the order executed.
/// </summary>
internal sealed class TileEmitter(CodeWriter writer, VectorTarget target, ProductPlan product, RegisterTile tile)
{
    /// <summary>Declares the sums, a row of the tile in a line; <c>default</c> is zero, and the shortest way to write it.</summary>
    public void DeclareSums()
    {
        for (int row = 0; row < tile.Rows; row++)
            writer.Line($"{target.Name}<float> {string.Join(", ", Enumerable.Range(0, tile.Vectors).Select(vector => $"{Sum(row, vector)} = default"))};");
    }

    /// <summary>Multiplies through a depth known at compile time. <c>a</c> and the panels advance; the rest stays.</summary>
    public void LiteralDepth(long panelStride, TilePrefetch prefetch)
    {
        int turns = product.Depth / tile.Unroll;
        if (turns <= 1)
        {
            Steps(0, product.Depth, panelStride);
            return;
        }

        using (writer.Block($"for (nint k = 0; k < {turns * tile.Unroll}; {(tile.Unroll == 1 ? "k++" : $"k += {tile.Unroll}")})"))
        {
            Prefetch(panelStride, prefetch);
            Steps(0, tile.Unroll, panelStride);
            Advance(tile.Unroll);
        }

        int rest = product.Depth - (turns * tile.Unroll);
        if (rest > 0)
        {
            using (writer.Block())
                Steps(0, rest, panelStride);
        }
    }

    /// <summary>Multiplies through a depth known only at run time, named by <paramref name="depth"/>.</summary>
    public void RunTimeDepth(string depth)
    {
        writer.Line($"nint k = {depth};");
        if (tile.Unroll > 1)
        {
            using (writer.Block($"for (; k >= {tile.Unroll}; k -= {tile.Unroll})"))
            {
                Steps(0, tile.Unroll, null);
                Advance(tile.Unroll, separatePanels: true);
            }
        }

        using (writer.Block("for (; k > 0; k--)"))
        {
            for (int panel = 0; panel < tile.Panels && product.StepsAhead > 0; panel++)
                writer.Line(CodeWriter.Invariant($"Services::Prefetch.L1(ref Unsafe.Add(ref {Panel(panel, true)}, {product.StepsAhead * AttentionPlan.PanelWidth}));"));
            Steps(0, 1, null);
            Advance(1, separatePanels: true);
        }
    }

    /// <summary>The second argument of a load or store, none where it is 0.</summary>
    public static string Offset(long floats) => floats == 0 ? "" : CodeWriter.Invariant($", {floats}");

    public static string Sum(int row, int vector) => $"c_{row}_{vector}";

    /// <summary>One line of each panel a step.</summary>
    private void Prefetch(long panelStride, TilePrefetch prefetch)
    {
        if (prefetch == TilePrefetch.None)
            return;
        (string level, string start, long distance) = prefetch == TilePrefetch.Next ? ("L2", "next", 0) : ("L1", "panel", tile.Panels * panelStride);
        for (int panel = 0; panel < tile.Panels; panel++)
        {
            for (int step = 0; step < tile.Unroll; step++)
            {
                long offset = distance + Place(panel, step, panelStride);
                writer.Line(CodeWriter.Invariant($"Services::Prefetch.{level}(ref {(offset == 0 ? start : $"Unsafe.Add(ref {start}, {offset})")});"));
            }
        }

        if (prefetch == TilePrefetch.Next)
            writer.Line($"next = ref Unsafe.Add(ref next, {tile.Unroll * RowFloats});");
    }

    private void Advance(int steps, bool separatePanels = false)
    {
        writer.Line($"a = ref Unsafe.Add(ref a, {steps});");
        for (int panel = 0; panel < (separatePanels ? tile.Panels : 1); panel++)
            writer.Line($"{Panel(panel, separatePanels)} = ref Unsafe.Add(ref {Panel(panel, separatePanels)}, {steps * RowFloats});");
    }

    /// <summary>Floats from one step of the depth to the next.</summary>
    private int RowFloats => product.PanelsTogether * AttentionPlan.PanelWidth;

    /// <summary>Where a panel's row of a step lies, from the tile's first panel.</summary>
    private long Place(int panel, int step, long panelStride)
    {
        int together = product.PanelsTogether;
        return (panel / together * together * panelStride) + (step * RowFloats) + (panel % together * AttentionPlan.PanelWidth);
    }

    private void Steps(int first, int count, long? panelStride)
    {
        for (int step = first; step < first + count; step++)
        {
            if (tile.HoldsRows)
                HoldRows(step, step == first, panelStride);
            else
                HoldPanels(step, step == first, panelStride);
        }
    }

    /// <summary>Few columns: B's vectors stay, A's elements stream past.</summary>
    private void HoldPanels(int step, bool first, long? panelStride)
    {
        foreach (int vector in Enumerable.Range(0, tile.Vectors))
            writer.Line($"{Var(first)}b_{vector} = {LoadPanel(step, vector, panelStride)};");
        for (int row = 0; row < tile.Rows; row++)
        {
            writer.Line($"{Var(first)}a_{row} = {Broadcast(step, row)};");
            for (int vector = 0; vector < tile.Vectors; vector++)
                writer.Line(MultiplyAdd(row, vector, $"b_{vector}"));
        }
    }

    /// <summary>Few rows: A's elements stay, B's vectors stream past.</summary>
    private void HoldRows(int step, bool first, long? panelStride)
    {
        for (int row = 0; row < tile.Rows; row++)
            writer.Line($"{Var(first)}a_{row} = {Broadcast(step, row)};");
        for (int vector = 0; vector < tile.Vectors; vector++)
        {
            if (tile.Rows == 1)
            {
                // Used once: the load becomes the multiply-add's memory operand.
                writer.Line(MultiplyAdd(0, vector, LoadPanel(step, vector, panelStride)));
                continue;
            }

            writer.Line($"{Var(first)}b_{vector} = {LoadPanel(step, vector, panelStride)};");
            for (int row = 0; row < tile.Rows; row++)
                writer.Line(MultiplyAdd(row, vector, $"b_{vector}"));
        }
    }

    /// <summary>The first step declares its locals, the others use them again.</summary>
    private static string Var(bool first) => first ? "var " : "";

    private string MultiplyAdd(int row, int vector, string panel) =>
        $"{Sum(row, vector)} = {target.Name}.{target.MultiplyAdd}(a_{row}, {panel}, {Sum(row, vector)});";

    private string Broadcast(int step, int row)
    {
        int offset = (row * product.RowStride) + step;
        string element = offset == 0 ? "a" : CodeWriter.Invariant($"Unsafe.Add(ref a, {offset})");
        return target.PinsRows ? $"Services::PinnedMemory.Broadcast(ref {element})" : $"{target.Name}.Create({element})";
    }

    private string LoadPanel(int step, int vector, long? panelStride)
    {
        int panel = vector / tile.VectorsPerPanel;
        long offset = Place(panel, step, panelStride ?? 0) + (vector % tile.VectorsPerPanel * target.Lanes);
        string name = Panel(panel, separate: panelStride is null);
        return $"{target.Name}.LoadUnsafe(ref {name}{Offset(offset)})";
    }

    private static string Panel(int panel, bool separate) => separate ? $"panel_{panel}" : "panel";
}
