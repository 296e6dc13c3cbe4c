using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Rotary;

[AttentionConfig(Heads = 1, HeadDim = 8, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.HalfSplit,
    RotaryDim = 6, RotaryFrequencies = new[] { 1, -0.25, 0 })]
internal sealed partial class GivenFrequencies;

[AttentionConfig(Heads = 1, HeadDim = 8, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.Interleaved,
    RotaryScaling = RotaryScaling.DynamicNtk, RotaryScalingFactor = 2, RotaryOriginalLength = 64, RotaryLength = 256)]
internal sealed partial class DynamicFrequencies;

/// <summary>Phi-3-mini-128k has 4096 and 131,072: so the factor of cosines and sines is its √(1 + ln 32 / ln 4096).</summary>
[AttentionConfig(Heads = 1, HeadDim = 8, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.HalfSplit,
    RotaryDim = 6, RotaryScaling = RotaryScaling.LongRope, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryLength = 131_072,
    RotaryShortFactors = new[] { 1, 1.25, 1.5 }, RotaryLongFactors = new[] { 1.5, 20, 64 })]
internal sealed partial class PhiFrequencies;

[AttentionConfig(Heads = 2, DModel = 16, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.LongRope, RotaryScalingFactor = 4,
    RotaryOriginalLength = 8, RotaryLength = 8, RotaryShortFactors = new[] { 1, 1.25, 1.5, 2 }, RotaryLongFactors = new[] { 1, 2.5, 8, 9 })]
internal sealed partial class PhiAttention;

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 20, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryScaling = RotaryScaling.DynamicNtk,
    RotaryScalingFactor = 2, RotaryOriginalLength = 8, RotaryLength = 16)]
internal sealed partial class DynamicLayer;

/// <summary>Frequencies that are given, or that follow from the length of contexts that a kernel is for.</summary>
public sealed class RotaryLengthTests
{
    private const int Rows = 40;

    /// <summary>As Hugging Face's Transformers computes <c>inv_freq</c>.</summary>
    private static double Inverse(double rotaryBase, int dim, int pair) => 1 / Math.Pow(rotaryBase, 2.0 * pair / dim);

    private static void Check<T>(T kernel, RotaryScores.Pair[] pairs, double factor = 1)
        where T : class, IAttentionKernel<T> => RotaryScores.Check(kernel, pairs, (row, pair) => row * pair.Frequency, factor, Rows);

    [Fact]
    public void Given_frequencies_replace_those_of_the_base() =>
        Check(new GivenFrequencies(), RotaryScores.HalfSplit([1, -0.25, 0], distance: 3));

    [Fact]
    public void Dynamic_ntk_raises_the_base_for_the_declared_length()
    {
        static double[] Frequencies(double length)
        {
            const double factor = 2, original = 64, dim = 8;
            double raised = 10_000 * Math.Pow((factor * length / original) - (factor - 1), dim / (dim - 2));
            return [.. Enumerable.Range(0, 4).Select(pair => Inverse(raised, 8, pair))];
        }

        var kernel = new DynamicFrequencies();
        Check(kernel, RotaryScores.Interleaved(Frequencies(256)));
        Check(kernel.WithRotaryLength(100), RotaryScores.Interleaved(Frequencies(100)));
        // Shorter contexts have the frequencies of the training.
        Check(kernel.WithRotaryLength(50), RotaryScores.Interleaved(Frequencies(64)));
    }

    [Fact]
    public void Longrope_divides_by_the_list_of_the_declared_length()
    {
        const double attention = 1.1902380714238083;
        static double[] Frequencies(params double[] factors) => [.. factors.Select((factor, pair) => Inverse(10_000, 6, pair) / factor)];
        var kernel = new PhiFrequencies();
        Check(kernel, RotaryScores.HalfSplit(Frequencies(1.5, 20, 64), distance: 3), attention);
        Check(kernel.WithRotaryLength(4096), RotaryScores.HalfSplit(Frequencies(1, 1.25, 1.5), distance: 3), attention);
        Check(kernel.WithRotaryLength(4097), RotaryScores.HalfSplit(Frequencies(1.5, 20, 64), distance: 3), attention);
    }

