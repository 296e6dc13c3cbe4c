using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the body of one register tile: its sums, the loop over the depth, and the loads and multiply-adds of each
/// step. The JIT does not schedule, so the order written here is the order executed.
/// </summary>
internal sealed class TileEmitter(CodeWriter writer, VectorTarget target, ProductPlan product, RegisterTile tile)
{
    /// <summary>Declares the sums, each from the given expression of its vector index.</summary>
    public void DeclareSums(System.Func<int, string> initial)
    {
        for (int row = 0; row < tile.Rows; row++)
        {
            for (int vector = 0; vector < tile.Vectors; vector++)
                writer.Line($"var {Sum(row, vector)} = {initial(vector)};");
        }
    }

    /// <summary>Multiplies through a depth known at compile time. <c>a</c> and the panels advance; the rest stays.</summary>
    public void LiteralDepth(string panelStride, bool prefetches)
    {
        int turns = product.Depth / tile.Unroll;
        if (turns <= 1)
        {
            Steps(0, product.Depth, panelStride);
            return;
        }

        using (writer.Block($"for (nint k = 0; k < {turns * tile.Unroll}; k += {tile.Unroll})"))
        {
            if (prefetches)
                writer.Line("Services::Prefetch.L1(ref next);\nnext = ref Unsafe.Add(ref next, 16);");
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
            Steps(0, 1, null);
            Advance(1, separatePanels: true);
        }
    }

    public static string Sum(int row, int vector) => $"c_{row}_{vector}";

    private void Advance(int steps, bool separatePanels = false)
    {
        writer.Line($"a = ref Unsafe.Add(ref a, {steps});");
        for (int panel = 0; panel < (separatePanels ? tile.Panels : 1); panel++)
            writer.Line($"{Panel(panel, separatePanels)} = ref Unsafe.Add(ref {Panel(panel, separatePanels)}, {steps * AttentionPlan.PanelWidth});");
    }

    private void Steps(int first, int count, string? panelStride)
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
    private void HoldPanels(int step, bool first, string? panelStride)
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
    private void HoldRows(int step, bool first, string? panelStride)
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
        return $"{target.Name}.Create({(offset == 0 ? "a" : $"Unsafe.Add(ref a, {offset})")})";
    }

    private string LoadPanel(int step, int vector, string? panelStride)
    {
        int panel = vector / tile.VectorsPerPanel;
        int within = (step * AttentionPlan.PanelWidth) + (vector % tile.VectorsPerPanel * target.Lanes);
        bool separate = panelStride is null;
        long offset = within + (separate ? 0L : panel * long.Parse(panelStride!, System.Globalization.CultureInfo.InvariantCulture));
        string name = Panel(panel, separate);
        return offset == 0 ? $"{target.Name}.LoadUnsafe(ref {name})" : $"{target.Name}.LoadUnsafe(ref {name}, {offset})";
    }

    private static string Panel(int panel, bool separate) => separate ? $"panel_{panel}" : "panel";
}
