using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>
/// How a spec is computed on a target: a pure function of both, read by the emitters and, as numbers, by tests.
/// Nothing here may change the bits of a result between targets: <see cref="KeyBlock"/> is the same for all.
/// </summary>
internal sealed record AttentionPlan
{
    /// <summary>Columns of a packed panel: one cache line of float32, the same for every target, so that caches do not depend on it.</summary>
    public const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Keys whose scores are normalised together. Cut at key 0 of the sequence, on every target: results depend on it.</summary>
    public const int KeyBlock = PanelLayout.KeyBlock;

    /// <summary>Steps of the depth of a projection that one chain of multiply-adds runs over, on every target: results depend on it.</summary>
    public const int DepthBlock = PanelLayout.DepthBlock;

    /// <summary>
    /// Query rows whose scores against one key block are alive at once: 24 rows of 256 fill three quarters of a 32 KiB cache, and are whole tiles of 12,
    /// 6, 4, 3 and 2 rows.
    /// </summary>
    public const int QueryBlock = 24;

    /// <summary>Up to so many rows threads share columns and heads of a sequence rather than rows.</summary>
    public const int FewRows = 2 * QueryBlock;

    /// <summary>
    /// Query rows that use a key block one query block after another, so that keys and values beyond the second-level cache are read a fifth as often.
    /// </summary>
    public const int QueryRun = 5 * QueryBlock;

    /// <summary>
    /// Rows of a thread's part are a multiple of this: whole tiles of most targets, and 128 rows are four equal parts, which 24 would cut into three.
    /// </summary>
    public const int PartRows = 8;

    /// <summary>
    /// Parts of a phase are a multiple of so many for each thread. Every part reads the weights once more, so one; two where the last
    /// rows see the most keys: causal, 128 rows on two threads took 1.03 times as long in two parts, 512 rows of full attention 0.94.
    /// </summary>
    public int PartsPerThread => Shape.Causal ? 2 : 1;

    public required AttentionSpec Spec { get; init; }

    public required VectorTarget Target { get; init; }

    /// <summary>The class to extend.</summary>
    public KernelClass Class => Spec.Class;

    /// <summary>What the kernel computes.</summary>
    public AttentionShape Shape => Spec.Shape;

    /// <summary>The Transformer layer around the attention, or null.</summary>
    public TransformerLayerShape? Layer => Spec.Layer;

    /// <summary>What stands between scores and joined heads.</summary>
    public required AttentionSteps Steps { get; init; }

    public required JoinPlan Join { get; init; }

    /// <summary>
    /// What queries are multiplied by as they are laid out by KV head: 1 where the weights of a normalisation hold it. Weights of the projection do not,
    /// so that they may be stored in any format.
    /// </summary>
    public double QueryFactor => Shape.QueryKeyNorm != QueryKeyNorm.None ? 1 : Steps.NaturalScores ? Shape.Scale : Shape.Scale / Math.Log(2);

    /// <summary>Floats between the score rows of two queries: a line more than a block, so that rows start in different cache sets.</summary>
    public int ScoreStride => KeyBlock + PanelWidth;

    /// <summary>Rows of the input that go from projection to output together.</summary>
    public required int RowBlock { get; init; }

    /// <summary>The projection of the input to queries, null where there are no projections, as are the next two.</summary>
    public required ProductPlan? InputProjection { get; init; }

    /// <summary>The projection of the memory, or of the input itself, to keys and values.</summary>
    public required ProductPlan? MemoryProjection { get; init; }

    /// <summary>The projection of values that have an input of their own; null where these come from the memory.</summary>
    public required ProductPlan? ValueInputProjection { get; init; }

    /// <summary>The projection of the joined heads to the output.</summary>
    public required ProductPlan? OutputProjection { get; init; }

    /// <summary>The feed-forward network of a Transformer layer, or null for an attention block alone.</summary>
    public required FeedForwardPlan? FeedForward { get; init; }

    /// <summary>The cross-attention of a decoder layer, whose products are among those of this plan; null where there is none.</summary>
    public required AttentionPlan? Memory { get; init; }

