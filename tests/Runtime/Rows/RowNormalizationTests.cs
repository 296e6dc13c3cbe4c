namespace AttentionGen.Tests.Runtime;

/// <summary>The norms of a model outside its layers, against the formula in double precision.</summary>
public sealed class RowNormalizationTests
{
    [Theory]
    [InlineData(Norm.Layer, 1)]
    [InlineData(Norm.Layer, 64)]
    [InlineData(Norm.Layer, 100)]
    [InlineData(Norm.Rms, 7)]
    [InlineData(Norm.Rms, 96)]
    public void Rows_are_normalised_in_place_too(Norm norm, int width)
    {
        float[] weights = TestNumbers.Random(seed: 1, count: width), biases = norm == Norm.Layer ? TestNumbers.Random(seed: 2, count: width) : [];
        float[] input = TestNumbers.Random(seed: 3, count: 5 * width), output = new float[input.Length];
        var normalization = new RowNormalization(norm, weights, biases, 1e-3f);
        Assert.Equal(width, normalization.Width);
        normalization.Apply(input, output);
        for (int row = 0; row < 5; row++)
        {
            double[] values = [.. input.Skip(row * width).Take(width).Select(value => (double)value)];
            double mean = norm == Norm.Layer ? values.Average() : 0, square = values.Average(value => (value - mean) * (value - mean));
            for (int index = 0; index < width; index++)
            {
                double expected = ((values[index] - mean) / Math.Sqrt(square + 1e-3f) * weights[index]) + (norm == Norm.Layer ? biases[index] : 0);
                Assert.Equal(expected, output[(row * width) + index], 2e-6);
            }
        }

        normalization.Apply(input, input);
        Assert.Equal(output, input);
        normalization.Apply([], []);
    }

    [Fact]
    public void What_is_wrong_is_refused_by_name()
    {
        float[] two = [1, 2], six = new float[6];
        Assert.Throws<ArgumentOutOfRangeException>("norm", () => new RowNormalization((Norm)2, two, [], 0));
        Assert.Throws<ArgumentOutOfRangeException>("epsilon", () => new RowNormalization(Norm.Rms, two, [], -1));
        Assert.Throws<ArgumentOutOfRangeException>("epsilon", () => new RowNormalization(Norm.Rms, two, [], float.NaN));
        Assert.Throws<ArgumentException>("weights", () => new RowNormalization(Norm.Rms, [], [], 0));
        Assert.Throws<ArgumentException>("biases", () => new RowNormalization(Norm.Rms, two, two, 0));
        Assert.Throws<ArgumentException>("biases", () => new RowNormalization(Norm.Layer, two, [1], 0));
        var norm = new RowNormalization(Norm.Layer, two, [], 1);
        Assert.Throws<ArgumentException>("input", () => norm.Apply(new float[3], new float[3]));
        Assert.Throws<ArgumentException>("output", () => norm.Apply(new float[4], new float[3]));
        Assert.Throws<ArgumentException>("output", () => norm.Apply(six.AsSpan(0, 4), six.AsSpan(2, 4)));
        Assert.All(six, value => Assert.Equal(0, value));
    }
}
