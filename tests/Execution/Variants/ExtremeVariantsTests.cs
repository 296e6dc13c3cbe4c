using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>Scores of ±10,000, biases of −3.4e38 and denormals through the passes over the scores.</summary>
[Trait("Speed", "Slow")]
public sealed class ExtremeVariantsTests
{
    private static readonly TestConfiguration Core = new() { Heads = 2, HeadDim = 8, Projections = false, Scale = 1 };

    private static KernelSet Kernels { get; } = new(
        ("softcap", Core with { Softcap = 30, Causal = true }),
        ("alibi", Core with { Alibi = true, WindowLeft = 100 }),
        ("sinks", Core with { Sinks = true, BooleanMask = MaskAxes.QueryKey }),
        ("appended", Core with { BiasKeyValue = true, ZeroKeyValue = true, ChunkSize = 50 }),
        ("modifier", Core with { ScoreModifier = TestHook.DistanceModifier, MaskPredicate = TestHook.ThirdsPredicate }),
        ("probability", Core with { ProbabilityModifier = TestHook.VectorProbability, Causal = true }),
        ("additive", Core with { AdditiveMask = MaskAxes.QueryKey, Outputs = AttentionOutputs.LogSumExp }));

    public static TheoryData<string> All => Kernels.All;

    /// <summary>Queries and keys are ±100 along one axis, so scores are ±10,000 or 0.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Scores_of_ten_thousand(string name)
    {
        foreach (int rows in (int[])[9, 40, 270])
        {
            var (call, kernel) = Create(name, rows);
            var input = new float[call.Input.Length];
            for (int start = 0, number = 0; start < input.Length; start += 8, number++)
                input[start + (number * 5 % 8)] = number % 3 == 0 ? -100 : 100;
            AttentionCase extreme = call with { Input = input, Key = [.. input.Reverse()] };
            // A score of 10,000 has an ulp of 1e-3: what is added to one is rounded to that, and shows in the probabilities.
            bool adds = extreme.Shape.Alibi || extreme.Shape.HasScoreModifier || extreme.Shape.AdditiveMask != MaskAxes.None;
            Compare.Close(extreme.Reference(), extreme.Run(kernel), extreme.Shape.OutputDim, $"{name}, {rows} rows", adds ? 2e-3 : Compare.Tolerance);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Denormal_values_are_not_flushed(string name)
    {
        var (call, kernel) = Create(name, rows: 45);
        AttentionCase extreme = call with { Value = [.. call.Value.Select(value => value * 1e-41f)], Weights = WithoutBiasValue(call) };
        kernel = kernel.Type.Create(extreme.Weights);
        double[] expected = extreme.Reference();
        float[] actual = extreme.Run(kernel);
        for (int index = 0; index < actual.Length; index++)
            Assert.InRange(Math.Abs(expected[index] - actual[index]), 0, 24 * (double)float.Epsilon);
    }

    /// <summary>Finite values never mask: they take a key's share away while another has one, and give all the same share where all have them.</summary>
    [Fact]
    public void The_lowest_finite_bias_is_no_mask()
    {
        const int Rows = 40, Least = 3;
        var (call, kernel) = Create("additive", Rows);
        var mask = new float[Rows * Rows];
        for (int row = 0; row < Rows; row++)
        {
            // Row 0 has the lowest bias at every key, others at all but the first keys.
            for (int key = row == 0 ? 0 : Least; key < Rows; key++)
                mask[(row * Rows) + key] = -3.4e38f;
        }

        AttentionCase extreme = call with { AdditiveMask = mask };
        AttentionResult result = extreme.RunAll(kernel);
        double[] expected = extreme.Reference();
        Compare.Close(
            expected.AsSpan(extreme.Shape.OutputDim),
            result.Output.AsSpan(extreme.Shape.OutputDim),
            extreme.Shape.OutputDim,
            "rows with small and lowest biases");
        for (int column = 0; column < extreme.Shape.OutputDim; column++)
        {
            // In float32 the scores vanish beside the bias, so all keys count the same.
            double mean = Enumerable.Range(0, Rows).Average(key => (double)extreme.Value[(key * extreme.Shape.ValueDim) + column]);
            Assert.InRange(result.Output[column], mean - 1e-6, mean + 1e-6);
        }

        Assert.InRange(result.LogSumExp[0], -3.41e38, -3.39e38);
    }

    private static (AttentionCase Call, IKernel Kernel) Create(string name, int rows)
    {
        TestConfiguration configuration = Kernels.Configuration(name);
        IKernelType type = Kernels.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 5);
        return (AttentionCase.Create(type.Shape, 1, rows, rows, seed: rows, weights, configuration.ReferenceHooks), type.Create(weights));
    }

    private static AttentionWeights WithoutBiasValue(AttentionCase call) =>
        call.Shape.BiasKeyValue ? call.Weights.WithBiasKeyValue(call.Weights.BiasKey, new float[call.Shape.ValueDim]) : call.Weights;
}
