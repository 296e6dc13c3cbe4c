namespace AttentionGen;

/// <summary>The normalisations of <see cref="Norm"/> in double precision.</summary>
internal static class ReferenceNorm
{
    /// <summary><c>(x − mean) / √(variance + ε) · weight + bias</c>, with the biased variance (Ba et al. 2016).</summary>
    public static void Layer(Span<double> row, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon)
    {
        double mean = 0, variance = 0;
        foreach (double value in row)
            mean += value / row.Length;
        foreach (double value in row)
            variance += (value - mean) * (value - mean) / row.Length;
        for (int i = 0; i < row.Length; i++)
            row[i] = (row[i] - mean) / Math.Sqrt(variance + epsilon) * weight[i] + (bias.IsEmpty ? 0 : bias[i]);
    }

    /// <summary><c>x / √(mean(x²) + ε) · weight</c> (Zhang and Sennrich 2019).</summary>
    public static void Rms(Span<double> row, ReadOnlySpan<float> weight, float epsilon)
    {
        double square = 0;
        foreach (double value in row)
            square += value * value / row.Length;
        for (int i = 0; i < row.Length; i++)
            row[i] = row[i] / Math.Sqrt(square + epsilon) * weight[i];
    }

    /// <summary>A copy of rows, each normalised by itself.</summary>
    /// <param name="norm">Which normalisation.</param>
    /// <param name="rows">[rows, elements of the weight].</param>
    /// <param name="weight">[elements].</param>
    /// <param name="bias">[elements], or empty.</param>
    /// <param name="epsilon">What is added to the variance, or to the mean square.</param>
    public static double[] Rows(Norm norm, double[] rows, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon)
    {
        double[] result = [.. rows];
        for (int start = 0; start < result.Length; start += weight.Length)
        {
            Span<double> row = result.AsSpan(start, weight.Length);
            if (norm == Norm.Layer)
                Layer(row, weight, bias, epsilon);
            else
                Rms(row, weight, epsilon);
        }

        return result;
    }
}
