using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>One feature of a configuration, declared on top of others.</summary>
internal sealed record Feature(string Name, Func<TestConfiguration, TestConfiguration> Declare)
{
    /// <summary>What every configuration of the grid starts from: tiny, so that hundreds compile.</summary>
    public static TestConfiguration Plain { get; } = new() { Heads = 2, DModel = 16 };

    /// <summary>Every feature that a configuration can declare.</summary>
    public static IReadOnlyList<Feature> All { get; } =
    [
        new("cross", block => block with { MemoryDim = 12 }),
        new("value-input", block => block with { MemoryDim = 12, ValueInputDim = 21 }),
        new("core", block => block with { Projections = false, DModel = 0, HeadDim = 8 }),
        new("heads-rows", block => block with { Projections = false, DModel = 0, HeadDim = 8, Layout = HeadLayout.HeadsRows }),
        new("input-bias", block => block with { Projections = false, DModel = 0, HeadDim = 8, InputBias = true }),
        new("grouped", block => block with { Heads = 4, KvHeads = 2, HeadDim = 8 }),
        new("value-dim", block => block with { ValueHeadDim = 20 }),
        new("no-bias", block => block with { Biases = false }),
        new("output-gate", block => block with { OutputGate = true }),
        new("bfloat16", block => block with { Weights = WeightFormat.BFloat16 }),
        new("float16", block => block with { Weights = WeightFormat.Float16 }),
        new("int8-blocks", block => block with { Weights = WeightFormat.Int8Blocks }),
        new("int4-blocks", block => block with { Weights = WeightFormat.Int4Blocks }),
        new("joined-output", block => block with { OutputProjection = false }),
        new("fixed-length", block => block with { SequenceLength = 19 }),
        new("scale", block => block with { Scale = 1.5f }),
        new("causal", block => block with { Causal = true }),
        new("bottom-right", block => block with { Causal = true, CausalAlignment = CausalAlignment.BottomRight }),
        new("lengths", block => block with { KeyLengths = true }),
        new("starts", block => block with { KeyStarts = true }),
        new("window-left", block => block with { WindowLeft = 7 }),
        new("window-right", block => block with { WindowRight = 3 }),
        new("prefix", block => block with { Causal = true, PrefixLengths = true }),
        new("chunks", block => block with { ChunkSize = 12 }),
        new("documents", block => block with { Documents = true }),
        new("boolean-mask", block => block with { BooleanMask = block.Ragged ? MaskAxes.BatchKey : MaskAxes.BatchHeadQueryKey }),
        new("additive-mask", block => block with { AdditiveMask = block.Ragged ? MaskAxes.Batch | MaskAxes.Head | MaskAxes.Key : MaskAxes.QueryKey }),
        new("mask-length", block => block with { MaskLength = true,
            BooleanMask = block.BooleanMask | (block.AdditiveMask == MaskAxes.None ? MaskAxes.QueryKey : MaskAxes.None) }),
        new(
            "ragged",
            block => block with { Ragged = true, BooleanMask = WithoutQueries(block.BooleanMask), AdditiveMask = WithoutQueries(block.AdditiveMask) }),
        new("skip-padding", block => block with { KeyLengths = true, SkipPadding = true }),
        new("softcap", block => block with { Softcap = 1.25f }),
        new("modifier", block => block with { ScoreModifier = TestHook.DistanceModifier }),
        new("table-modifier", block => block with { ScoreModifier = TestHook.TableModifier }),
        new("vector-modifier", block => block with { ScoreModifier = TestHook.VectorModifier }),
        new("probability-modifier", block => block with { ProbabilityModifier = TestHook.CurvedProbability }),
        new("table-probability", block => block with { ProbabilityModifier = TestHook.TableProbability }),
        new("vector-probability", block => block with { ProbabilityModifier = TestHook.VectorProbability }),
        new("predicate", block => block with { MaskPredicate = TestHook.ThirdsPredicate }),
        new("range-predicate", block => block with { MaskPredicate = TestHook.RangePredicate }),
        new("vector-predicate", block => block with { MaskPredicate = TestHook.VectorPredicate }),
        new("sigmoid", block => block with { ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -1.5f }),
        new("alibi", block => block with { Alibi = true }),
        new("alibi-slopes", block => block with { Alibi = true, AlibiScale = 0.5,
            AlibiSlopes = new EquatableArray<double>(Enumerable.Range(1, block.Heads).Select(head => 0.3 / head)) }),
        new("buckets", block => block with { RelativePositionBuckets = 8, RelativePositionMaxDistance = 20 }),
        new("sinks", block => block with { Sinks = true }),
        new("rms-norm", block => block with { QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 1e-3f,
            QueryKeyNormScope = block.Projections ? QueryKeyNormScope.Projection : QueryKeyNormScope.Head }),
        new("layer-norm", block => block with { QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormScope = QueryKeyNormScope.HeadOwnWeights }),
        new("bias-key", block => block with { BiasKeyValue = true }),
        new("zero-key", block => block with { ZeroKeyValue = true }),
        new("half-split", block => block with { Rotary = RotaryKind.HalfSplit, RotaryDim = 6 }),
        new("llama3", block => block with { Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8,
            RotaryOriginalLength = 64, RotaryBase = 1000 }),
        new("yarn", block => block with { Rotary = RotaryKind.Interleaved, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4,
            RotaryOriginalLength = 64, RotaryBase = 1000 }),
        new("dynamic-ntk", block => block with { Rotary = RotaryKind.Interleaved, RotaryScaling = RotaryScaling.DynamicNtk, RotaryScalingFactor = 2,
            RotaryOriginalLength = 64, RotaryLength = 10_000, RotaryBase = 1000 }),
        new("longrope", block => block with { Rotary = RotaryKind.HalfSplit, RotaryDim = 6, RotaryFrequencies = new[] { 1, 0.3, 0 },
            RotaryScaling = RotaryScaling.LongRope, RotaryScalingFactor = 8, RotaryOriginalLength = 64, RotaryLength = 10_000,
            RotaryShortFactors = new[] { 1, 1.1, 1.5 }, RotaryLongFactors = new[] { 1, 2.5, 8 } }),
        new("axes", block => block with { Rotary = RotaryKind.Proportional, RotaryDim = 6, Positions = true, RotarySections = new[] { 1, 1, 1 } }),
        new("tables", block => block with { Rotary = RotaryKind.HalfSplit, RotaryDim = 6, RotaryTables = true }),
        new("norm-after", block => block with { Rotary = block.Rotary == RotaryKind.None ? RotaryKind.HalfSplit : block.Rotary, QueryKeyNormAfterRotary = true,
            QueryKeyNorm = block.QueryKeyNorm == QueryKeyNorm.None ? QueryKeyNorm.Rms : block.QueryKeyNorm }),
        new("positions", block => block with { Rotary = block.Rotary == RotaryKind.None ? RotaryKind.Interleaved : block.Rotary, Positions = true }),
        new("head-mask", block => block with { HeadMask = true }),
        new("bfloat16-keys", block => block with { KeyValues = KeyValueFormat.BFloat16 }),
        new("float16-keys", block => block with { KeyValues = KeyValueFormat.Float16 }),
        new("int8-keys", block => block with { KeyValues = KeyValueFormat.Int8 }),
        new("log-sum-exp", block => block with { Outputs = block.Outputs | AttentionOutputs.LogSumExp }),
        new("probabilities", block => block with { Outputs = block.Outputs | AttentionOutputs.Probabilities }),
        new("averaged", block => block with { Outputs = block.Outputs | AttentionOutputs.AveragedProbabilities }),
        new("scaled-scores", block => block with { Outputs = block.Outputs | AttentionOutputs.ScaledScores }),
        new("capped-scores", block => block with { Outputs = block.Outputs | AttentionOutputs.CappedScores }),
        new("masked-scores", block => block with { Outputs = block.Outputs | AttentionOutputs.MaskedScores }),
    ];