    /// <summary>Every distinct projection once: products of one name are one kernel.</summary>
    public required EquatableArray<ProductPlan> Projections { get; init; }

    /// <summary>Every product that is written for the vector target.</summary>
    public IEnumerable<ProductPlan> Products => Projections.Append(Scores).Append(Values);

    public required ProductPlan Scores { get; init; }

    public required ProductPlan Values { get; init; }

    public required ScratchLayout Scratch { get; init; }

    /// <summary>The product whose tiles stand for the others: of the projections where there are any.</summary>
    public ProductPlan Main => Shape.HasProjections ? Projections[0] : Scores;

    /// <summary>Decision and reason, one line each, of what this target decides: for the header of its generated file.</summary>
    public required EquatableArray<string> Reasons { get; init; }

    /// <summary>The same of what is decided alike for every target: for the header of the path that they share.</summary>
    public required EquatableArray<string> SharedReasons { get; init; }

    /// <summary>What the path of a call does, on every target.</summary>
    public AttentionFeatures Features => FeatureList.Of(Shape, Steps) | FeatureList.Of(Spec.Layer);

    public int ValueHeadDimPadded => RoundUp(Shape.ValueHeadDim);

    public int QueryPanels => Panels(Shape.QueryDim);

    public int KeyPanels => Panels(Shape.KeyDim);

    public int ValuePanels => Panels(Shape.ValueDim);

    public int OutputPanels => Shape.ProjectsOutput ? Panels(Shape.DModel) : 0;

    /// <summary>Whether the output projection writes whole panels beyond the user's rows, and so goes through scratch.</summary>
    public bool OutputThroughScratch => Shape.ProjectsOutput && Shape.DModel % PanelWidth != 0;

    /// <summary>Multiply-adds of the projections for one input row (and one memory row, for cross-attention).</summary>
    public long ProjectionMultiplyAdds => (Memory?.ProjectionMultiplyAdds ?? 0) +
        ((long)Shape.DModel * (Shape.QueryDim + ((Shape.OutputGate ? 1 : 0) + (Shape.ProjectsOutput ? 1 : 0)) * Shape.JoinedDim))
            + ((long)Shape.MemoryDim * Shape.KeyDim) + ((long)Shape.ValueSourceDim * Shape.ValueDim);

    /// <summary>Multiply-adds of the feed-forward network for one row; 0 for an attention block alone.</summary>
    public long FeedForwardMultiplyAdds => Spec.Layer is { } layer ? (layer.Gated ? 3L : 2L) * layer.FeedForwardDim * layer.DModel : 0;

    /// <summary>Multiply-adds of scores, in each pass over the keys, and of weighted values for one query row and one visible key.</summary>
    public long AttentionMultiplyAdds => ((long)Steps.KeyPasses * Shape.QueryDim) + Shape.JoinedDim;

    /// <summary>Every matrix of weights, those of a decoder layer's cross-attention too.</summary>
    public IEnumerable<StoredMatrix> Matrices => NarrowPlan.Matrices(Spec);

    /// <summary>Bytes of the packed weights and biases.</summary>
    public long WeightBytes => Matrices.Sum(matrix => matrix.Bytes);

    /// <summary>Bytes of keys and values for one key of one sequence.</summary>
    public long KeyValueBytes => Shape.KvHeads
        * ((long)KeyValueLayout.RowBytes(Shape.KeyValues, Shape.HeadDim) + KeyValueLayout.RowBytes(Shape.KeyValues, ValueHeadDimPadded));

    /// <summary>Panels that a thread's share of a projection's columns is a multiple of: whole tiles of every kernel of every target.</summary>
    public static int ColumnUnit(IEnumerable<AttentionPlan> plans) => plans
        .SelectMany(plan => plan.Projections)
        .SelectMany(product => product.AllTiles)
        .Select(tile => tile.Panels)
        .Append(plans.Any(plan => NarrowPlan.IsNarrow(plan.Spec)) ? NarrowLayout.GroupPanels : 1)
        .Aggregate(LeastCommonMultiple);

