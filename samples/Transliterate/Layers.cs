using System.Numerics.Tensors;

namespace AttentionGen.Samples.Transliterate;

/// <summary>Layer normalisation.</summary>
internal sealed class Norm(CTranslate2File file, string prefix, int width)
{
    private const float Epsilon = 1e-5f;

    private readonly float[] gamma = file.Get($"{prefix}/gamma", width);
    private readonly float[] beta = file.Get($"{prefix}/beta", width);

    /// <summary>Each row with mean 0 and variance 1, then scaled and shifted.</summary>
    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        for (int start = 0; start < input.Length; start += width)
        {
            ReadOnlySpan<float> row = input.Slice(start, width);
            Span<float> result = output.Slice(start, width);
            TensorPrimitives.Subtract(row, TensorPrimitives.Sum(row) / width, result);
            float factor = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares<float>(result) / width + Epsilon);
            TensorPrimitives.Multiply(result, factor, result);
            TensorPrimitives.MultiplyAdd(result, gamma, beta, result);
        }
    }
}

/// <summary><c>y = W x + b</c>, row by row.</summary>
internal sealed class Linear(CTranslate2File file, string prefix, int outputs, int inputs)
{
    private readonly float[] weight = file.Get($"{prefix}/weight", outputs, inputs);
    private readonly float[] bias = file.Get($"{prefix}/bias", outputs);

    public int Outputs => outputs;

    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        for (int row = 0; row * inputs < input.Length; row++)
        {
            for (int i = 0; i < outputs; i++)
                output[row * outputs + i] = TensorPrimitives.Dot(weight.AsSpan(i * inputs, inputs), input.Slice(row * inputs, inputs)) + bias[i];
        }
    }
}

/// <summary>Two linear layers with ReLU between them, and the norm before them.</summary>
internal sealed class FeedForward
{
    private readonly Norm norm;
    private readonly Linear first;
    private readonly Linear second;

    public FeedForward(CTranslate2File file, string prefix, int width)
    {
        int hidden = file.GetShape($"{prefix}/linear_0/bias") is [int size] ? size : 0;
        norm = new Norm(file, $"{prefix}/layer_norm", width);
        first = new Linear(file, $"{prefix}/linear_0", hidden, width);
        second = new Linear(file, $"{prefix}/linear_1", width, hidden);
    }

    /// <summary>Adds the network's output to the state.</summary>
    public void AddTo(float[] state)
    {
        var normed = new float[state.Length];
        norm.Apply(state, normed);
        var hidden = new float[state.Length / second.Outputs * first.Outputs];
        first.Apply(normed, hidden);
        TensorPrimitives.Max(hidden, 0, hidden);
        second.Apply(hidden, normed);
        TensorPrimitives.Add(state, normed, state);
    }
}

/// <summary>Token embeddings plus sinusoidal positions.</summary>
internal sealed class Embedding(CTranslate2File file, string name, int count, int width)
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
