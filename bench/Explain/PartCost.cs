using System.Runtime.Intrinsics.Arm;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>What a part's calls need, as the plan's register tiles predict it.</summary>
/// <param name="Part">The part.</param>
/// <param name="Calls">Its calls in one forward.</param>
/// <param name="MultiplyAdds">Scalar multiply-adds, rows that overlapping tiles compute twice and masked keys included.</param>
/// <param name="ArithmeticVectors">Vector instructions that compute, on the two ports that also multiply.</param>
/// <param name="LoadVectors">Vector loads and broadcasts.</param>
/// <param name="StreamedBytes">Bytes that come from where all of them lie: weights each call, keys and values once a run of query blocks.</param>
/// <param name="FootprintBytes">All distinct bytes that the part touches, which decides the cache level they come from.</param>
internal sealed record PartCost(
    Part Part, int Calls, double MultiplyAdds, double ArithmeticVectors, double LoadVectors, double StreamedBytes, long FootprintBytes)
{
    // Softmax, for each vector: a maximum, then subtract, 2ˣ (12) and add.
    private const int SoftmaxInstructions = 15;
    private const int MergeInstructions = 32;

    /// <summary>Adds up a part's calls.</summary>
    public static PartCost Of(Part part, IReadOnlyList<KernelCall> calls, Workload workload, AttentionPlan plan)
    {
        AttentionShape shape = workload.Shape;
        int lanes = plan.Target.Lanes;
        double multiplyAdds = 0, arithmetic = 0, loads = 0, streamed = 0;
        nint lastShared = -1;
        foreach (KernelCall call in calls)
        {
            (ProductPlan? product, int depth, int panels) = part switch
            {
                Part.QueryProjection => (plan.InputProjection, shape.DModel, plan.QueryPanels),
                Part.KeyProjection or Part.ValueProjection => (plan.MemoryProjection, shape.MemoryDim, plan.KeyPanels),
                Part.OutputProjection => (plan.OutputProjection, shape.JoinedDim, plan.OutputPanels),
                Part.Scores => (plan.Scores, shape.HeadDim, AttentionPlan.Panels(call.Columns)),
                Part.Values => (plan.Values, call.Columns, plan.ValueHeadDimPadded / AttentionPlan.PanelWidth),
                _ => ((ProductPlan?)null, 0, 0),
            };
            if (product is not null)
            {
                foreach (RegisterTile tile in Tiles(product, call.Rows))
                {
                    double steps = (double)depth * ((panels + tile.Panels - 1) / tile.Panels);
                    arithmetic += steps * tile.Accumulators;
                    loads += steps * tile.LoadsPerStep;
                }
                double shared = sizeof(float) * (double)depth * panels * AttentionPlan.PanelWidth;
                // The query blocks of a run find keys and values in a nearer cache than the first of them.
                if (part is not (Part.Scores or Part.Values) || call.Shared != lastShared)
                    streamed += shared;
                lastShared = call.Shared;
            }
            else
            {
                double vectors = Elements(call, shape, plan) / lanes;
                loads += vectors * (part is Part.Softmax or Part.MergeHeads or Part.Rotary or Part.QueryNorm or Part.KeyNorm ? 2 : part == Part.Merge ? 4 : 1);
                arithmetic += part switch
                {
                    Part.Softmax => SoftmaxInstructions * vectors,
                    Part.Merge => MergeInstructions * vectors,
                    // The sum of squares, the product with the factor and with the weights.
                    Part.Rotary or Part.QueryNorm or Part.KeyNorm => 3 * vectors,
                    Part.MergeHeads or Part.JoinHeads => 2 * vectors,
                    _ => 0,
                };
                streamed += part is Part.QueryRows or Part.KeyStrip or Part.KeyPanels or Part.ValuePanels or Part.OutputHeads ? 2 * sizeof(float) * lanes * vectors : 0;
            }
        }
        if (part <= Part.OutputProjection && part is not (Part.Softmax or Part.Merge or Part.MergeHeads or Part.JoinHeads))
            multiplyAdds = arithmetic * lanes;
        return new(part, calls.Count, multiplyAdds, arithmetic, loads, streamed, Footprint(part, workload, plan));
    }

    /// <summary>The tiles that cover so many rows; fewer than the smallest tile take GEMV tiles, of which two may overlap.</summary>
    private static IEnumerable<RegisterTile> Tiles(ProductPlan product, int rows)
    {
        RowSplit split = AdvSimd.Arm64.IsSupported && product.Arm64Split is { } arm64 ? arm64 : product.Split;
        if (rows >= product.Tiles[0].Rows || product.GemvTiles.Count == 0)
            return split.Cut(rows).Select(count => product.RowTiles.First(tile => tile.Rows == count));
        RegisterTile widest = product.GemvTiles[product.GemvTiles.Count - 1];
        return rows <= widest.Rows ? [product.GemvTiles.First(tile => tile.Rows == rows)] : [widest, widest];
    }

    /// <summary>Numbers that a part without products goes through.</summary>
    private static double Elements(KernelCall call, AttentionShape shape, AttentionPlan plan) => call.Part switch
    {
        Part.Softmax => (double)call.Rows * call.Columns,
        // A vector of rows at a time.
        Part.Merge => (call.Rows + plan.Target.Lanes - 1) / plan.Target.Lanes * plan.Target.Lanes,
        Part.MergeHeads or Part.JoinHeads => (double)call.Rows * plan.ValueHeadDimPadded,
        Part.Rotary => (double)call.Rows * call.Columns * shape.RotaryDim,
        Part.QueryNorm or Part.KeyNorm => (double)call.Rows * call.Columns * shape.HeadDim,
        Part.ValuePanels => (double)call.Rows * shape.ValueHeadDim,
        Part.OutputHeads => (double)call.Rows * shape.JoinedDim,
        // Without projections a call gathers the queries of one KV head.
        Part.QueryRows => (double)call.Rows * shape.QueryDim / (shape.HasProjections ? 1 : shape.KvHeads),
        _ => (double)call.Rows * shape.HeadDim,
    };

    private static long Footprint(Part part, Workload workload, AttentionPlan plan)
    {
        AttentionShape shape = workload.Shape;
        long rows = Math.Min(plan.RowBlock, workload.Rows);
        long floats = part switch
        {
            Part.QueryProjection or Part.OutputProjection => ((long)shape.DModel * shape.QueryDim) + (rows * (shape.DModel + shape.QueryDim)),
            Part.KeyProjection or Part.ValueProjection =>
                ((long)shape.MemoryDim * shape.KeyDim) + (Math.Min(plan.RowBlock, workload.Keys) * ((long)shape.MemoryDim + shape.KeyDim)),
            Part.Scores or Part.Values => ((long)workload.Keys * shape.KeyDim) + (rows * shape.QueryDim),
            Part.QueryRows or Part.Rotary or Part.QueryNorm => 2 * rows * shape.QueryDim,
            Part.KeyStrip or Part.KeyNorm => 2 * rows * shape.KeyDim,
            Part.OutputHeads => 2 * rows * shape.JoinedDim,
            Part.KeyPanels or Part.ValuePanels => (long)(workload.UsesCache ? workload.Rows : workload.Keys) * shape.KeyDim * 2,
            _ => plan.Scratch["Scores"].Length,
        };
        return sizeof(float) * floats;
    }
}
