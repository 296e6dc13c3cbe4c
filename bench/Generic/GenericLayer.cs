using System.Buffers;
using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>
/// A Transformer layer in float32 with shapes known at run time: the attention of <see cref="GenericAttention"/>, and loops over
/// <see cref="TensorPrimitives"/>.
/// </summary>
public sealed class GenericLayer
{
    private readonly GenericLayerOptions options;
    private readonly GenericLayerWeights weights;
    private readonly GenericAttention attention;

    /// <summary>Takes the weights as they are.</summary>
    /// <param name="options">The shape.</param>
    /// <param name="weights">Matrices and vectors of that shape.</param>
    /// <exception cref="ArgumentException">The shape of the attention is not possible, or a matrix does not fit.</exception>
    public GenericLayer(GenericLayerOptions options, GenericLayerWeights weights)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(weights);
        this.options = options;
        this.weights = weights;
        attention = new GenericAttention(options.Attention, weights.Attention);
        int size = options.FeedForwardDim * Width;
        if (weights.Up.Length != size || weights.Down.Length != size || weights.Gate.Length != (options.IsGated ? size : 0))
        {
            string lengths = $"{weights.Up.Length}, {weights.Gate.Length} and {weights.Down.Length}";
            throw new ArgumentException($"The matrices of the feed-forward network must have {size} elements, but have {lengths}.", nameof(weights));
        }
    }

    private int Width => options.Attention.DModel;

    /// <summary>An empty cache.</summary>
    /// <param name="capacity">Keys that it can hold.</param>
    public GenericAttentionCache CreateCache(int capacity) => attention.CreateCache(capacity);

    /// <summary>Runs the layer on one sequence.</summary>
    /// <param name="input">[rows, DModel].</param>
    /// <param name="output">[rows, DModel].</param>
    /// <param name="cache">A cache that the rows are appended to, or null.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public void Forward(ReadOnlySpan<float> input, Span<float> output, GenericAttentionCache? cache = null)
    {
        float[] normedBuffer = ArrayPool<float>.Shared.Rent(input.Length), branchBuffer = ArrayPool<float>.Shared.Rent(input.Length);
        Span<float> normed = normedBuffer.AsSpan(0, input.Length), branch = branchBuffer.AsSpan(0, input.Length);
        input.CopyTo(normed);
        if (options.IsPreNorm)
            Norm(normed, weights.AttentionNorm, weights.AttentionNormBias);
        if (cache is null)
            attention.Forward(normed, branch);
        else
            attention.Forward(normed, branch, cache);
        TensorPrimitives.Add(input, branch, output);
        if (!options.IsPreNorm)
            Norm(output, weights.AttentionNorm, weights.AttentionNormBias);

        output.CopyTo(normed);
        if (options.IsPreNorm)
            Norm(normed, weights.FeedForwardNorm, weights.FeedForwardNormBias);
        FeedForward(normed, branch);
        TensorPrimitives.Add(output, branch, output);
        if (!options.IsPreNorm)
            Norm(output, weights.FeedForwardNorm, weights.FeedForwardNormBias);
        ArrayPool<float>.Shared.Return(branchBuffer);
        ArrayPool<float>.Shared.Return(normedBuffer);
    }

    private void FeedForward(ReadOnlySpan<float> input, Span<float> output)
    {
        int length = input.Length / Width * options.FeedForwardDim;
        float[] upBuffer = ArrayPool<float>.Shared.Rent(length), gateBuffer = ArrayPool<float>.Shared.Rent(length);
        Span<float> up = upBuffer.AsSpan(0, length), gate = gateBuffer.AsSpan(0, length);
        GenericRows.Project(input, Width, weights.Up, weights.UpBias, up);
        if (options.IsGated)
        {
            // silu(g) · u = u · g · sigmoid(g).
            GenericRows.Project(input, Width, weights.Gate, weights.GateBias, gate);
            TensorPrimitives.Multiply(up, gate, up);
            TensorPrimitives.Sigmoid(gate, gate);
            TensorPrimitives.Multiply(up, gate, up);
        }
        else
        {
            GenericRows.Gelu(up);
        }
        GenericRows.Project(up, options.FeedForwardDim, weights.Down, weights.DownBias, output);
        ArrayPool<float>.Shared.Return(gateBuffer);
        ArrayPool<float>.Shared.Return(upBuffer);
    }

    private void Norm(Span<float> rows, float[] scale, float[] shift)
    {
        if (options.IsRms)
            GenericRows.RmsNorm(rows, scale, options.NormEpsilon);
        else
            GenericRows.LayerNorm(rows, scale, shift, options.NormEpsilon);
    }
}
