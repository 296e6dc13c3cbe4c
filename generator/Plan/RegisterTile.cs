using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>
/// The sums that one kernel keeps in registers: <see cref="Rows"/> rows of A times <see cref="Panels"/> panels of B.
/// Each sum is an ascending chain of multiply-adds, or one for each block of the depth, so the tile's shape never changes the bits of a result.
/// </summary>
internal sealed record RegisterTile(int Rows, int Panels, int VectorsPerPanel, int Unroll)
{
    /// <summary>Vectors of B a step of the depth needs.</summary>
    public int Vectors => Panels * VectorsPerPanel;

    /// <summary>Columns of the tile.</summary>
    public int Columns => Panels * AttentionPlan.PanelWidth;

    /// <summary>Vector registers that hold sums.</summary>
    public int Accumulators => Rows * Vectors;

    /// <summary>Vector loads and broadcasts in one step of the depth.</summary>
    public int LoadsPerStep => Rows + Vectors;

    /// <summary>Whether A stays in registers while B streams past: the smaller operand is the one to hold.</summary>
    public bool HoldsRows => Rows < Vectors;

    /// <summary>Registers that the tile needs at once: sums, the held operand, one of the other, a product that is not fused.</summary>
    public int LiveRegisters(VectorTarget target) => Accumulators + Math.Min(Rows, Vectors) + 1 + target.ProductRegisters;

    /// <summary>Rows × columns, as kernel names spell it.</summary>
    public string Name => $"{Rows}x{Columns}";

    /// <summary>Cycles one step of the depth takes at best: bounded by multiply-adds, loads, or the latency of the chains.</summary>
    public double CyclesPerStep(VectorTarget target) => Math.Max(
        Math.Max((double)Accumulators / target.MultiplyAddsPerCycle, (double)LoadsPerStep / target.LoadsPerCycle),
        target.MultiplyAddLatency);
}

/// <summary>How a run-time number of rows is cut into tiles. The last tile may start early and compute rows again, to the same bits.</summary>
/// <param name="Next">For n rows left, up to twice the largest tile, the rows of the next tile; more rows take the largest.</param>
internal sealed record RowSplit(EquatableArray<int> Next)
{
    /// <summary>Rows of the tile that all larger numbers take.</summary>
    public int LargestRows => Next[Next.Count - 1];

    /// <summary>Whether there is one tile only.</summary>
    public bool IsOneTile => Next.Skip(1).All(tile => tile == LargestRows);

    /// <summary>The tiles that cover a number of rows.</summary>
    public IEnumerable<int> Cut(int rows)
    {
        while (rows > 0)
        {
            int tile = Next[Math.Min(rows, Next.Count - 1)];
            yield return tile;
            rows -= tile;
        }
    }

    /// <summary>
    /// The cut with the fewest cycles, ties going to fewer tiles and then to the larger first. Fewer rows than the smallest tile, alone, take GEMV tiles.
    /// </summary>
    public static RowSplit Fastest(EquatableArray<int> rowTiles, Func<int, double> cycles)
    {
        int smallest = rowTiles[0];
        int largest = rowTiles[rowTiles.Count - 1];
        var best = new double[(2 * largest) + 1];
        var next = new int[best.Length];
        for (int rows = 1; rows < best.Length; rows++)
        {
            best[rows] = double.PositiveInfinity;
            foreach (int tile in rowTiles)
            {
                if (tile > Math.Max(rows, smallest))
                    continue;
                // The small addend prefers fewer calls among equal cycles.
                double total = cycles(tile) + 0.01 + best[Math.Max(0, rows - tile)];
                if (total <= best[rows])
                    (best[rows], next[rows]) = (total, tile);
            }
        }

        next[2 * largest] = largest;
        return new RowSplit(new EquatableArray<int>(next));
    }
}
