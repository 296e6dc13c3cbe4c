namespace AttentionGen.Tests.Runtime;

/// <summary>
/// The layers of the reference, against formulas that are written again here: for rows of ±c every norm without bias gives ±weight exactly, so that the
/// attention can be asked alone.
/// </summary>
public sealed class ReferenceLayerTests
{
    private const int Width = 8, Rows = 5;

    private static readonly TransformerLayerShape Plain = new()
    {
        Attention = TestNumbers.Shape(2, 4, Width) with { QueryBias = true, OutputBias = true },
        FeedForwardDim = 20, UpBias = true, DownBias = true, Activation = Activation.Silu, NormEpsilon = 0.1f, NormBias = true,
    };

    public static TheoryData<Norm, float> Norms => new() { { Norm.Layer, 1 }, { Norm.Rms, 1 }, { Norm.Layer, 0.25f } };

    [Theory]
    [MemberData(nameof(Norms))]
    public void Post_norm(Norm norm, float scale)
    {
        TransformerLayerShape shape = Plain with { NormPlacement = NormPlacement.Post, Norm = norm, NormBias = norm == Norm.Layer, ResidualScale = scale };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        float[] x = TestNumbers.Random(2, Rows * Width);

        double[] h = Normalise(
            shape, Sum(x, ReferenceAttention.Forward(shape.Attention, weights.Attention, x), scale), weights.AttentionNorm, weights.AttentionNormBias);
        double[] expected = Normalise(shape, Sum(h, FeedForward(shape, weights, h), scale), weights.FeedForwardNorm, weights.FeedForwardNormBias);

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Pre_norm(Norm norm, float scale)
    {
        TransformerLayerShape shape = Plain with { Norm = norm, NormBias = false, NormEpsilon = 0, ResidualScale = scale };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        (float[] x, float[] normalised) = Alternating(weights.AttentionNorm);

        double[] h = Sum(x, ReferenceAttention.Forward(shape.Attention, weights.Attention, normalised), scale);
        double[] expected = Sum(h, FeedForward(shape, weights, Normalise(shape, h, weights.FeedForwardNorm, default)), scale);

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Theory]
    [MemberData(nameof(Norms))]
    public void Norms_on_both_sides(Norm norm, float scale)
    {
        TransformerLayerShape shape = Plain with { NormPlacement = NormPlacement.Both, Norm = norm, NormBias = false, NormEpsilon = 0, ResidualScale = scale };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        (float[] x, float[] normalised) = Alternating(weights.AttentionNorm);

        double[] attention = ReferenceAttention.Forward(shape.Attention, weights.Attention, normalised);
        double[] h = Sum(x, Normalise(shape, attention, weights.AttentionOutputNorm, default), scale);
        double[] inner = FeedForward(shape, weights, Normalise(shape, h, weights.FeedForwardNorm, default));
        double[] expected = Sum(h, Normalise(shape, inner, weights.FeedForwardOutputNorm, default), scale);

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Fact]
    public void Parallel_branches_share_one_norm()
    {
        TransformerLayerShape shape = Plain with { ParallelBranches = true, NormBias = false, NormEpsilon = 0, ResidualScale = 0.5f };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        (float[] x, float[] normalised) = Alternating(weights.AttentionNorm);

        double[] attention = ReferenceAttention.Forward(shape.Attention, weights.Attention, normalised);
        double[] feedForward = FeedForward(shape, weights, [.. normalised.Select(value => (double)value)]);
        double[] expected = [.. x.Select((value, i) => value + 0.5 * (attention[i] + feedForward[i]))];

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Fact]
    public void Parallel_branches_may_have_a_norm_each()
    {
        TransformerLayerShape shape = Plain with { ParallelBranches = true, ParallelNorms = true, NormBias = false, NormEpsilon = 0, ResidualScale = 0.5f };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        (float[] x, float[] normalised) = Alternating(weights.AttentionNorm);

        double[] attention = ReferenceAttention.Forward(shape.Attention, weights.Attention, normalised);
        double[] feedForward = FeedForward(shape, weights, Normalise(shape, [.. x.Select(value => (double)value)], weights.FeedForwardNorm, default));
        double[] expected = [.. x.Select((value, i) => value + 0.5 * (attention[i] + feedForward[i]))];

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Fact]
    public void A_gate_multiplies_after_its_activation()
    {
        TransformerLayerShape shape = Plain with { NormPlacement = NormPlacement.Post, Gated = true, GateBias = true };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        float[] x = TestNumbers.Random(2, Rows * Width);

        double[] h = Normalise(
            shape, Sum(x, ReferenceAttention.Forward(shape.Attention, weights.Attention, x), 1), weights.AttentionNorm, weights.AttentionNormBias);
        double[] expected = Normalise(shape, Sum(h, FeedForward(shape, weights, h), 1), weights.FeedForwardNorm, weights.FeedForwardNormBias);

        AssertClose(expected, Forward(shape, weights, x));
    }

    [Fact]
    public void Chunks_with_a_cache_give_what_the_whole_sequence_gives()
    {
        TransformerLayerShape shape = Plain with { Attention = Plain.Attention with { Causal = true } };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        float[] x = TestNumbers.Random(2, Rows * Width);
        var cache = new ReferenceCache(shape.Attention);

        double[] chunks =
        [
            .. ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x.AsSpan(0, 2 * Width), Batch = 1 }, cache).Output,
            .. ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x.AsSpan(2 * Width), Batch = 1 }, cache).Output,
        ];

        AssertClose(Forward(shape, weights, x), chunks);
    }

    [Fact]
    public void Sequences_of_a_ragged_batch_do_not_see_each_other_and_extra_outputs_are_those_of_the_attention()
    {
        TransformerLayerShape shape = Plain with { Attention = Plain.Attention with { Outputs = AttentionOutputs.LogSumExp } };
        TransformerLayerShape ragged = shape with { Attention = shape.Attention with { Ragged = true } };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        float[] x = TestNumbers.Random(2, Rows * Width);

        ReferenceResult together = ReferenceLayer.Forward(ragged, weights, new AttentionArguments { Input = x, RowOffsets = [0, 2, 2, 5], Batch = 3 });
        ReferenceResult first = ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x.AsSpan(0, 2 * Width), Batch = 1 });
        ReferenceResult last = ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x.AsSpan(2 * Width), Batch = 1 });

        AssertClose([.. first.Output, .. last.Output], together.Output);
        AssertClose([.. first.LogSumExp, .. last.LogSumExp], together.LogSumExp);
        Assert.Equal(Rows * 2, together.LogSumExp.Length);
    }

    [Fact]
    public void Rows_of_padding_give_zeros_where_they_are_skipped()
    {
        TransformerLayerShape shape = Plain with { Attention = Plain.Attention with { KeyLengths = true, SkipPadding = true } };
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, 1);
        float[] x = TestNumbers.Random(2, Rows * Width);
        x.AsSpan(3 * Width).Fill(float.NaN);

        double[] output = ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x, KeyLengths = [3], Batch = 1 }).Output;

        Assert.All(output.Take(3 * Width), value => Assert.True(double.IsFinite(value) && value != 0));
        Assert.All(output.Skip(3 * Width), value => Assert.Equal(0, value));
    }

    [Fact]
    public void One_product_has_bias_activation_gate_and_residual_in_this_order()
    {
        var shape = new LinearShape { Inputs = 2, Outputs = 3, Activation = Activation.Relu, Gate = true, Residual = true };
        double[] output = ReferenceLinear.Forward(shape, [1, 2, 3, 4, -5, 6], [0.5f, -100, 0], [1, 1, 2, 0], [2, 3, 4, 5, 6, 7], [0.25f, 0, 0, 0, 1, 1]);
        Assert.Equal([2 * 3.5 + 0.25, 0, 4, 5 * 2.5, 1, 1], output);

        Assert.Equal([-1.0, 5], ReferenceLinear.Forward(new LinearShape { Inputs = 1, Outputs = 2, Bias = false }, [1, -5], [], [-1]));
        Assert.Throws<ArgumentException>("bias", () => ReferenceLinear.Forward(shape, new float[6], [], [1, 1], [2, 3, 4], [0, 0, 0]));
        Assert.Throws<ArgumentException>("weight", () => ReferenceLinear.Forward(shape, new float[5], new float[3], [1, 1], [2, 3, 4], [0, 0, 0]));
        Assert.Throws<ArgumentException>("gate", () => ReferenceLinear.Forward(shape, new float[6], new float[3], [1, 1], [], [0, 0, 0]));
        Assert.Throws<ArgumentException>(
            "residual", () => ReferenceLinear.Forward(shape with { Residual = false }, new float[6], new float[3], [1, 1], [2, 3, 4], [0, 0, 0]));
        Assert.Throws<ArgumentException>("input", () => ReferenceLinear.Forward(shape, new float[6], new float[3], [1, 1, 1], [2, 3, 4], [0, 0, 0]));
    }

    private static double[] Forward(TransformerLayerShape shape, TransformerLayerWeights weights, float[] x) =>
        ReferenceLayer.Forward(shape, weights, new AttentionArguments { Input = x, Batch = 1 }).Output;

    /// <summary>Rows of ±c, of mean 0 and root mean square c, and what a norm without bias and ε makes of them.</summary>
    private static (float[] Rows, float[] Normalised) Alternating(ReadOnlyMemory<float> weight)
    {
        float[] rows = [.. Enumerable.Range(0, Rows * Width).Select(i => (i % 2 == i / Width % 2 ? 1f : -1f) * (1 + i / Width))];
        return (rows, [.. rows.Select((value, i) => MathF.Sign(value) * weight.Span[i % Width])]);
    }

    private static double[] Sum(IEnumerable<float> x, double[] branch, double scale) => Sum(x.Select(value => (double)value), branch, scale);

    private static double[] Sum(IEnumerable<double> x, double[] branch, double scale) => [.. x.Select((value, i) => value + scale * branch[i])];

    private static double[] FeedForward(TransformerLayerShape shape, TransformerLayerWeights weights, double[] x)
    {
        double[] up = Product(x, weights.Up, weights.UpBias, shape.FeedForwardDim);
        double[] gate = shape.Gated ? Product(x, weights.Gate, weights.GateBias, shape.FeedForwardDim) : up;
        double[] inner = [.. up.Select((value, i) => gate[i] / (1 + Math.Exp(-gate[i])) * (shape.Gated ? value : 1))];
        return Product(inner, weights.Down, weights.DownBias, Width);
    }

    private static double[] Product(double[] x, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias, int outputs)
    {
        int inputs = weight.Length / outputs;
        return
        [
            .. from row in Enumerable.Range(0, x.Length / inputs)
               from output in Enumerable.Range(0, outputs)
               select bias.Span[output] + Enumerable.Range(0, inputs).Sum(input => x[row * inputs + input] * weight.Span[output * inputs + input]),
        ];
    }

    private static double[] Normalise(TransformerLayerShape shape, double[] x, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias) =>
    [
        .. x.Chunk(Width).SelectMany(row =>
        {
            double mean = shape.Norm == Norm.Layer ? row.Sum() / Width : 0;
            double deviation = Math.Sqrt(row.Sum(value => Math.Pow(value - mean, 2)) / Width + shape.NormEpsilon);
            return row.Select((value, i) => weight.Span[i] * (value - mean) / deviation + (bias.IsEmpty ? 0 : bias.Span[i]));
        }),
    ];

    private static void AssertClose(double[] expected, double[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-12));
    }
}
