namespace AttentionGen.Samples.Stories;

/// <summary>A Llama of the shape that <see cref="StoryLayer"/> was compiled for: embeddings, a stack of layers with one cache, a norm and a head.</summary>
public sealed class StoryModel
{
    private readonly StoryCheckpoint checkpoint;
    private readonly TransformerStack<StoryLayer> layers;
    private readonly TransformerStackCache cache;
    private readonly RowNormalization finalNorm;
    private readonly StoryHead head;
    private readonly float[] embedded;
    private readonly float[] state;
    private readonly float[] logits;

    /// <summary>Packs the weights and makes an empty cache.</summary>
    /// <param name="checkpoint">A model of the compiled shape.</param>
    /// <param name="capacity">Longest sequence, 1 to <see cref="StoryCheckpoint.MaxPositions"/>.</param>
    /// <exception cref="NotSupportedException">The model has another shape than <see cref="StoryLayer"/> and <see cref="StoryHead"/>.</exception>
    public StoryModel(StoryCheckpoint checkpoint, int capacity)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(capacity, checkpoint.MaxPositions);
        CheckShape(checkpoint);
        this.checkpoint = checkpoint;
        layers = TransformerStack<StoryLayer>.Create([.. checkpoint.Layers.Select(weights => new StoryLayer(weights))]);
        cache = layers.CreateCache(capacity);
        finalNorm = new RowNormalization(StoryLayer.Shape.Norm, checkpoint.FinalNorm, [], StoryLayer.Shape.NormEpsilon);
        head = new StoryHead(LinearWeights.FromSpans(checkpoint.Classifier));
        embedded = new float[capacity * checkpoint.Dim];
        state = new float[capacity * checkpoint.Dim];
        logits = new float[checkpoint.VocabularySize];
    }

    /// <summary>Longest sequence.</summary>
    public int Capacity => cache.Capacity;

    /// <summary>Tokens seen so far.</summary>
    public int Position => cache.Length;

    /// <summary>Forgets all tokens.</summary>
    public void Reset() => cache.Clear();

    /// <summary>Reads further tokens: a whole prompt at once, or one.</summary>
    /// <param name="tokens">At least one token, at most what <see cref="Capacity"/> leaves.</param>
    /// <returns>[VocabularySize]: logits of the token that follows the last one; valid until the next call.</returns>
    /// <exception cref="ArgumentException">No token, too many, or one out of range.</exception>
    public ReadOnlySpan<float> Forward(ReadOnlySpan<int> tokens)
    {
        if (tokens.IsEmpty || tokens.Length > Capacity - Position)
            throw new ArgumentException($"tokens must hold 1 to {Capacity - Position} tokens, but holds {tokens.Length}.", nameof(tokens));
        int dim = checkpoint.Dim;
        Span<float> embedded = this.embedded.AsSpan(0, tokens.Length * dim);
        Span<float> state = this.state.AsSpan(0, embedded.Length);
        for (int row = 0; row < tokens.Length; row++)
        {
            int token = tokens[row];
            if ((uint)token >= (uint)checkpoint.VocabularySize)
                throw new ArgumentException($"Each of tokens must be 0 to {checkpoint.VocabularySize - 1}, but one is {token}.", nameof(tokens));
            checkpoint.Embedding.AsSpan(token * dim, dim).CopyTo(embedded[(row * dim)..]);
        }

        layers.Forward(embedded, state, cache);
        // Only the last row tells of a token that is not known yet.
        Span<float> last = state[^dim..];
        finalNorm.Apply(last, last);
        head.Forward(last, logits);
        return logits;
    }

    private static void CheckShape(StoryCheckpoint checkpoint)
    {
        AttentionShape shape = StoryLayer.Shape.Attention;
        (int, int, int, int, int) compiled = (shape.DModel, StoryLayer.Shape.FeedForwardDim, shape.Heads, shape.KvHeads, StoryHead.Outputs);
        if ((checkpoint.Dim, checkpoint.HiddenDim, checkpoint.Heads, checkpoint.KvHeads, checkpoint.VocabularySize) == compiled)
            return;
        throw new NotSupportedException(
            $"This program's layers are compiled for DModel = {shape.DModel}, FeedForwardDim = {StoryLayer.Shape.FeedForwardDim}, Heads = {shape.Heads}, " +
            $"KvHeads = {shape.KvHeads} and {StoryHead.Outputs} tokens, but the model has {checkpoint.Dim}, {checkpoint.HiddenDim}, {checkpoint.Heads}, " +
            $"{checkpoint.KvHeads} and {checkpoint.VocabularySize}: put these into the attributes of {nameof(StoryLayer)} and {nameof(StoryHead)} and build "
                + $"again.");
    }
}
