using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>
/// How one product of a class of its own is computed on a vector target: a pure function of spec and target. Nothing here may change the bits of a result
/// between vector targets.
/// </summary>
internal sealed record LinearPlan
{
    /// <summary>Panels of weights that the rows of a block go through before the call looks whether it is cancelled.</summary>
    public const int ColumnBlock = 64;

    /// <summary>
    /// Floats of the result whose activation, gate and residual follow the product at once: 64 KiB, which stay in the second-level cache beside the
    /// weights that pass through.
    /// </summary>
    public const int FinishedFloats = 16 * 1024;

    public required LinearSpec Spec { get; init; }

    public required VectorTarget Target { get; init; }

    /// <summary>The class to extend.</summary>
    public KernelClass Class => Spec.Class;

    /// <summary>What is computed.</summary>
    public LinearShape Shape => Spec.Shape;

    /// <summary>The product with its register tiles.</summary>
    public required ProductPlan Product { get; init; }

    /// <summary>Panels that every tile of every vector target divides.</summary>
    public required int ColumnUnit { get; init; }

    /// <summary>Panels of the packed weights: whole column units.</summary>
    public int Panels => RoundUp(FilledPanels(Shape), ColumnUnit);

    /// <summary>Rows of the input that go through the weights together.</summary>
    public required int RowBlock { get; init; }

    /// <summary>Floats of scratch for a row: columns of tiles that would write beyond the caller's row.</summary>
    public int StripFloats => (Panels - (Shape.Outputs / AttentionPlan.PanelWidth / ColumnUnit * ColumnUnit)) * AttentionPlan.PanelWidth;

    /// <summary>Decision and reason, one line each, of what this target decides.</summary>
    public required EquatableArray<string> Reasons { get; init; }

    /// <summary>The same of what is decided alike for every target.</summary>
    public required EquatableArray<string> SharedReasons { get; init; }

    /// <summary>Multiply-adds of one row.</summary>
    public long MultiplyAdds => (long)Shape.Inputs * Shape.Outputs;

    /// <summary>Bytes of the packed weights and the bias.</summary>
    public long WeightBytes => Matrix.Bytes;

    /// <summary>The matrix of weights.</summary>
    public StoredMatrix Matrix => new("product", Shape.Outputs, Shape.Inputs, Panels, Shape.Weights, Shape.Arithmetic);

    /// <summary>Whether something follows the product.</summary>
    public bool Finishes => Shape.Activation != Activation.None || Shape.Gate || Shape.Residual;

    /// <summary>The plans for every vector target, in the order in which a class tries them.</summary>
    public static IReadOnlyList<LinearPlan> CreateAll(LinearSpec spec) => [.. VectorTarget.Of(spec.VectorTargets).Select(target => Create(spec, target))];

    public static LinearPlan Create(LinearSpec spec, VectorTarget target)
    {
        LinearShape shape = spec.Shape;
        // Narrow weights are cut between groups of panels.
        int unit = Math.Max(ColumnUnitFor(FilledPanels(shape)), shape.Weights == WeightFormat.Float32 ? 1 : NarrowLayout.GroupPanels);
        var kernel = MatrixKernel.Projection(shape.Inputs, new EpilogueStep.AddBias(), new EpilogueStep.StoreRows());
        ProductPlan product = ProductPlan.Create(kernel, unit, target, spec.Unrolling);
        int rowBlock = RowBlockFor(shape);
        var plan = new LinearPlan
        {
            Spec = spec,
            Target = target,
            Product = product,
            ColumnUnit = unit,
            RowBlock = rowBlock,
            Reasons = new(ReasonsFor(product)),
            SharedReasons = new([]),
        };
        return plan with { SharedReasons = new(plan.SharedReasonsFor()) };
    }

    private static IEnumerable<string> ReasonsFor(ProductPlan product)
    {
        yield return $"{product.Reason}; rows are cut into tiles that together take the fewest cycles ({string.Join(" + ", product.Split.Cut(16))} for 16 "
            + $"rows), "
            + "and each panel of weights is used by all rows of a block while the next is prefetched.";
        yield return $"One row takes {product.GemvTiles[0].Panels} panels at once, so that enough chains of multiply-adds are in flight.";
        if (product.Tiles[product.Tiles.Count - 1].Unroll is > 1 and int turn && turn < product.Kernel.Depth.Literal)
            yield return $"The largest tiles take {turn} steps of the depth in a turn of their loop, which measured faster than one.";
        if (product.InterleavedPanels > 1)
            yield return $"Panels of weights are interleaved by {product.InterleavedPanels}: one row reads "
                + $"{product.GemvTiles[0].Panels / product.InterleavedPanels} streams instead of {product.GemvTiles[0].Panels}.";
    }

    private IEnumerable<string> SharedReasonsFor()
    {
        int filled = FilledPanels(Shape);
        yield return Panels == filled
            ? $"Columns: {filled} panels of {AttentionPlan.PanelWidth}, cut at multiples of {ColumnUnit}, so that every tile is whole."
            : $"Columns: {filled} panels of {AttentionPlan.PanelWidth} and {Panels - filled} of zeros, cut at multiples of {ColumnUnit}, so that every tile is "
                + $"whole.";
        if (StripFloats > 0)
            yield return $"The last {StripFloats} columns of whole tiles go through scratch, because they would write beyond the caller's row.";
        if (Product.Kernel.DepthBlocks > 1)
            yield return $"The depth is cut into blocks of {AttentionPlan.DepthBlock}, each summed from zero and added in ascending order, which rounds less "
                + $"than one long sum. The bits depend on it.";
        yield return $"Row blocks of {RowBlock}: their input takes {(long)RowBlock * Shape.Inputs * 4 / 1024} KiB beside the weights that pass through.";
        if (Finishes)
            yield return $"Activation, gate and residual follow on {FinishedFloats * 4 / 1024} KiB of the result at a time, while it is in the cache.";
        foreach (string reason in NarrowPlan.Reasons([Matrix]))
            yield return reason;
        yield return "Threads share columns while rows are few, so that each weight is read once, and otherwise rows.";
    }

    private static int FilledPanels(LinearShape shape) => AttentionPlan.Panels(shape.Outputs);

    /// <summary>
    /// Tiles of up to eight panels give one row enough chains, and two panels the largest tiles of 512 bits enough multiply-adds for each load. Where so
    /// many do not divide the columns, panels of zeros fill up, as long as they add little to the work.
    /// </summary>
    private static int ColumnUnitFor(int panels)
    {
        int unit = MostPanels;
        while (unit > 1 && (RoundUp(panels, unit) - panels) * LittlePart > panels)
            unit /= 2;
        return unit;
    }

    /// <summary>
    /// As many rows as leave a quarter of a second-level cache of 1 MiB to the weights, in whole query blocks, at most five, as for the row blocks of
    /// attention, where more measured slower.
    /// </summary>
    private static int RowBlockFor(LinearShape shape)
    {
        int rows = AttentionPlan.RowBytes / (4 * shape.Inputs) / AttentionPlan.QueryBlock * AttentionPlan.QueryBlock;
        return Math.Max(AttentionPlan.QueryBlock, Math.Min(AttentionPlan.QueryRun, rows));
    }

    private static int RoundUp(int panels, int unit) => (panels + unit - 1) / unit * unit;

    private const int MostPanels = 8;

    private const int LittlePart = 16;
}
