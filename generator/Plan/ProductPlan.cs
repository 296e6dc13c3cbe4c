using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>Which lines a tile asks for while it multiplies.</summary>
internal enum TilePrefetch
{
    None,

    /// <summary>Those of the next panels, for the second-level cache: the tiles of the next panels will read them at the same pace.</summary>
    NextPanels,

    /// <summary>
    /// The row tiles of a block ask for the next panels together, each for its share, for the second-level cache. A tile that has nothing to ask
    /// for asks for its own panels, <see cref="ProductPlan.PrefetchDistance"/> steps ahead, for the first-level cache.
    /// </summary>
    SharesOfNextPanels,

    /// <summary>Those of the panels that follow this tile's, for the first-level cache: the method goes on there.</summary>
    FollowingPanels,

    /// <summary>Those of its own panels, <see cref="ProductPlan.PrefetchDistance"/> steps ahead, for the first-level cache.</summary>
    Ahead,
}

/// <summary>How one matrix product is computed on a vector target: its register tiles, how rows are cut into them, and why.</summary>
internal sealed record ProductPlan
{
    /// <summary>What is computed.</summary>
    public required MatrixKernel Kernel { get; init; }

    /// <summary>Name of the entry point, such as <c>Project512</c>, and stem of the tiles' names.</summary>
    public string Name => Kernel.Name;

    /// <summary>
    /// Whether the entry point goes through the panels, and through all rows for each, rather than each tile through all panels:
    /// a panel of weights is then read from beyond the first-level cache once for all rows.
    /// </summary>
    public required bool PanelsOutside { get; init; }

    /// <summary>Panels of B that all uses of this product have a multiple of, or 0 where a tile may run past the last one.</summary>
    public required int PanelDivisor { get; init; }

    /// <summary>Panels of B that are interleaved, a step of each in turn: every tile takes a multiple of them.</summary>
    public int InterleavedPanels { get; init; } = 1;

    /// <summary>Tiles for any number of rows, ascending; they share one number of panels.</summary>
    public required EquatableArray<RegisterTile> Tiles { get; init; }

    /// <summary>
    /// GEMV tiles, for one or two rows alone: more panels at once, so that enough chains are in flight. Three rows are two of them that overlap.
    /// </summary>
    public required EquatableArray<RegisterTile> GemvTiles { get; init; }

    /// <summary>What the tiles ask for ahead of time; GEMV tiles of a product with <see cref="PanelsOutside"/> ask for nothing.</summary>
    public required TilePrefetch Prefetch { get; init; }

    /// <summary>Steps of the depth after which a line is used that is asked for now.</summary>
    public int PrefetchDistance => Prefetch switch
    {
        TilePrefetch.Ahead => ValuesDistance,
        TilePrefetch.SharesOfNextPanels => OwnPanelsDistance,
        _ => 0,
    };

    /// <summary>
    /// Floats that a tile's share a step is a multiple of: with them the largest tile asks for a whole line in every turn of its loop.
    /// </summary>
    public int ShareMultiple => Math.Max(1, AttentionPlan.PanelWidth / Tiles[Tiles.Count - 1].Unroll);

    public required RowSplit Split { get; init; }

    /// <summary>Why the tiles are as they are, in one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Panels that one tile of <see cref="Tiles"/> covers.</summary>
    public int Panels => Tiles[0].Panels;

    /// <summary>Every distinct tile, ascending by rows.</summary>
    public IEnumerable<RegisterTile> AllTiles => GemvTiles.Concat(Tiles);

    /// <summary>Name of the largest tile.</summary>
    public string LargestTile => Tiles[Tiles.Count - 1].Name;

    /// <summary>The same product for the base of the vector target, where there is one.</summary>
    public required ProductPlan? Base { get; init; }

    /// <summary>Tiles that the base of the vector target has too, of the same text.</summary>
    public required EquatableArray<RegisterTile> BaseTiles { get; init; }

    /// <summary>The tiles that are written for this vector target.</summary>
    public IEnumerable<RegisterTile> OwnTiles => AllTiles.Except(BaseTiles);

    public static ProductPlan Create(MatrixKernel kernel, int panelDivisor, VectorTarget target, Unrolling unrolling)
    {
        // Two vectors of B a step are enough to feed the largest tile; a panel of narrow vectors has more already.
        int panels = LargestDivisor(panelDivisor, Math.Max(1, 2 / target.VectorsPerPanel));
        bool weights = kernel.B.Layout == OperandLayout.PackedPanels;
        int interleaved = weights ? Interleaved(panelDivisor, panels, target) : 1;
        RegisterTile Tile(int rows, int tilePanels) =>
            new(rows, tilePanels, target.VectorsPerPanel, UnrollFor(rows * tilePanels * target.VectorsPerPanel, kernel, target, unrolling));

        var tiles = new List<RegisterTile>();
        foreach (int rows in target.RowTiles)
            tiles.Add(Tile(rows, panels));

        // What a tile reads past the last panel must be slack, and tiles must divide a key block: a row of scores has room for one panel more.
        int most = panelDivisor == 0 && kernel.B.Stride.IsLiteral ? PowerOfTwo(PanelLayout.SlackFloats / kernel.B.Stride.Literal) : int.MaxValue;
        var gemv = new List<RegisterTile>();
        for (int rows = 1; rows < Math.Min(3, target.RowTiles[0]); rows++)
            gemv.Add(Tile(rows, interleaved * LargestDivisor(panelDivisor / interleaved, Math.Min(GemvPanels(rows, panels, target), most) / interleaved)));

        // Among equals, tiles with more chains have more slack: 16 rows are 8 + 8, not 12 + 4.
        RowSplit split = RowSplit.Fastest(target.RowTiles, rows => Tile(rows, panels).CyclesPerStep(target) + (1.0 / Tile(rows, panels).Accumulators));

        RegisterTile largest = tiles[tiles.Count - 1];
        ProductPlan? equal = target.Base is null ? null : Create(kernel, panelDivisor, target.Base, unrolling);
        return new()
        {
            Kernel = kernel,
            PanelsOutside = weights,
            PanelDivisor = panelDivisor,
            InterleavedPanels = interleaved,
            Tiles = new(tiles),
            GemvTiles = new(gemv),
            Base = equal,
            BaseTiles = new(equal is null ? [] : EqualTiles(equal, gemv, tiles)),
            Prefetch = weights ? target.WeightsPrefetch : kernel.Depth.IsLiteral ? TilePrefetch.FollowingPanels : TilePrefetch.Ahead,
            Split = split,
            Reason =
                $"{largest.Name} tiles keep {largest.Accumulators} sums in {target.Registers} registers{Beside(target)} and load {largest.LoadsPerStep} times "
                    + $"for {largest.Accumulators} multiply-adds a step",
        };
    }

