using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Scores of ±10,000 and denormal values, through projections that pass their input on.</summary>
[Trait("Speed", "Slow")]
public sealed class ExtremeValueTests
{
    private const int Width = 64, HeadDim = 16;

    /// <summary>h4-d64 with identity matrices and no bias to speak of.</summary>
    private static (AttentionCase Call, IKernel Kernel) Identity(string name, float[] input)
    {
        IKernelType type = SelectedConfigurations.All.Type(name);
        var identity = new float[Width * Width];
        for (int index = 0; index < Width; index++)
            identity[index * (Width + 1)] = 1;
        var zero = new float[Width];
        AttentionWeights weights = AttentionWeights.FromSpans(identity, identity, identity, identity, zero, zero, zero, zero);
        int rows = input.Length / Width;
        return (AttentionCase.Create(type.Shape, 1, rows, rows, weights: weights) with { Input = input }, type.Create(weights));
    }

    [Theory]
    [InlineData("self")]
    [InlineData("causal")]
    public void Scores_of_ten_thousand(string name)
    {
        // Rows are ±200 along one axis of each head: equal rows score 200·200/√16, opposite rows its negative, others 0.
        const int Rows = 290;
        var input = new float[Rows * Width];
        for (int row = 0; row < Rows; row++)
        {
            for (int head = 0; head < Width / HeadDim; head++)
                input[(row * Width) + (head * HeadDim) + ((row * (head + 3)) % HeadDim)] = row % 3 == 0 ? -200 : 200;
        }

        var (call, kernel) = Identity(name, input);
        Compare.Close(call.Reference(), call.Run(kernel), Width, name);
    }

    [Theory]
    [InlineData("self")]
    [InlineData("causal")]
    public void Only_scores_of_minus_ten_thousand(string name)
    {
        // The last rows see the opposite rows and, in the causal case, each other; the softmax starts from a maximum far below zero.
        const int Rows = 40;
        var input = new float[Rows * Width];
        input.AsSpan().Fill(50);
        var (call, kernel) = Identity(name, input);
        float[] minus = [.. input.Select(value => -value)];
        AttentionCase opposite = call with { Weights = Negated(call.Weights) };
        float[] output = (opposite with { Input = minus }).Run(kernel.Type.Create(opposite.Weights));
        Compare.Close((opposite with { Input = minus }).Reference(), output, Width, name);
        Assert.Equal(-1, output.AsSpan().IndexOf(float.NaN));
    }

    /// <summary>The same with the query matrix negated, so that every score is −10,000.</summary>
    private static AttentionWeights Negated(AttentionWeights weights)
    {
        float[] query = [.. weights.Query.ToArray().Select(value => -value)];
        return AttentionWeights.FromSpans(
            query, weights.Key, weights.Value, weights.Output, weights.QueryBias, weights.KeyBias, weights.ValueBias, weights.OutputBias);
    }

    [Theory]
    [InlineData("self")]
    [InlineData("causal")]
    public void Large_random_scores_stay_close_and_finite(string name)
    {
        const int Rows = 300;
        float[] input = [.. AttentionCase.Uniform(new Random(3), Rows * Width).Select(value => value * 90)];
        var (call, kernel) = Identity(name, input);
        // A score of 10,000 has an ulp of 1e-3, and the probabilities with it.
        Compare.Close(call.Reference(), call.Run(kernel), Width, name, tolerance: 2e-2);
    }

    [Theory]
    [InlineData("self")]
    [InlineData("causal")]
    public void Denormals_are_not_flushed(string name)
    {
        const int Rows = 37;
        float[] input = [.. AttentionCase.Uniform(new Random(4), Rows * Width).Select(value => value * 1e-41f)];
        var (call, kernel) = Identity(name, input);
        double[] expected = call.Reference();
        float[] actual = call.Run(kernel);
        for (int index = 0; index < actual.Length; index++)
            Assert.InRange(Math.Abs(expected[index] - actual[index]), 0, 4 * (double)float.Epsilon);
    }
}
