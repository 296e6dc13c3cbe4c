using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>Back through what is done to rows, for shapes that are known at run time only.</summary>
internal static class GenericGradients
{
    // So many rows stay in the second-level cache while all weights pass by.
    private const int RowBlock = 64;

    /// <summary>Back through <see cref="GenericRows.Project(ReadOnlySpan{float}, int, float[], float[], Span{float})"/>.</summary>
    /// <param name="gradient">[rows, outputs]: ∂L/∂output.</param>
    /// <param name="input">[rows, inputs]: what was multiplied.</param>
    /// <param name="inputs">Width of an input row.</param>
    /// <param name="weights">[outputs, inputs].</param>
    /// <param name="inputGradient">[rows, inputs]: what is added to.</param>
    /// <param name="weightGradient">[outputs, inputs]: what is added to.</param>
    /// <param name="biasGradient">[outputs]: what is added to.</param>
    public static void Project(
        ReadOnlySpan<float> gradient, ReadOnlySpan<float> input, int inputs, float[] weights, Span<float> inputGradient, float[] weightGradient,
        float[] biasGradient)
    {
        int rows = input.Length / inputs, outputs = weights.Length / inputs;
        for (int block = 0; block < rows; block += RowBlock)
        {
            int end = Math.Min(block + RowBlock, rows);
            for (int output = 0; output < outputs; output++)
            {
                ReadOnlySpan<float> weight = weights.AsSpan(output * inputs, inputs);
                Span<float> slope = weightGradient.AsSpan(output * inputs, inputs);
                for (int row = block; row < end; row++)
                {
                    float own = gradient[(row * outputs) + output];
                    biasGradient[output] += own;
                    Span<float> target = inputGradient.Slice(row * inputs, inputs);
                    TensorPrimitives.MultiplyAdd(weight, own, target, target);
                    TensorPrimitives.MultiplyAdd(input.Slice(row * inputs, inputs), own, slope, slope);
                }
            }
        }
    }

    /// <summary>Back through a layer norm: with x̂ the normalised row and g = gradient ∘ scale, ∂L/∂x = (g − mean(g) − x̂ mean(g ∘ x̂)) / deviation.</summary>
    /// <param name="rows">[rows, width]: the rows before.</param>
    /// <param name="scale">[width].</param>
    /// <param name="epsilon">What was added to the variance.</param>
    /// <param name="gradient">[rows, width]: of the normalised rows; then of the rows.</param>
    /// <param name="scaleGradient">[width]: what is added to.</param>
    /// <param name="shiftGradient">[width]: what is added to.</param>
    public static void LayerNorm(
        ReadOnlySpan<float> rows, float[] scale, float epsilon, Span<float> gradient, float[] scaleGradient, float[] shiftGradient)
    {
        var normed = new float[scale.Length];
        var product = new float[scale.Length];
        for (int start = 0; start < rows.Length; start += scale.Length)
        {
            ReadOnlySpan<float> row = rows.Slice(start, scale.Length);
            Span<float> own = gradient.Slice(start, scale.Length);
            TensorPrimitives.Subtract(row, TensorPrimitives.Sum(row) / row.Length, normed);
            float inverse = 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(normed) / row.Length) + epsilon);
            TensorPrimitives.Multiply(normed, inverse, normed);
            TensorPrimitives.MultiplyAdd(own, normed, scaleGradient, scaleGradient);
            TensorPrimitives.Add(own, shiftGradient, shiftGradient);
            TensorPrimitives.Multiply(own, scale, own);
            float mean = TensorPrimitives.Sum<float>(own) / row.Length, along = TensorPrimitives.Dot<float>(own, normed) / row.Length;
            TensorPrimitives.Multiply(normed, along, product);
            TensorPrimitives.Subtract(own, mean, own);
            TensorPrimitives.Subtract(own, product, own);
            TensorPrimitives.Multiply(own, inverse, own);
        }
    }

    /// <summary>Back through a GELU: <c>Φ(x) + x φ(x)</c>, with the error function of <see cref="GenericRows.Gelu"/>.</summary>
    /// <param name="values">What went in.</param>
    /// <param name="gradient">Of what came out; then of what went in.</param>
    public static void Gelu(ReadOnlySpan<float> values, Span<float> gradient)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double x = values[i], half = Math.Abs(x) / Math.Sqrt(2), density = Math.Exp(-half * half);
            double share = 0.5 * (1 + (Math.Sign(x) * (1 - (GenericRows.ErrorSeries(half) * density))));
            gradient[i] *= (float)(share + (x * density / Math.Sqrt(2 * Math.PI)));
        }
    }
}
