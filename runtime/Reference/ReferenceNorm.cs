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

    /// <summary>
    /// With x̂ = (x − mean) / √(variance + ε) and g = gradient · weight: <c>dx = (g − mean(g) − x̂ · mean(g x̂)) / √(variance + ε)</c>.
    /// </summary>
    /// <param name="row">What was normalised.</param>
    /// <param name="weight">Weight of the norm.</param>
    /// <param name="epsilon">What was added to the variance.</param>
    /// <param name="gradient">The gradient of the result, which becomes that of the row.</param>
    /// <param name="weightGradient">What is added to.</param>
    /// <param name="biasGradient">What is added to, or empty.</param>
    public static void LayerBackward(
        ReadOnlySpan<double> row, ReadOnlySpan<float> weight, float epsilon, Span<double> gradient, Span<double> weightGradient, Span<double> biasGradient)
    {
        double mean = 0, variance = 0;
        foreach (double value in row)
            mean += value / row.Length;
        foreach (double value in row)
            variance += (value - mean) * (value - mean) / row.Length;
        for (int i = 0; i < biasGradient.Length; i++)
            biasGradient[i] += gradient[i];
        Backward(row, mean, Math.Sqrt(variance + epsilon), weight, gradient, weightGradient);
        // What the mean takes away: it has no part in an RMS norm.
        double gradientMean = 0;
        foreach (double value in gradient)
            gradientMean += value / row.Length;
        foreach (ref double value in gradient)
            value -= gradientMean;
    }

    /// <summary>With x̂ = x / √(mean(x²) + ε) and g = gradient · weight: <c>dx = (g − x̂ · mean(g x̂)) / √(mean(x²) + ε)</c>.</summary>
    public static void RmsBackward(ReadOnlySpan<double> row, ReadOnlySpan<float> weight, float epsilon, Span<double> gradient, Span<double> weightGradient)
    {
        double square = 0;
        foreach (double value in row)
            square += value * value / row.Length;
        Backward(row, 0, Math.Sqrt(square + epsilon), weight, gradient, weightGradient);
    }

    private static void Backward(
        ReadOnlySpan<double> row, double mean, double deviation, ReadOnlySpan<float> weight, Span<double> gradient, Span<double> weightGradient)
    {
        double product = 0;
        for (int i = 0; i < row.Length; i++)
        {
            double normalised = (row[i] - mean) / deviation;
            weightGradient[i] += gradient[i] * normalised;
            gradient[i] *= weight[i];
            product += gradient[i] * normalised / row.Length;
        }

        for (int i = 0; i < row.Length; i++)
            gradient[i] = (gradient[i] - (row[i] - mean) / deviation * product) / deviation;
    }

    /// <summary>Takes the gradient of <see cref="Rows"/> back to the rows, and adds to those of the weight and of the bias.</summary>
    public static double[] RowsBackward(
        Norm norm, double[] rows, ReadOnlySpan<float> weight, float epsilon, double[] gradient, double[] weightGradient, double[] biasGradient)
    {
        double[] result = [.. gradient];
        for (int start = 0; start < result.Length; start += weight.Length)
        {
            ReadOnlySpan<double> row = rows.AsSpan(start, weight.Length);
            Span<double> rowGradient = result.AsSpan(start, weight.Length);
            if (norm == Norm.Layer)
                LayerBackward(row, weight, epsilon, rowGradient, weightGradient, biasGradient);
            else
                RmsBackward(row, weight, epsilon, rowGradient, weightGradient);
        }

        return result;
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