    /// <summary>Features that are values of one setting: a configuration has one of them.</summary>
    private static readonly string[][] OneOf =
    [
        ["core", "heads-rows"],
        ["bfloat16", "float16", "int8-blocks", "int4-blocks"],
        ["modifier", "table-modifier", "vector-modifier"],
        ["probability-modifier", "table-probability", "vector-probability"],
        ["predicate", "range-predicate", "vector-predicate"],
        ["alibi", "alibi-slopes"],
        ["rms-norm", "layer-norm"],
        ["half-split", "llama3", "yarn", "dynamic-ntk", "longrope", "axes", "tables"],
        ["bfloat16-keys", "float16-keys", "int8-keys"],
        ["probabilities", "averaged"],
        ["scaled-scores", "capped-scores", "masked-scores"],
    ];

    /// <summary>Whether the two are values of one setting.</summary>
    public bool Excludes(Feature other) => OneOf.Any(names => names.Contains(Name) && names.Contains(other.Name));

    /// <summary>The features on top of each other, in the order of <see cref="All"/>.</summary>
    public static TestConfiguration Configure(IEnumerable<Feature> features)
    {
        var chosen = features.ToHashSet();
        return All.Where(chosen.Contains).Aggregate(Plain, (configuration, feature) => feature.Declare(configuration));
    }

    private static MaskAxes WithoutQueries(MaskAxes axes) => axes == MaskAxes.None ? axes : (axes & ~MaskAxes.Query) | MaskAxes.Batch;

    public override string ToString() => Name;
}
