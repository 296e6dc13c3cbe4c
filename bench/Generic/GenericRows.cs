using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>What is done to rows of a width that is known at run time only: products, norms, activations.</summary>
public static class GenericRows
{
    // So many input rows stay in the second-level cache while all weights pass by.
    private const int RowBlock = 64;

    /// <summary>One product: <c>output[r] = W · input[r] + bias</c>.</summary>
    /// <param name="input">[rows, inputs].</param>
    /// <param name="inputs">Width of an input row.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="bias">[outputs], or empty.</param>
    /// <param name="output">[rows, outputs].</param>
    public static void Project(ReadOnlySpan<float> input, int inputs, float[] weights, float[] bias, Span<float> output)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(bias);
        Project(input, inputs, weights, bias, output, weights.Length / inputs, outputStride: 1);
    }

    /// <summary>Layer normalisation in place: each row with mean 0 and variance 1, then scaled and shifted.</summary>
    /// <param name="rows">[rows, elements of the scale].</param>
    /// <param name="scale">What each element is multiplied by.</param>
    /// <param name="shift">What is added then, or empty.</param>
    /// <param name="epsilon">What is added to the variance.</param>
    public static void LayerNorm(Span<float> rows, float[] scale, float[] shift, float epsilon)
    {
        ArgumentNullException.ThrowIfNull(scale);
        ArgumentNullException.ThrowIfNull(shift);
        for (int start = 0; start < rows.Length; start += scale.Length)
        {
            Span<float> row = rows.Slice(start, scale.Length);
            TensorPrimitives.Subtract(row, TensorPrimitives.Sum<float>(row) / row.Length, row);
            Scale(row, scale, epsilon);
            if (shift.Length > 0)
                TensorPrimitives.Add(row, shift, row);
        }
    }

    /// <summary>Root-mean-square normalisation in place.</summary>
    /// <param name="rows">[rows, elements of the scale].</param>
    /// <param name="scale">What each element is multiplied by.</param>
    /// <param name="epsilon">What is added to the mean square.</param>
    public static void RmsNorm(Span<float> rows, float[] scale, float epsilon)
    {
        ArgumentNullException.ThrowIfNull(scale);
        for (int start = 0; start < rows.Length; start += scale.Length)
            Scale(rows.Slice(start, scale.Length), scale, epsilon);
    }

    /// <summary>GELU in place: x/2 · (1 + erf(x/√2)), the error function by formula 7.1.26 of Abramowitz and Stegun, to 1.5e-7.</summary>
    /// <param name="values">Any number of values.</param>
    public static void Gelu(Span<float> values)
    {
        foreach (ref float value in values)
        {
            double z = Math.Abs(value) / Math.Sqrt(2);
            value = (float)(0.5 * value * (1 + Math.Sign(value) * (1 - ErrorSeries(z) * Math.Exp(-z * z))));
        }
    }

    /// <summary>(1 − erf(z)) · exp(z²), for z of 0 and more.</summary>
    internal static double ErrorSeries(double z)
    {
        double t = 1 / (1 + 0.3275911 * z);
        return t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
    }

    /// <summary>Element o of output row r goes to <c>output[r · rowStride + o · outputStride]</c>.</summary>
    internal static void Project(ReadOnlySpan<float> input, int inputs, float[] weights, float[] bias, Span<float> output, int rowStride, int outputStride)
    {
        int rows = input.Length / inputs;
        int outputs = weights.Length / inputs;
        for (int block = 0; block < rows; block += RowBlock)
        {
            int end = Math.Min(block + RowBlock, rows);
            for (int o = 0; o < outputs; o++)
            {
                ReadOnlySpan<float> w = weights.AsSpan(o * inputs, inputs);
                float b = bias.Length == 0 ? 0 : bias[o];
                for (int r = block; r < end; r++)
                    output[r * rowStride + o * outputStride] = TensorPrimitives.Dot(w, input.Slice(r * inputs, inputs)) + b;
            }
        }
    }

    private static void Scale(Span<float> row, float[] scale, float epsilon)
    {
        TensorPrimitives.Multiply(row, 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(row) / row.Length + epsilon), row);
        TensorPrimitives.Multiply(row, scale, row);
    }
}