    /// <summary>No row of a sequence that grows changes its angles: a call that needs other ones is refused, and so is a cache with other keys.</summary>
    [Fact]
    public void A_context_beyond_the_length_is_refused()
    {
        AttentionCase call = AttentionCase.Create(PhiAttention.Shape, batch: 2, rows: 8, seed: 1);
        var kernel = new PhiAttention(call.Weights);
        float[] output = call.Run(new KernelAdapter<PhiAttention>().Create(call.Weights));
        Compare.Close(call.Reference(), output, 16, "short");

        PhiAttention longer = kernel.WithRotaryLength(20);
        AttentionCase whole = AttentionCase.Create(PhiAttention.Shape with { RotaryLength = 20 }, batch: 1, rows: 20, seed: 1, weights: call.Weights);
        var rows = new float[whole.Input.Length];
        longer.Forward(whole.Input, rows);
        Compare.Close(whole.Reference(), rows, 16, "long");
        var chunks = new float[rows.Length];
        AttentionCache cache = longer.CreateCache(capacity: 30);
        longer.Forward(whole.Input.AsSpan(0, 5 * 16), chunks.AsSpan(0, 5 * 16), cache);
        longer.Forward(whole.Input.AsSpan(5 * 16), chunks.AsSpan(5 * 16), cache);
        Compare.SameBits(rows, chunks, 16, "chunks");

        var rest = new float[16];
        Refused("input has position 20; expected less than RotaryLength = 20", () => longer.Forward(whole.Input.AsSpan(0, 16), rest, cache));
        Refused("input has position 19; expected less than RotaryLength = 8", () => kernel.Forward(whole.Input, rows));
        Assert.StartsWith(
            "cache was created for a kernel with RotaryLength = 20",
            Assert.Throws<ArgumentException>("cache", () => kernel.Forward(whole.Input.AsSpan(0, 16), rest, cache)).Message);
        Assert.All(rest, value => Assert.Equal(0, value));
        Assert.Throws<ArgumentOutOfRangeException>("rotaryLength", () => kernel.WithRotaryLength(0));
        Assert.Throws<ArgumentException>(
            "positions", () => ReferenceAttention.Forward(PhiAttention.Shape, call.Weights, new() { Input = whole.Input, Batch = 1 }));

        using var saved = new MemoryStream();
        cache.Save(saved);
        saved.Position = 0;
        Assert.Throws<InvalidDataException>(() => kernel.CreateCache(30).Restore(saved));
    }

    [Fact]
    public void A_stack_takes_layers_of_another_length()
    {
        TransformerLayerShape shape = DynamicLayer.Shape;
        TransformerLayerWeights[] weights = [TransformerLayerWeights.Random(shape, 1), TransformerLayerWeights.Random(shape, 2)];
        var stack = TransformerStack<DynamicLayer>.Create([.. weights.Select(one => new DynamicLayer(one).WithRotaryLength(24))]);
        float[] input = AttentionCase.Uniform(new Random(1), 20 * 16), output = new float[input.Length], decoded = new float[input.Length];
        Assert.Equal((24, 16), (stack.GetShape(1).Attention.RotaryLength, shape.Attention.RotaryLength));
        stack.Forward(input, output);
        TransformerStackCache cache = stack.CreateCache(24);
        for (int row = 0; row < 20; row++)
            stack.Forward(input.AsSpan(row * 16, 16), decoded.AsSpan(row * 16, 16), cache);
        Compare.SameBits(output, decoded, 16, "decode");

        TransformerLayerShape longer = shape with { Attention = shape.Attention with { RotaryLength = 24 } };
        float[] rows = input;
        foreach (TransformerLayerWeights one in weights)
            rows = [.. ReferenceLayer.Forward(longer, one, new() { Input = rows, Batch = 1 }).Output.Select(value => (float)value)];
        Compare.Close([.. rows], output, 16, "reference");
    }

    private static void Refused(string message, Action call) => Assert.StartsWith(message, Assert.Throws<ArgumentException>("input", call).Message);
}
