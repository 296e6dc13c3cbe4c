using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>
/// What happens to heads before and after the attention: widths of their own, layouts without projections, normalisation, rotary scaling, given
/// positions.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class HeadTests
{
    private static readonly KernelSet Kernels = new(
        ("value-narrow", new() { Heads = 4, HeadDim = 32, ValueHeadDim = 20, DModel = 50 }),
        (
            "value-wide-causal",
            new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 72, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryDim = 12 }),
        ("widest", new() { Heads = 2, HeadDim = 512, DModel = 64, Causal = true, QueryKeyNorm = QueryKeyNorm.Layer, Rotary = RotaryKind.HalfSplit }),
        ("widest-values", new() { Heads = 4, KvHeads = 2, HeadDim = 500, ValueHeadDim = 257, Projections = false, Rotary = RotaryKind.Interleaved,
            Softcap = 2, Outputs = AttentionOutputs.Probabilities }),
        ("value-cross", new() { Heads = 4, HeadDim = 16, ValueHeadDim = 1, DModel = 64, MemoryDim = 30, KeyLengths = true }),
        ("core", new() { Heads = 4, HeadDim = 32, Projections = false }),
        ("core-heads", new() { Heads = 4, HeadDim = 32, Projections = false, Layout = HeadLayout.HeadsRows, Causal = true }),
        ("core-value", new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 33, Projections = false, KeyLengths = true, Causal = true,
            CausalAlignment = CausalAlignment.BottomRight }),
        (
            "core-value-heads",
            new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 33, Projections = false, Layout = HeadLayout.HeadsRows, KeyLengths = true }),
        ("core-one", new() { Heads = 3, KvHeads = 1, HeadDim = 16, Projections = false, Layout = HeadLayout.HeadsRows, Softcap = 2,
            Outputs = AttentionOutputs.LogSumExp }),
        ("core-fixed", new() { Heads = 2, HeadDim = 8, Projections = false, SequenceLength = 17 }),
        ("core-norm", new() { Heads = 4, KvHeads = 2, HeadDim = 24, Projections = false, QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.Interleaved,
            Causal = true }),
        ("core-norm-heads", new() { Heads = 4, KvHeads = 2, HeadDim = 40, ValueHeadDim = 24, Projections = false, Layout = HeadLayout.HeadsRows,
            QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormScope = QueryKeyNormScope.HeadOwnWeights, Rotary = RotaryKind.HalfSplit }),
        ("core-positions", new() { Heads = 4, KvHeads = 2, HeadDim = 24, Projections = false, Layout = HeadLayout.HeadsRows, Rotary = RotaryKind.HalfSplit,
            Positions = true }),
        ("core-window", new() { Heads = 4, KvHeads = 2, HeadDim = 24, Projections = false, Layout = HeadLayout.HeadsRows, Causal = true, WindowLeft = 40,
            QueryKeyNorm = QueryKeyNorm.Rms }),
        ("core-mean", new() { Heads = 4, HeadDim = 24, Projections = false, Outputs = AttentionOutputs.AveragedProbabilities }),
        ("norm", new() { Heads = 4, KvHeads = 2, HeadDim = 20, DModel = 50, QueryKeyNorm = QueryKeyNorm.Rms, KeyLengths = true }),
        ("norm-wide", new() { Heads = 8, KvHeads = 2, DModel = 512, QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormEpsilon = 1e-5f, Causal = true,
            Rotary = RotaryKind.Interleaved, Positions = true }),
        ("norm-sinks", new() { Heads = 4, DModel = 64, QueryKeyNorm = QueryKeyNorm.Layer, Causal = true, Sinks = true }),
        ("norm-cross", new() { Heads = 4, DModel = 64, MemoryDim = 30, QueryKeyNorm = QueryKeyNorm.Layer, QueryKeyNormBias = false,
            QueryKeyNormScope = QueryKeyNormScope.Projection }),
        ("norm-rows", new() { Heads = 6, KvHeads = 2, HeadDim = 20, DModel = 50, Causal = true, Rotary = RotaryKind.HalfSplit,
            QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormScope = QueryKeyNormScope.Projection }),
        // A row block is smaller than a call of few rows.
        ("norm-rows-wide", new() { Heads = 32, HeadDim = 256, DModel = 64, QueryKeyNorm = QueryKeyNorm.Rms,
            QueryKeyNormScope = QueryKeyNormScope.Projection }),
        ("gate", new() { Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 13, DModel = 50, OutputGate = true, Causal = true,
            QueryKeyNorm = QueryKeyNorm.Rms }),
        ("gate-cross", new() { Heads = 4, DModel = 64, MemoryDim = 30, OutputGate = true, Weights = WeightFormat.Int8Blocks }),
        ("gate-wide", new() { Heads = 8, KvHeads = 2, DModel = 512, OutputGate = true, KeyLengths = true }),
        ("mean", new() { Heads = 8, DModel = 512, Outputs = AttentionOutputs.AveragedProbabilities }),
        ("rope-linear", new() { Heads = 2, HeadDim = 64, DModel = 96, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.Linear,
            RotaryScalingFactor = 4 }),
        ("rope-llama3", new() { Heads = 2, HeadDim = 64, DModel = 96, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 500_000,
            RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = 8, RotaryOriginalLength = 64 }),
        ("rope-yarn", new() { Heads = 2, HeadDim = 64, DModel = 96, Causal = true, Rotary = RotaryKind.Interleaved, RotaryScaling = RotaryScaling.Yarn,
            RotaryScalingFactor = 4, RotaryOriginalLength = 128 }));

    public static TheoryData<string> All => Kernels.All;

    public static TheoryData<string> Cached => Kernels.Where(
        configuration => !configuration.IsCrossAttention && configuration.SequenceLength == 0 && (configuration.Causal || !configuration.Projections));

    [Theory]
    [MemberData(nameof(All))]
    public void They_agree_with_the_reference_whatever_the_number_of_threads(string name)
    {
        (TestConfiguration configuration, IKernel kernel, AttentionWeights weights) = Kernel(name);
        AttentionShape shape = kernel.Type.Shape;
        Assert.Equal(configuration.Shape, shape);
        // Few rows are shared by heads, more by rows, many sequences by sequences; keys fill several key blocks.
        foreach (var (batch, rows, keys) in ((int, int, int)[])[(1, 1, 1), (2, 0, 3), (2, 3, 0), (2, 30, 290), (1, 3, 2700), (1, 40, 2000), (1, 130, 600),
            (5, 40, 400)])
        {
            AttentionCase one = AttentionCase.Create(
                shape, batch, shape.SequenceLength > 0 ? shape.SequenceLength : rows, shape.Positions ? rows : keys, seed: rows + keys, weights);
            AttentionResult result = one.RunAll(kernel);
            result.AssertClose(one.ReferenceAll(), shape, $"{name}: {one.Describe()}");
            result.AssertSameBits(one.RunAll(kernel, threads: 2), $"{name}: {one.Describe()}, two threads");
        }
    }

    [Theory]
    [MemberData(nameof(Cached))]
    public void Chunks_from_the_cache_agree_with_the_reference_and_give_the_same_bits(string name)
    {
        (_, IKernel kernel, AttentionWeights weights) = Kernel(name);
        AttentionShape shape = kernel.Type.Shape;
        const int batch = 2, rows = 300;
        int[] Same(int count) => [count, count];
        AttentionCase whole = AttentionCase.Create(shape, batch, rows, rows, seed: 5, weights);
        bool sameBits = shape.Causal && shape.CausalAlignment == CausalAlignment.TopLeft && !shape.KeyLengths;
        float[] output = new float[batch * rows * shape.OutputDim];
        AttentionCache cache = kernel.CreateCache(rows, batch);
        var reference = new ReferenceCache(shape, batch);
        int first = 0;
        foreach (int count in new[] { 1, 60, 2, 100, 1, 136 })
        {
            AttentionCase chunk = whole.Chunk(Same(first), Same(count));
            AttentionResult result = chunk.RunAll(kernel, threads: count % 2, cache);
            result.AssertClose(chunk.ReferenceAll(reference), shape, $"{name}: {chunk.Describe()}");
            whole.PutChunk(output, result.Output, Same(first), Same(count));
            first += count;
        }

        if (sameBits)
            Compare.SameBits(whole.Run(kernel), output, shape.OutputDim, name);
    }

    [Theory]
    [InlineData("core-norm-heads")]
    [InlineData("core-window")]
    public void New_keys_of_a_core_may_be_more_or_fewer_than_its_rows(string name)
    {
        (_, IKernel kernel, AttentionWeights weights) = Kernel(name);
        AttentionShape shape = kernel.Type.Shape;
        AttentionCache cache = kernel.CreateCache(1500, 2);
        var reference = new ReferenceCache(shape, 2);
        foreach (var (rows, keys) in ((int, int)[])[(3, 60), (60, 3), (5, 0), (0, 7), (1, 300), (3, 1000)])
        {
            int cached = cache.Length;
            AttentionCase call = AttentionCase.Create(shape, 2, rows, keys, seed: rows, weights) with { CachedKeys = [cached, cached] };
            call.RunAll(kernel, threads: 2, cache).AssertClose(call.ReferenceAll(reference), shape, call.Describe());
            Assert.Equal(cached + keys, cache.Length);
        }
    }

    [Fact]
    public void A_kernel_that_learns_nothing_needs_no_weights()
    {
        Assert.NotNull(ClassOf("core").GetConstructor([]));
        Assert.Null(ClassOf("core-norm").GetConstructor([]));
        Assert.Null(ClassOf("value-narrow").GetConstructor([]));
        Assert.False(typeof(ISelfAttention).IsAssignableFrom(ClassOf("core")));
        Assert.True(typeof(ISelfAttention).IsAssignableFrom(ClassOf("value-narrow")));
        Assert.False(typeof(ISelfAttention).IsAssignableFrom(ClassOf("mean")));

        static Type ClassOf(string name) => Kernels.Type(name).GetType().GetGenericArguments()[0];
    }

    private static (TestConfiguration Configuration, IKernel Kernel, AttentionWeights Weights) Kernel(string name)
    {
        IKernelType type = Kernels.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 3);
        return (Kernels.Configuration(name), type.Create(weights), weights);
    }
}
