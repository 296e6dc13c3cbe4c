using System.Numerics.Tensors;

namespace AttentionGen.Samples.Stories;

/// <summary>A Llama of the shape that <see cref="StoryAttention"/> was compiled for: one kernel and one KV cache a layer, everything else in plain loops.</summary>
public sealed class StoryModel
{
    private const float NormEpsilon = 1e-5f;

    private readonly StoryCheckpoint checkpoint;
    private readonly StoryAttention[] attention;
    private readonly AttentionCache[] caches;
    private readonly float[] state;
    private readonly float[] normed;
    private readonly float[] branch;
    private readonly float[] gate;
    private readonly float[] up;
    private readonly float[] logits;

    /// <summary>Packs the weights and makes empty caches.</summary>
    /// <param name="checkpoint">A model of the compiled shape.</param>
    /// <param name="capacity">Longest sequence, 1 to <see cref="StoryCheckpoint.MaxPositions"/>.</param>
    /// <exception cref="NotSupportedException">The model has another shape than <see cref="StoryAttention"/>.</exception>
    public StoryModel(StoryCheckpoint checkpoint, int capacity)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, checkpoint.MaxPositions);
        CheckShape(checkpoint);
        this.checkpoint = checkpoint;
        Capacity = capacity;
        this.attention = [.. checkpoint.Layers.Select(layer => new StoryAttention(layer.Attention))];
        caches = [.. this.attention.Select(attention => attention.CreateCache(capacity))];
        state = new float[capacity * checkpoint.Dim];
        normed = new float[capacity * checkpoint.Dim];
        branch = new float[capacity * checkpoint.Dim];
        gate = new float[checkpoint.HiddenDim];
        up = new float[checkpoint.HiddenDim];
        logits = new float[checkpoint.VocabularySize];
    }

    /// <summary>Longest sequence.</summary>
    public int Capacity { get; }

    /// <summary>Tokens seen so far.</summary>
    public int Position { get; private set; }

    /// <summary>Forgets all tokens.</summary>
    public void Reset()
    {
        Position = 0;
        foreach (AttentionCache cache in caches)
            cache.Clear();
    }

    /// <summary>Reads further tokens: a whole prompt at once, or one.</summary>
    /// <param name="tokens">At least one token, at most what <see cref="Capacity"/> leaves.</param>
    /// <returns>[VocabularySize]: logits of the token that follows the last one; valid until the next call.</returns>
    /// <exception cref="ArgumentException">No token, too many, or one out of range.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty || tokens.Length > Capacity - Position)
            throw new ArgumentException($"tokens must hold 1 to {Capacity - Position} tokens, but holds {tokens.Length}.", nameof(tokens));
        int dim = checkpoint.Dim;
        Span<float> state = this.state.AsSpan(0, tokens.Length * dim);
        Span<float> normed = this.normed.AsSpan(0, state.Length);
        Span<float> branch = this.branch.AsSpan(0, state.Length);
        for (int row = 0; row < tokens.Length; row++)
        {
            int token = tokens[row];
            if ((uint)token >= (uint)checkpoint.VocabularySize)
                throw new ArgumentException($"Each of tokens must be 0 to {checkpoint.VocabularySize - 1}, but one is {token}.", nameof(tokens));
            checkpoint.Embedding.AsSpan(token * dim, dim).CopyTo(state[(row * dim)..]);
        }

        for (int index = 0; index < attention.Length; index++)
        {
            StoryLayer layer = checkpoint.Layers[index];
            RmsNorm(state, layer.AttentionNorm, normed);
            attention[index].Forward(normed, branch, caches[index]);
            TensorPrimitives.Add(state, branch, state);

            RmsNorm(state, layer.FeedForwardNorm, normed);
            for (int row = 0; row < tokens.Length; row++)
                FeedForward(layer, normed.Slice(row * dim, dim), branch.Slice(row * dim, dim));
            TensorPrimitives.Add(state, branch, state);
        }
        Position += tokens.Length;

        Span<float> last = normed[^dim..];
        RmsNorm(state[^dim..], checkpoint.FinalNorm, last);
        Multiply(checkpoint.Classifier, last, logits);
        return logits;
    }

    /// <summary>SwiGLU: <c>Down · (silu(Gate x) ∘ Up x)</c>.</summary>
    private void FeedForward(StoryLayer layer, ReadOnlySpan<float> input, Span<float> output)
    {
        Multiply(layer.Gate, input, gate);
        Multiply(layer.Up, input, up);
        for (int i = 0; i < gate.Length; i++)
            gate[i] = gate[i] / (1 + MathF.Exp(-gate[i])) * up[i];
        Multiply(layer.Down, gate, output);
    }

    /// <summary>Each row divided by its root mean square, times the scale.</summary>
    private static void RmsNorm(ReadOnlySpan<float> input, float[] scale, Span<float> output)
    {
        for (int start = 0; start < input.Length; start += scale.Length)
        {
            ReadOnlySpan<float> row = input.Slice(start, scale.Length);
            Span<float> result = output.Slice(start, scale.Length);
            float factor = 1 / MathF.Sqrt(TensorPrimitives.SumOfSquares(row) / row.Length + NormEpsilon);
            TensorPrimitives.Multiply(row, factor, result);
            TensorPrimitives.Multiply(result, scale, result);
        }
    }

    /// <summary>One output for each row of a [outputs, inputs] matrix.</summary>
    private static void Multiply(float[] matrix, ReadOnlySpan<float> input, Span<float> output)
    {
        for (int i = 0; i < output.Length; i++)
            output[i] = TensorPrimitives.Dot(matrix.AsSpan(i * input.Length, input.Length), input);
    }

    private static void CheckShape(StoryCheckpoint checkpoint)
    {
        AttentionShape shape = StoryAttention.Shape;
        if (checkpoint.Dim == shape.DModel && checkpoint.Heads == shape.Heads && checkpoint.KvHeads == shape.KvHeads)
            return;
        throw new NotSupportedException(
            $"This program's attention is compiled for DModel = {shape.DModel}, Heads = {shape.Heads}, KvHeads = {shape.KvHeads}, " +
            $"but the model has {checkpoint.Dim}, {checkpoint.Heads} and {checkpoint.KvHeads}: " +
            $"put these into the attribute of {nameof(StoryAttention)} and build again.");
    }
}
