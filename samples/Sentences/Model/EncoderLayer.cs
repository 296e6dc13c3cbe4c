using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>A BERT layer: attention and a feed-forward network, each added to the rows that it reads, with a norm behind each sum.</summary>
internal sealed class EncoderLayer(ModelTensors tensors, string name)
{
    private const int Width = SentenceAttention.DModel;
    private const int Hidden = 4 * Width;

    private readonly SentenceAttention attention = new(AttentionWeights.From(tensors.File, AttentionTensorNames.Bert($"{tensors.Prefix}{name}.attention")));
    private readonly LayerNorm attentionNorm = new(tensors, $"{name}.attention.output.LayerNorm", Width);
    private readonly float[] up = tensors.Read($"{name}.intermediate.dense.weight", Hidden, Width);
    private readonly float[] upBias = tensors.Read($"{name}.intermediate.dense.bias", Hidden);
    private readonly float[] down = tensors.Read($"{name}.output.dense.weight", Width, Hidden);
    private readonly float[] downBias = tensors.Read($"{name}.output.dense.bias", Width);
    private readonly LayerNorm outputNorm = new(tensors, $"{name}.output.LayerNorm", Width);

    /// <summary>[rows, Width] to [rows, Width].</summary>
    public void Run(float[] input, float[] output, int rows, ReadOnlySpan<int> rowOffsets, ForwardOptions options)
    {
        attention.Forward(input.AsSpan(0, rows * Width), output.AsSpan(0, rows * Width), rowOffsets, options);
        // So few that the rows of the matrices are read once for many, and there is work for every thread.
        const int Block = 32;
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = Math.Max(1, options.MaxDegreeOfParallelism), CancellationToken = options.CancellationToken };
        Parallel.For(0, (rows + Block - 1) / Block, parallel, block =>
        {
            int start = block * Block * Width, count = Math.Min(Block, rows - block * Block);
            Span<float> state = output.AsSpan(start, count * Width);
            TensorPrimitives.Add(state, input.AsSpan(start, state.Length), state);
            attentionNorm.Apply(state);
            var hidden = new float[count * Hidden];
            var change = new float[count * Width];
            Multiply(up, upBias, state, hidden, Width, Hidden);
            for (int i = 0; i < hidden.Length; i++)
                hidden[i] = Gelu(hidden[i]);
            Multiply(down, downBias, hidden, change, Hidden, Width);
            TensorPrimitives.Add(state, change, state);
            outputNorm.Apply(state);
        });
    }

    private static void Multiply(float[] matrix, float[] bias, ReadOnlySpan<float> input, Span<float> output, int inputs, int outputs)
    {
        for (int i = 0; i < outputs; i++)
        {
            ReadOnlySpan<float> weights = matrix.AsSpan(i * inputs, inputs);
            for (int row = 0; row * inputs < input.Length; row++)
                output[row * outputs + i] = TensorPrimitives.Dot(weights, input.Slice(row * inputs, inputs)) + bias[i];
        }
    }

    /// <summary>x/2 · (1 + erf(x/√2)); the error function by formula 7.1.26 of Abramowitz and Stegun, to 1.5e-7.</summary>
    private static float Gelu(float x)
    {
        double z = Math.Abs(x) / Math.Sqrt(2), t = 1 / (1 + 0.3275911 * z);
        double series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
        return (float)(0.5 * x * (1 + Math.Sign(x) * (1 - series * Math.Exp(-z * z))));
    }
}