    /// <summary>The plans for every vector target of a spec, in the order in which a class tries them.</summary>
    public static IReadOnlyList<AttentionPlan> CreateAll(AttentionSpec spec) => [.. VectorTarget.Of(spec.VectorTargets).Select(target => Create(spec, target))];

    public static AttentionPlan Create(AttentionSpec spec, VectorTarget target)
    {
        AttentionShape shape = spec.Shape;
        AttentionSteps steps = AttentionSteps.Create(spec);
        ProductPlan Product(MatrixKernel kernel, int divisor) => ProductPlan.Create(kernel, divisor, target, spec.Unrolling);
        MatrixKernel Projection(int depth) => MatrixKernel.Projection(depth, new EpilogueStep.AddBias(), new EpilogueStep.StoreRows());

        // Uses of one kernel share its tiles, which divide the panels of all of them.
        MatrixKernel input = Projection(shape.DModel), memory = Projection(shape.MemoryDim), output = Projection(shape.JoinedDim),
            values = Projection(shape.ValueSourceDim);
        MatrixKernel? down = spec.Layer is { } layer
            ? MatrixKernel.Projection(
                layer.FeedForwardDim, FeedForwardPlan.HiddenStrideOf(layer.FeedForwardDim), new EpilogueStep.AddBias(), new EpilogueStep.StoreRows())
            : null;
        // The cross-attention of a decoder layer is an attention of its own; its products are this plan's, so that each kernel is written once.
        AttentionSpec? cross = spec.Layer?.CrossAttention is { } crossShape
            ? spec with { Shape = crossShape, Layer = null, ScoreModifier = null, ProbabilityModifier = null, MaskPredicate = null }
            : null;
        MatrixKernel? crossMemory = cross is null ? null : Projection(cross.Shape.MemoryDim);
        List<ProductPlan> projections = !shape.HasProjections ? [] : new[]
            {
                (Kernel: input, Panels: Panels(shape.QueryDim)),
                (Kernel: memory, Panels: Panels(shape.KeyDim)),
                (Kernel: values, Panels: Panels(shape.ValueDim)),
            }
            .Concat(shape.ProjectsOutput ? new[] { (Kernel: output, Panels: Panels(shape.DModel)) } : [])
            .Concat(shape.OutputGate ? new[] { (Kernel: input, Panels: Panels(shape.JoinedDim)) } : [])
            .Concat(down is null ? [] : new[] { (Kernel: input, Panels: Panels(spec.Layer!.FeedForwardDim)), (Kernel: down, Panels: Panels(shape.DModel)) })
            .Concat(
                crossMemory is null ? [] : new[] { (Kernel: crossMemory, Panels: Panels(shape.KeyDim)), (Kernel: crossMemory, Panels: Panels(shape.ValueDim)) })
            .GroupBy(use => use.Kernel)
            .Select(uses => Product(uses.Key, uses.Select(use => use.Panels).Aggregate(GreatestCommonDivisor)))
            .ToList();

        // The strips of a feed-forward network are the same for all vector targets, as the scratch is.
        int strip = spec.Layer is null ? 0 : FeedForwardPlan.StripOf(VectorTarget.All
            .SelectMany(each => projections.Select(product => ProductPlan.Create(product.Kernel, product.PanelDivisor, each, spec.Unrolling)))
            .SelectMany(product => product.AllTiles)
            .Select(tile => tile.Panels)
            .Append(NarrowPlan.IsNarrow(spec) ? NarrowLayout.GroupPanels : 1)
            .Aggregate(LeastCommonMultiple));
        int scoreStride = KeyBlock + PanelWidth;
        ProductPlan scores = Product(MatrixKernel.Scores(shape.HeadDim, scoreStride), 0);
        ProductPlan weighted = Product(MatrixKernel.Values(RoundUp(shape.ValueHeadDim), scoreStride), Panels(shape.ValueHeadDim));

        int rowBlock = RowBlockFor(shape);
        ProductPlan main = projections.Count > 0 ? projections[0] : scores;
        string cut = $"rows are cut into tiles that together take the fewest cycles ({string.Join(" + ", main.Split.Cut(16))} for 16 rows)";
        var reasons = new List<string>
        {
            shape.HasProjections
                ? $"Projections and scores: {main.Reason}; {cut}, and each panel of weights is used by all rows of a block while the next is prefetched."
                : $"Scores: {main.Reason}; {cut}.",
            $"Values: {weighted.LargestTile} tiles over value panels.",
        };
        if (target.Base is not null)
            reasons.Add($"Smaller tiles, and all kernels that are no products, are those of {target.Base.Name}: its own would be equal.");
        if (shape.HasProjections && main.Tiles[main.Tiles.Count - 1].Unroll is > 1 and int turn && turn < main.Kernel.Depth.Literal)
            reasons.Add($"The largest tiles of weights take {turn} steps of the depth in a turn of their loop, which measured faster than one.");
        if (shape.HasProjections && main.InterleavedPanels > 1)
            reasons.Add(
                $"Panels of weights are interleaved by {main.InterleavedPanels}: one row reads {main.GemvTiles[0].Panels / main.InterleavedPanels} streams "
                    + $"instead of {main.GemvTiles[0].Panels}.");

        var shared = new List<string>
        {
            $"Scores: {shape.HeadDim} deep, straight from key panels of {PanelWidth} keys: no transpose, and never more than {QueryBlock} x {KeyBlock} scores "
                + $"alive.",
            $"Key blocks of {KeyBlock}, cut at key 0: with {QueryBlock} query rows their scores take {QueryBlock * scoreStride * 4 / 1024} KiB and stay in the "
                + $"first-level cache. The block's size is the same on every processor, since the bits depend on it.",
            steps.TakesSigmoid || steps.ModifiesProbabilities
                ? "Each key block's values start from zero and are added in ascending order."
                : "Each key block's values start from zero and are merged by its maximum, in ascending order.",
            $"Runs of {QueryRun} query rows go through a key block together, so that long keys and values come from beyond the second-level cache once a run.",
            $"Row blocks of {rowBlock}: queries and their output take {(long)rowBlock * (shape.QueryDim + shape.JoinedDim) * 4 / 1024} KiB beside the "
                + $"{(shape.HasProjections ? "weights" : "keys and values")} that pass through.",
            Factor(shape, steps),
        };
        if (projections.Any(product => product.Kernel.DepthBlocks > 1))
            shared.Insert(
                1,
                $"Projections: their depth is cut into blocks of {DepthBlock}, each summed from zero and added in ascending order, which rounds less than one "
                    + $"long sum. The bits depend on it.");
        if (!shape.HasProjections)
            shared.Insert(0, "Heads come and go as the caller has them: queries are gathered by KV head, keys and values laid out in panels.");
        if (shape.Group > 1)
            shared.Add($"Grouped queries: the {shape.Group} query heads of a KV head are rows of one tile, so that its keys and values are read once.");
        if (shape.ValueInputDim > 0)
            shared.Add($"Values come from rows {shape.ValueInputDim} wide of their own, keys from rows {shape.MemoryDim} wide: each has its own projection.");
        if (shape.KeyValues != KeyValueFormat.Float32)
            shared.Add(NarrowKeyValues(shape));
        if (shape.Causal)
            shared.Add("Causal: loops end at the last visible key of a query block; only the block on the diagonal masks.");

        if (spec.Layer is not null)
            shared.Add(
                $"Layer: a row block goes through attention, norms and feed-forward network before the next one begins. The first products of the network are "
                    + $"cut into strips of {strip * PanelWidth} columns, wider where a block has fewer rows, each activated while it is in cache; their rows "
                    + "lie an odd number of cache lines apart, so that the last product finds them in different sets of the cache.");
        if (cross is not null)
            shared.Add(
                "Cross-attention: it follows the self-attention in the same row block, with the same scratch, which is free by then. Its products are those of "
                    + "the self-attention, but for the projection of the memory.");
        shared.AddRange(NarrowPlan.Reasons(NarrowPlan.Matrices(spec)));
        shared.AddRange(steps.Reasons);
        return new()
        {
            Spec = spec,
            Target = target,
            Steps = steps,
            Join = JoinPlan.Create(shape, target),
            RowBlock = rowBlock,
            InputProjection = projections.FirstOrDefault(product => product.Kernel == input),
            MemoryProjection = projections.FirstOrDefault(product => product.Kernel == memory),
            ValueInputProjection = shape.ValueInputDim > 0 ? projections.First(product => product.Kernel == values) : null,
            OutputProjection = shape.ProjectsOutput ? projections.First(product => product.Kernel == output) : null,
            FeedForward = down is null ? null : new()
            {
                Up = projections.First(product => product.Kernel == input),
                Down = projections.First(product => product.Kernel == down),
                Width = spec.Layer!.FeedForwardDim,
                Activation = spec.Layer.Activation,
                StripPanels = strip,
            },
            Memory = cross is null ? null : Create(cross, target) with
            {
                InputProjection = projections.First(product => product.Kernel == input),
                MemoryProjection = projections.First(product => product.Kernel == crossMemory),
                OutputProjection = projections.First(product => product.Kernel == output),
                Projections = new(projections),
            },
            Projections = new(projections),
            Scores = scores,
            Values = weighted,
            Scratch = ScratchLayout.Create(shape, spec.Layer, strip, steps, rowBlock, scoreStride),
            Reasons = new(reasons),
            SharedReasons = new(shared),
        };
    }

