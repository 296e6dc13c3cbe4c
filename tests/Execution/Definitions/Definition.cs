namespace AttentionGen.Tests.Execution.Definitions;

/// <summary>Attention in float64 from the formulas of the models' papers, row by row: neither the kernels nor the reference have a part in it.</summary>
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

    /// <summary><c>(x − mean) / √(variance + ε) · w</c>, or <c>x / √(mean(x²) + ε) · w</c>.</summary>
    public static double[] Normed(double[] row, float[] weights, bool centres, double epsilon)
    {
        double mean = centres ? row.Average() : 0, variance = row.Average(value => (value - mean) * (value - mean));
        return [.. row.Select((value, i) => (value - mean) / Math.Sqrt(variance + epsilon) * weights[i])];
    }

    /// <summary>A head whose first elements are rotated in pairs, by base 10,000.</summary>
    public static double[] Rotated(double[] head, int position, int rotaryDim, Func<int, (int First, int Second)> pair)
    {
        double[] result = [.. head];
        for (int i = 0; i < rotaryDim / 2; i++)
        {
            (int first, int second) = pair(i);
            double angle = position * Math.Pow(10_000, -2.0 * i / rotaryDim);
            result[first] = (head[first] * Math.Cos(angle)) - (head[second] * Math.Sin(angle));
            result[second] = (head[second] * Math.Cos(angle)) + (head[first] * Math.Sin(angle));
        }

        return result;
    }

    /// <summary>Weights from a file with these tensors behind the prefix <c>model.layers.0.self_attn</c>.</summary>
    public static AttentionWeights Load(AttentionTensorNames names, params (string Name, long[] Sizes, float[] Values)[] tensors)
    {
        var builder = new SafetensorsBuilder();
        foreach ((string name, long[] sizes, float[] values) in tensors)
            builder.Add($"model.layers.0.self_attn.{name}", sizes, values);
        using var bytes = new MemoryStream();
        builder.Save(bytes);
        using SafetensorsFile file = SafetensorsFile.Open(bytes.ToArray(), "a model");
        return AttentionWeights.From(file, names);
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
