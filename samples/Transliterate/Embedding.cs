using System.Numerics.Tensors;

namespace AttentionGen.Samples.Transliterate;

/// <summary>Token embeddings plus sinusoidal positions.</summary>
/// <param name="file">The model.</param>
/// <param name="name">The variable with the embeddings.</param>
/// <param name="count">Number of tokens.</param>
/// <param name="width">DModel.</param>
public sealed class Embedding(CTranslate2File file, string name, int count, int width)
{
    private readonly float[] weight = file.Get(name, count, width);

    /// <summary>[ids, width].</summary>
    /// <param name="ids">Tokens.</param>
    /// <param name="firstPosition">Position of the first of them in its sequence.</param>
    public float[] Embed(ReadOnlySpan<int> ids, int firstPosition)
    {
        int half = width / 2;
        double step = Math.Log(10_000) / (half - 1);
        var state = new float[ids.Length * width];
        for (int row = 0; row < ids.Length; row++)
        {
            Span<float> result = state.AsSpan(row * width, width);
            TensorPrimitives.Multiply(weight.AsSpan(ids[row] * width, width), MathF.Sqrt(width), result);
            for (int i = 0; i < half; i++)
            {
                // Positions count from 1.
                double angle = (firstPosition + row + 1) * Math.Exp(-i * step);
                result[i] += (float)Math.Sin(angle);
                result[half + i] += (float)Math.Cos(angle);
            }
        }
        return state;
    }
}
