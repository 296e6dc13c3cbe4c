namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>Attention in float64 from the formulas of the models' papers, one row after another: neither the kernels nor the reference have a part in it.</summary>
internal static class Definition
{
    /// <summary>y = W x, with W as [outputs, inputs].</summary>
    public static double[] Linear(ReadOnlySpan<float> weights, double[] row, ReadOnlySpan<float> bias = default)
    {
        var result = new double[weights.Length / row.Length];
        for (int output = 0; output < result.Length; output++)
        {
            result[output] = bias.IsEmpty ? 0 : bias[output];
            for (int input = 0; input < row.Length; input++)
                result[output] += weights[(output * row.Length) + input] * row[input];
        }

        return result;
    }

    /// <summary>The head of a row.</summary>
    public static double[] Head(double[] row, int head, int width) => row[(head * width)..((head + 1) * width)];

    /// <summary>softmax(scale · q K) V of one head and row, over the keys up to its own.</summary>
    public static double[] Attend(double[] query, IReadOnlyList<double[]> keys, IReadOnlyList<double[]> values, double scale)
    {
        double[] powers = [.. keys.Select(key => Math.Exp(scale * query.Zip(key, (a, b) => a * b).Sum()))];
        return Weighted(powers, powers.Sum(), values);
    }

    /// <summary>Σ weight · value / sum.</summary>
    public static double[] Weighted(double[] weights, double sum, IReadOnlyList<double[]> values)
    {
        var result = new double[values[0].Length];
        for (int key = 0; key < weights.Length; key++)
        {
            for (int i = 0; i < result.Length; i++)
                result[i] += weights[key] / sum * values[key][i];
        }

        return result;
    }

    /// <summary>Rows of random numbers.</summary>
    public static (float[] Given, double[][] Rows) Rows(int seed, int count, int width)
    {
        var random = new Random(seed);
        float[] given = [.. Enumerable.Range(0, count * width).Select(_ => (2 * random.NextSingle()) - 1)];
        return (given, [.. Enumerable.Range(0, count).Select(row => given.Skip(row * width).Take(width).Select(value => (double)value).ToArray())]);
    }

    /// <summary>Every element within 1e-5 of 1 + |expected|.</summary>
    public static void AssertClose(IEnumerable<double[]> expected, float[] actual)
    {
        double[] all = [.. expected.SelectMany(row => row)];
        Assert.Equal(all.Length, actual.Length);
        for (int i = 0; i < all.Length; i++)
            Assert.True(Math.Abs(all[i] - actual[i]) <= 1e-5 * (1 + Math.Abs(all[i])), $"element {i}: expected {all[i]:R}, got {actual[i]:R}");
    }
}
