using AttentionGen.Bench.Workloads;
using PackedMatrix = AttentionGen.CompilerServices.PackedMatrix;
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
/// <param name="IsInt8">Whether its products are those of bytes.</param>
internal sealed record PartCost(
    Part Part, int Calls, double MultiplyAdds, double ArithmeticVectors, double LoadVectors, double StreamedBytes, long FootprintBytes, bool IsInt8)
{
    // Softmax, for each vector: a maximum, then subtract, 2ˣ (12) and add.
    private const int SoftmaxInstructions = 15;
    private const int MergeInstructions = 32;

    // Probabilities that a method changes: subtract, 2ˣ (12) and multiply, and whatever the method does.
    private const int ProbabilityInstructions = 14;

    // GELU by the error function: a polynomial of the ninth degree, 2ˣ, and what is around them; SiLU takes as many, a division included.
    private const int ActivationInstructions = 23;

    // Residual sum, sum of the row, squares of the deviations, and the factors of the norm.
    private const int SumInstructions = 8;
    private const int SumLoads = 7;

    /// <summary>Adds up a part's calls.</summary>
    public static PartCost Of(Part part, IReadOnlyList<KernelCall> calls, AttentionWorkload workload, AttentionPlan plan)
    {
        int lanes = plan.Target.Lanes;
        double multiplyAdds = 0, arithmetic = 0, loads = 0, streamed = 0;
        nint lastShared = -1;
        foreach (KernelCall call in calls)
        {
            (ProductPlan? product, nint depth, nint panels) = part switch
            {
                Part.InputProjection => (plan.InputProjection, workload.Shape.DModel, call.Panels),
                Part.MemoryProjection => (plan.MemoryProjection, workload.Shape.MemoryDim, call.Panels),
                Part.ValueInputProjection => (plan.ValueInputProjection, workload.Shape.ValueInputDim, call.Panels),
                Part.OutputProjection => (plan.OutputProjection, workload.Shape.JoinedDim, call.Panels),
                Part.UpProjection => (plan.FeedForward!.Up, workload.Shape.DModel, call.Panels),
                Part.DownProjection => (plan.FeedForward!.Down, plan.FeedForward.Width, call.Panels),
                Part.Scores => (plan.Scores, workload.Shape.HeadDim, call.Panels),
                Part.Values => (plan.Values, call.Columns, plan.ValueHeadDimPadded / AttentionPlan.PanelWidth),
                _ => ((ProductPlan?)null, (nint)0, (nint)0),
            };
            if (product is not null && call.Narrow is not null)
            {
                var narrow = NarrowCost.Of(call, depth, Tiles(product, (int)call.Rows), lanes);
                multiplyAdds += narrow.MultiplyAdds;
                arithmetic += narrow.ArithmeticVectors;
                loads += narrow.LoadVectors;
                streamed += narrow.StreamedBytes;
            }
            else if (product is not null)
            {
                foreach (RegisterTile tile in Tiles(product, (int)call.Rows))
                {
                    double steps = (double)depth * ((panels + tile.Panels - 1) / tile.Panels);
                    arithmetic += steps * tile.Accumulators;
                    multiplyAdds += steps * tile.Accumulators * lanes;
                    loads += steps * tile.LoadsPerStep;
                }
                // The query blocks of a run find keys and values in a nearer cache than the first of them.
                if (part is not (Part.Scores or Part.Values) || call.Shared != lastShared)
                    streamed += sizeof(float) * (double)depth * panels * AttentionPlan.PanelWidth;
                lastShared = call.Shared;
            }
            else
            {
                double vectors = Elements(call, plan) / lanes;
                loads += vectors * part switch
                {
                    Part.Softmax or Part.MergeHeads => 2,
                    Part.Merge => 4,
                    Part.AttentionSum or Part.FeedForwardSum => SumLoads,
                    Part.Activation when plan.Layer!.Gated => 2,
                    _ => 1,
                };
                arithmetic += vectors * part switch
                {
                    Part.Softmax => SoftmaxInstructions,
                    Part.Merge => MergeInstructions,
                    Part.ModifyProbabilities => ProbabilityInstructions,
                    Part.MergeHeads or Part.JoinHeads => 2,
                    Part.AttentionSum or Part.FeedForwardSum => SumInstructions,
                    Part.Activation => ActivationInstructions,
                    _ => 0,
                };
            }
        }
        PackedMatrix? matrix = Narrow(calls);
        long footprint = Footprint(part, workload, plan, NarrowCost.WeightBytes(matrix));
        return new(part, calls.Count, multiplyAdds, arithmetic, loads, streamed, footprint, NarrowCost.IsInt8(matrix));
    }

    /// <summary>The same of a class of one product.</summary>
    public static PartCost Of(Part part, IReadOnlyList<KernelCall> calls, LinearWorkload workload, LinearPlan plan)
    {
        LinearShape shape = workload.Shape;
        double multiplyAdds = 0, arithmetic = 0, loads = 0, streamed = 0;
        foreach (KernelCall call in calls)
        {
            if (part == Part.Product && call.Narrow is not null)
            {
                var narrow = NarrowCost.Of(call, shape.Inputs, Tiles(plan.Product, (int)call.Rows), plan.Target.Lanes);
                multiplyAdds += narrow.MultiplyAdds;
                arithmetic += narrow.ArithmeticVectors;
                loads += narrow.LoadVectors;
                streamed += narrow.StreamedBytes;
                continue;
            }
            if (part == Part.Product)
            {
                foreach (RegisterTile tile in Tiles(plan.Product, (int)call.Rows))
                {
                    double steps = (double)shape.Inputs * ((call.Panels + tile.Panels - 1) / tile.Panels);
                    arithmetic += steps * tile.Accumulators;
                    multiplyAdds += steps * tile.Accumulators * plan.Target.Lanes;
                    loads += steps * tile.LoadsPerStep;
                }
                streamed += sizeof(float) * (double)shape.Inputs * call.Panels * AttentionPlan.PanelWidth;
                continue;
            }
            double vectors = (double)call.Rows * call.Panels * AttentionPlan.PanelWidth / plan.Target.Lanes;
            int operands = (shape.Gate ? 1 : 0) + (shape.Residual ? 1 : 0);
            int function = shape.Activation switch { AttentionGen.Activation.None => 0, AttentionGen.Activation.Relu => 1, _ => ActivationInstructions };
            arithmetic += vectors * (function + operands);
            // Each operand goes through the result once more.
            loads += vectors * ((function > 0 ? 1 : 0) + (2 * operands));
        }
        long rows = Math.Min(plan.RowBlock, workload.Rows);
        long footprint = part == Part.Product
            ? workload.IsBoundByReading ? workload.RequiredBytes : plan.WeightBytes + (sizeof(float) * rows * (shape.Inputs + shape.Outputs))
            : sizeof(float) * Math.Min(LinearPlan.FinishedFloats, rows * shape.Outputs);
        return new(part, calls.Count, multiplyAdds, arithmetic, loads, streamed, footprint, NarrowCost.IsInt8(Narrow(calls)));
    }

    /// <summary>The narrow matrix of a part's products; those of a class have one format.</summary>
    private static PackedMatrix? Narrow(IReadOnlyList<KernelCall> calls) => calls.Select(call => call.Narrow).FirstOrDefault(matrix => matrix is not null);

    /// <summary>The tiles that cover so many rows; fewer than the smallest tile take GEMV tiles, of which two may overlap.</summary>
    private static IEnumerable<RegisterTile> Tiles(ProductPlan product, int rows)
    {
        if (rows >= product.Tiles[0].Rows || product.GemvTiles.Count == 0)
            return product.Split.Cut(rows).Select(count => product.Tiles.First(tile => tile.Rows == count));
        RegisterTile widest = product.GemvTiles[product.GemvTiles.Count - 1];
        return rows <= widest.Rows ? [product.GemvTiles.First(tile => tile.Rows == rows)] : [widest, widest];
    }

    /// <summary>Numbers that a part without products goes through.</summary>
    private static double Elements(KernelCall call, AttentionPlan plan) => call.Part switch
    {
        // A vector of rows at a time.
        Part.Merge or Part.Finish => (double)(call.Rows + plan.Target.Lanes - 1) / plan.Target.Lanes * plan.Target.Lanes,
        Part.MergeHeads or Part.JoinHeads => (double)call.Rows * plan.ValueHeadDimPadded,
        Part.AttentionSum or Part.FeedForwardSum or Part.Activation => (double)call.Rows * call.Panels * AttentionPlan.PanelWidth,
        _ => (double)call.Rows * call.Columns,
    };

    private static long Footprint(Part part, AttentionWorkload workload, AttentionPlan plan, double weightBytes)
    {
        AttentionShape shape = workload.Shape;
        // A row reads all weights and all cached keys: a part finds its own again where all of them lie.
        bool readsWeights = part is Part.InputProjection or Part.MemoryProjection or Part.ValueInputProjection or Part.OutputProjection or Part.UpProjection
            or Part.DownProjection;
        if (workload.IsBoundByReading && (readsWeights || part is Part.Scores or Part.Values))
            return workload.RequiredBytes;
        long rows = Math.Min(plan.RowBlock, workload.Rows), keys = Math.Min(plan.RowBlock, workload.Keys);
        (long weights, long floats) = part switch
        {
            Part.InputProjection => ((long)shape.DModel * shape.QueryDim, rows * (shape.DModel + shape.QueryDim)),
            Part.OutputProjection => ((long)shape.DModel * shape.JoinedDim, rows * (shape.DModel + shape.JoinedDim)),
            Part.MemoryProjection => ((long)shape.MemoryDim * (shape.KeyDim + (shape.ValueInputDim > 0 ? 0 : shape.ValueDim)),
                keys * (shape.MemoryDim + shape.KeyDim)),
            Part.ValueInputProjection => ((long)shape.ValueInputDim * shape.ValueDim, keys * (shape.ValueInputDim + shape.ValueDim)),
            // Without the last product.
            Part.UpProjection => (plan.FeedForwardMultiplyAdds - ((long)shape.DModel * plan.FeedForward!.Width),
                rows * (shape.DModel + plan.FeedForward.HiddenStride)),
            Part.DownProjection => ((long)shape.DModel * plan.FeedForward!.Width, rows * (shape.DModel + plan.FeedForward.HiddenStride)),
            // A strip.
            Part.Activation => (0L, rows * plan.FeedForward!.StripPanels * AttentionPlan.PanelWidth),
            Part.AttentionSum or Part.FeedForwardSum => (0L, 3 * rows * shape.DModel),
            Part.Scores or Part.Values => (0L, ((long)workload.Keys * shape.KeyDim) + (rows * shape.QueryDim)),
            Part.Between => (0L, rows * (shape.QueryDim + shape.JoinedDim)),
            _ => (0L, plan.Scratch["Scores"].Length),
        };
        return (long)(weights * weightBytes) + (sizeof(float) * floats);
    }
}