    /// <summary>How keys and values of a narrow format are read, and what they lose.</summary>
    private static string NarrowKeyValues(AttentionShape shape)
    {
        string error = shape.KeyValues switch
        {
            KeyValueFormat.BFloat16 => "an element is off by at most 2^-9 of itself",
            KeyValueFormat.Float16 => "an element is off by at most 2^-12 of itself, and infinite from 65,520 on",
            _ => "an element is off by at most 1/254 of the largest of its key or value; scales multiply scores after, and probabilities before the products",
        };
        return $"Keys and values are rounded to {shape.KeyValues} as they are stored: {error}. A few query rows widen them in registers; for a run of more, "
            + $"each key block is widened once, and the kernels of float32 run on it. The bits are the same.";
    }

    /// <summary>Where the factor of the scores goes, and which it is.</summary>
    private static string Factor(AttentionShape shape, AttentionSteps steps)
    {
        string where = shape.QueryKeyNorm != QueryKeyNorm.None
            ? "folded into the weights of the query normalisation"
            : "multiplied into the queries as they are laid out";
        return steps.NaturalScores
            ? $"The scale is {where}; scores are natural until the softmax, as what is done to them wants."
            : $"Scale and log2(e) are {where}, so that {(steps.TakesSigmoid ? "the sigmoid takes" : "softmax is")} a power of two.";
    }

    internal static int Panels(int columns) => PanelLayout.Panels(columns);

    internal static int RoundUp(int columns) => Panels(columns) * PanelWidth;

    /// <summary>
    /// As many rows as leave a quarter of a second-level cache of 1 MiB to weights and keys, in whole query blocks, at most five:
    /// at 8 x 512 and 512 rows, 120 rows measured 205 GFLOP/s, 48 rows 172, 192 rows 194. Where the cache is smaller the rows
    /// come from the third level, which the prefetcher hides. The same for all targets, so that they share the path.
    /// </summary>
    private static int RowBlockFor(AttentionShape shape)
    {
        int rowBytes = 4 * (shape.QueryDim + shape.JoinedDim);
        int rows = RowBytes / rowBytes / QueryBlock * QueryBlock;
        return Math.Max(QueryBlock, Math.Min(QueryRun, rows));
    }

    /// <summary>Bytes that the queries and the output of a row block may take: three quarters of a second-level cache.</summary>
    internal const int RowBytes = 768 * 1024;

    private static int LeastCommonMultiple(int a, int b) => a / GreatestCommonDivisor(a, b) * b;

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
