using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>Layer normalisation: each row with mean 0 and variance 1, then scaled and shifted.</summary>
internal sealed class LayerNorm(ModelTensors tensors, string name, int width)
{
    private const float Epsilon = 1e-12f;

    private readonly float[] scale = tensors.Read($"{name}.weight", width);
    private readonly float[] shift = tensors.Read($"{name}.bias", width);

    /// <summary>Normalises rows in place.</summary>
    public void Apply(Span<float> rows)
    {
        for (int start = 0; start < rows.Length; start += width)
        {
            Span<float> row = rows.Slice(start, width);
            TensorPrimitives.Subtract(row, TensorPrimitives.Sum<float>(row) / width, row);
            float factor = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(row) / width + Epsilon);
            TensorPrimitives.Multiply(row, factor, row);
            TensorPrimitives.MultiplyAdd(row, scale, shift, row);
        }
    }
}
