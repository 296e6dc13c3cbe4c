using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Configurations nobody thought of, always the same ones: the seed is the theory's data.</summary>
public sealed class RandomConfigurationTests(ITestOutputHelper log)
{
    private const int ConfigurationsOfOneSeed = 50;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void AgreeWithTheReference(int seed)
    {
        var random = new Random(seed);
        TestConfiguration[] configurations = [.. Enumerable.Range(0, ConfigurationsOfOneSeed).Select(_ => Next(random))];
        IReadOnlyDictionary<TestConfiguration, IKernelType> types = KernelFactory.Compile(configurations);
        double worst = 0;
        foreach (TestConfiguration configuration in configurations)
        {
            AttentionShape shape = types[configuration].Shape;
            Assert.Equal(configuration.Shape, shape);
            AttentionWeights weights = AttentionWeights.Random(shape, random.Next());
            IKernel kernel = types[configuration].Create(weights);
            for (int call = 0; call < 3; call++)
            {
                int rows = shape.SequenceLength != 0 ? shape.SequenceLength : Length(random);
                AttentionCase one = AttentionCase.Create(shape, random.Next(1, 4), rows, Length(random), random.Next(), weights);
                worst = Math.Max(worst, Compare.Close(one.Reference(), one.Run(kernel), shape.DModel, $"{configuration}: {one.Batch} × {rows} rows, {one.Keys} keys, lengths [{string.Join(", ", one.KeyLengths)}]"));
            }
        }

        log.WriteLine($"Seed {seed}: {configurations.Length} configurations, largest error {worst:E2}.");
    }

    private static TestConfiguration Next(Random random)
    {
        int kvHeads = random.Next(1, 5);
        int heads = kvHeads * random.Next(1, 5);
        int headDim = random.Next(3) switch
        {
            0 => random.Next(1, 20),
            1 => 8 * random.Next(1, 9),
            _ => random.Next(1, 130),
        };
        // Equal widths share kernels, which keeps the compilations short.
        bool even = random.Next(2) == 0;
        int dModel = even ? heads * headDim : random.Next(1, 200);
        bool cross = random.Next(3) == 0;
        bool causal = random.Next(2) == 0;
        RotaryKind rotary = cross || headDim < 2 ? RotaryKind.None : (RotaryKind)random.Next(3);
        bool partial = headDim % 2 != 0 || random.Next(2) == 0;
        return new()
        {
            Heads = heads,
            KvHeads = kvHeads == heads && random.Next(2) == 0 ? 0 : kvHeads,
            HeadDim = even && random.Next(2) == 0 ? 0 : headDim,
            DModel = dModel,
            MemoryDim = !cross ? 0 : random.Next(2) == 0 ? dModel : random.Next(1, 150),
            QueryBias = random.Next(2) == 0,
            KeyBias = random.Next(2) == 0,
            ValueBias = random.Next(2) == 0,
            OutputBias = random.Next(2) == 0,
            Causal = causal,
            CausalAlignment = causal ? (CausalAlignment)random.Next(2) : CausalAlignment.TopLeft,
            Scale = random.Next(4) == 0 ? random.NextSingle() + 0.05f : 0,
            Rotary = rotary,
            RotaryDim = rotary != RotaryKind.None && partial ? 2 * random.Next(1, (headDim / 2) + 1) : 0,
            RotaryBase = rotary != RotaryKind.None && random.Next(3) == 0 ? random.Next(100, 1_000_000) : 10_000,
            KeyLengths = random.Next(2) == 0,
            SequenceLength = random.Next(5) == 0 ? Length(random) + 1 : 0,
            // Unrolled wide shapes would take most of the time to compile.
            Unrolling = Math.Max(heads * headDim, dModel) <= 40 && random.Next(2) == 0 ? Unrolling.Full : Unrolling.Auto,
        };
    }

    /// <summary>Short lengths mostly, sometimes past a key block.</summary>
    private static int Length(Random random) => random.Next(6) switch
    {
        0 => random.Next(200, 330),
        1 or 2 => random.Next(12),
        _ => random.Next(100),
    };
}
