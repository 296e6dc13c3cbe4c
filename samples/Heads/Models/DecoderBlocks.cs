namespace AttentionGen.Samples.Heads;

/// <summary>A layer of a decoder in its parts, so that its cross-attention returns probabilities too. Norms stand before each branch.</summary>
internal sealed class DecoderBlocks
{
    private readonly RowNormalization selfNorm;
    private readonly DecoderSelfAttention self;
    private readonly RowNormalization crossNorm;
    private readonly DecoderCrossAttention cross;
    private readonly RowNormalization networkNorm;
    private readonly DecoderUp up;
    private readonly DecoderDown down;

    public DecoderBlocks(TransformerLayerWeights weights, float epsilon)
    {
        selfNorm = new RowNormalization(Norm.Layer, weights.AttentionNorm.Span, weights.AttentionNormBias.Span, epsilon);
        self = new DecoderSelfAttention(weights.Attention);
        crossNorm = new RowNormalization(Norm.Layer, weights.CrossAttentionNorm.Span, weights.CrossAttentionNormBias.Span, epsilon);
        cross = new DecoderCrossAttention(weights.CrossAttention!);
        networkNorm = new RowNormalization(Norm.Layer, weights.FeedForwardNorm.Span, weights.FeedForwardNormBias.Span, epsilon);
        up = new DecoderUp(LinearWeights.FromSpans(weights.Up.Span, weights.UpBias.Span));
        down = new DecoderDown(LinearWeights.FromSpans(weights.Down.Span, weights.DownBias.Span));
    }

    /// <summary>Runs the layer in place.</summary>
    /// <param name="rows">[rows, DModel].</param>
    /// <param name="memory">[memory rows, MemoryDim].</param>
    /// <param name="selfMask">[heads]: factors of the self-attention's heads.</param>
    /// <param name="crossMask">[heads]: factors of the cross-attention's heads.</param>
    /// <param name="selfProbabilities">[heads, rows, rows], or empty.</param>
    /// <param name="crossProbabilities">[heads, rows, memory rows], or empty.</param>
    public void Run(
        float[] rows, float[] memory, ReadOnlySpan<float> selfMask, ReadOnlySpan<float> crossMask, Span<float> selfProbabilities,
        Span<float> crossProbabilities)
    {
        float[] normalised = new float[rows.Length], branch = new float[rows.Length];
        selfNorm.Apply(rows, normalised);
        self.Forward(normalised, branch, selfMask, selfProbabilities);
        Add(rows, branch);
        crossNorm.Apply(rows, normalised);
        cross.Forward(normalised, memory, branch, crossMask, crossProbabilities);
        Add(rows, branch);
        networkNorm.Apply(rows, normalised);
        var hidden = new float[rows.Length / DecoderUp.Inputs * DecoderUp.Outputs];
        up.Forward(normalised, hidden);
        down.Forward(hidden, branch, rows);
        branch.CopyTo(rows, 0);
    }

    private static void Add(float[] rows, float[] branch)
    {
        for (int i = 0; i < rows.Length; i++)
            rows[i] += branch[i];
    }
}
