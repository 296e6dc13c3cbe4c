namespace AttentionGen.Samples.Train;

/// <summary>Embeddings, layers, and the product that gives a logit for each token of the vocabulary.</summary>
internal sealed class CausalModel
{
    private const string EmbeddingName = "model.embed_tokens.weight";

    private readonly Block[] blocks;
    private readonly VocabularyHead head;
    private readonly int width;
    private readonly float[] embedding;
    private readonly float[] embeddingGradient;
    private readonly float[][] rows;
    private readonly float[] logits;
    private readonly float[][] gradients = new float[2][];

    /// <summary>A model of these parts.</summary>
    public CausalModel(Block[] blocks, VocabularyHead head, SafetensorsFile? file, long seed, int vocabulary, int width, int tokens)
    {
        this.blocks = blocks;
        this.head = head;
        this.width = width;
        var random = new SplitMix(seed, 0);
        embedding = file?.ReadFloat32(EmbeddingName) ?? Rows.Random(ref random, vocabulary * width, 0.3f);
        embeddingGradient = new float[embedding.Length];
        rows = [.. Enumerable.Range(0, blocks.Length + 1).Select(_ => new float[tokens * width])];
        gradients[0] = new float[tokens * width];
        gradients[1] = new float[tokens * width];
        logits = new float[tokens * vocabulary];
        Tensors =
        [
            new(EmbeddingName, embedding, embeddingGradient), .. blocks.SelectMany(block => block.Tensors), .. head.Tensors,
        ];
    }

    /// <summary>All that it learns.</summary>
    public GradientTensor[] Tensors { get; }

    /// <summary>Computes the mean loss of all labels and every gradient.</summary>
    public double Step(ReadOnlySpan<int> tokens, ReadOnlySpan<int> labels)
    {
        foreach (GradientTensor tensor in Tensors)
            tensor.Gradient.Span.Clear();
        Embed(tokens);
        for (int layer = 0; layer < blocks.Length; layer++)
            blocks[layer].Forward(rows[layer], rows[layer + 1]);
        head.Forward(rows[^1], logits);
        double loss = CrossEntropy.Compute(logits, labels, logits);

        float[] gradient = gradients[0], next = gradients[1];
        head.Backward(logits, rows[^1], gradient);
        for (int layer = blocks.Length - 1; layer >= 0; layer--)
        {
            blocks[layer].Backward(gradient, rows[layer], next);
            (gradient, next) = (next, gradient);
        }

        for (int token = 0; token < tokens.Length; token++)
            Rows.Add(embeddingGradient.AsSpan(tokens[token] * width, width), gradient.AsSpan(token * width, width));
        return loss;
    }

    /// <summary>Takes the tensors as an optimiser left them.</summary>
    public void Pack()
    {
        foreach (Block block in blocks)
            block.Pack();
        head.Pack();
    }

    /// <summary>Computes the loss of each row, and what the heads of each layer attend to.</summary>
    public void Look(ReadOnlySpan<int> tokens, ReadOnlySpan<int> labels, Span<float> losses, IReadOnlyList<float[]> probabilities)
    {
        Embed(tokens);
        for (int layer = 0; layer < blocks.Length; layer++)
            blocks[layer].Look(rows[layer], rows[layer + 1], probabilities[layer]);
        head.Forward(rows[^1], logits);
        CrossEntropy.Compute(logits, labels, default, losses);
    }

    /// <summary>Computes the loss of each row without one head.</summary>
    public void LookWithout(int layer, int head, ReadOnlySpan<int> tokens, ReadOnlySpan<int> labels, Span<float> losses, IReadOnlyList<float[]> probabilities)
    {
        blocks[layer].Remove(head);
        try
        {
            Look(tokens, labels, losses, probabilities);
        }
        finally
        {
            blocks[layer].Restore();
        }
    }

    /// <summary>Adds its weights to a file.</summary>
    public void AddTo(SafetensorsBuilder builder)
    {
        builder.Add(EmbeddingName, [embedding.Length / width, width], embedding);
        foreach (Block block in blocks)
            block.AddTo(builder);
        head.AddTo(builder);
    }

    private void Embed(ReadOnlySpan<int> tokens)
    {
        for (int token = 0; token < tokens.Length; token++)
            embedding.AsSpan(tokens[token] * width, width).CopyTo(rows[0].AsSpan(token * width));
    }
}