    private static IEnumerable<RegisterTile> EqualTiles(ProductPlan product, List<RegisterTile> gemv, List<RegisterTile> tiles) =>
        gemv.Intersect(product.GemvTiles).Concat(tiles.Intersect(product.Tiles));

    /// <summary>What else the registers hold.</summary>
    private static string Beside(VectorTarget target) => target.ProductRegisters == 0 ? "" : ", which also hold each product until it is added,";

    /// <summary>The target's wish, where it divides every tile and leaves one row as many sums.</summary>
    private static int Interleaved(int panelDivisor, int panels, VectorTarget target)
    {
        int interleaved = target.InterleavedPanels;
        int gemv = GemvPanels(1, panels, target);
        bool fits = panels % interleaved == 0
            && interleaved * LargestDivisor(panelDivisor / interleaved, gemv / interleaved) >= LargestDivisor(panelDivisor, gemv);
        return fits ? interleaved : 1;
    }

    /// <summary>Panels, a power of two, that give few rows as many chains as hide the latency of a multiply-add, as far as registers go.</summary>
    private static int GemvPanels(int rows, int atLeast, VectorTarget target)
    {
        int panels = 1;
        while (panels < atLeast || rows * panels * target.VectorsPerPanel < target.MultiplyAddLatency * target.MultiplyAddsPerCycle)
            panels *= 2;
        while (panels > 1 && new RegisterTile(rows, panels, target.VectorsPerPanel, 1).LiveRegisters(target) > target.Registers)
            panels /= 2;
        return panels;
    }

    /// <summary>The largest one that is not more than a number.</summary>
    private static int PowerOfTwo(int most)
    {
        int power = 1;
        while (2 * power <= most)
            power *= 2;
        return power;
    }

    private static int LargestDivisor(int divisor, int limit)
    {
        if (divisor == 0)
            return limit;
        int candidate = Math.Min(divisor, limit);
        while (divisor % candidate != 0)
            candidate--;
        return candidate;
    }

    /// <summary>
    /// Steps of the depth in one turn of the loop. One is mostly enough: the loop's own instructions fill slots that the multiply-adds leave
    /// empty. The largest 512-bit tiles of a projection take four: on Emerald Rapids a whole forward at 8 x 512 and 128 rows took 1.024
    /// times as long with one step, 1.005 with two and 1.04 with eight; smaller tiles and scores gained nothing that could be measured. On
    /// Zen 5 one and two steps were as fast; with 256 bits two steps reached 97 GFLOP/s where one reached 105.
    /// </summary>
    private static int UnrollFor(int accumulators, MatrixKernel kernel, VectorTarget target, Unrolling unrolling)
    {
        Extent depth = kernel.Depth;
        int budget = unrolling == Unrolling.Full && depth.IsLiteral ? FullBudget : WholeBudget;
        if (depth.IsLiteral && kernel.DepthBlocks == 1 && (long)accumulators * depth.Literal <= budget)
            return depth.Literal;
        int steps = unrolling == Unrolling.Full ? Math.Max(1, budget / accumulators)
            : kernel.B.Layout == OperandLayout.PackedPanels && accumulators >= target.UnrolledAccumulators ? UnrolledSteps : 1;
        return kernel.DepthBlocks == 1 ? steps : DividingSteps(steps, depth.Literal);
    }

    /// <summary>The largest power of two up to a number of steps that divides every block of the depth, so that no steps are left over.</summary>
    private static int DividingSteps(int limit, int depth)
    {
        int steps = AttentionPlan.DepthBlock;
        while (steps > limit || depth % steps != 0)
            steps /= 2;
        return steps;
    }

    private const int UnrolledSteps = 4;

    /// <summary>
    /// A page of each panel, since the processor's own prefetcher stops at its end: at 8 x 512 and 2,048 rows the whole block
    /// reached 84 % of the FMA peak with it and 80 % without.
    /// </summary>
    private const int ValuesDistance = 64;

    /// <summary>16 to 64 steps measured the same.</summary>
    private const int OwnPanelsDistance = 16;

    /// <summary>A product this short is written out whole.</summary>
    internal const int WholeBudget = 128;

    /// <summary>Multiply-adds in one method under full unrolling: the JIT stops optimising a method at about 2,000.</summary>
    internal const int FullBudget = 1000;
}
