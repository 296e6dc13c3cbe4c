namespace AttentionGen.Samples.Train;

/// <summary>Weights before training: matrices uniform in ±1/√inputs, norms 1.</summary>
internal static class InitialWeights
{
    /// <summary>Of an attention. The biases of queries and keys are larger: they tell distances, from which a head finds the token before.</summary>
    public static AttentionWeights Attention(AttentionShape shape, long seed, int layer)
    {
        var random = new SplitMix(seed, -1 - layer);
        return Attention(shape, ref random);
    }

    /// <summary>Of a whole layer.</summary>
    public static TransformerLayerWeights Layer(TransformerLayerShape shape, long seed, int layer)
    {
        var random = new SplitMix(seed, -1 - layer);
        AttentionWeights attention = Attention(shape.Attention, ref random);
        int matrix = shape.FeedForwardDim * shape.DModel;
        float bound = 1 / MathF.Sqrt(shape.DModel);
        float[] ones = [.. Enumerable.Repeat(1f, shape.DModel)];
        return new()
        {
            Attention = attention,
            Up = Rows.Random(ref random, matrix, bound),
            Gate = Rows.Random(ref random, matrix, bound),
            Down = Rows.Random(ref random, matrix, 1 / MathF.Sqrt(shape.FeedForwardDim)),
            AttentionNorm = ones,
            FeedForwardNorm = ones.ToArray(),
        };
    }

    private static AttentionWeights Attention(AttentionShape shape, ref SplitMix random)
    {
        float bound = 1 / MathF.Sqrt(shape.DModel);
        return AttentionWeights.FromSpans(
            Rows.Random(ref random, shape.QueryDim * shape.DModel, bound),
            Rows.Random(ref random, shape.KeyDim * shape.DModel, bound),
            Rows.Random(ref random, shape.ValueDim * shape.DModel, bound),
            Rows.Random(ref random, shape.DModel * shape.JoinedDim, bound),
            Rows.Random(ref random, shape.QueryDim, 0.5f),
            Rows.Random(ref random, shape.KeyDim, 0.5f),
            new float[shape.ValueDim],
            new float[shape.DModel]);
    }
}
