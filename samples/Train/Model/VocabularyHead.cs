namespace AttentionGen.Samples.Train;

/// <summary>The product that gives a logit for each token of the vocabulary, <c>x Wᵀ + b</c>.</summary>
internal sealed class VocabularyHead
{
    private const string WeightName = "lm_head.weight", BiasName = "lm_head.bias";

    private readonly int vocabulary;
    private readonly int width;
    private readonly float[] weight;
    private readonly float[] bias;
    private readonly float[] weightGradient;
    private readonly float[] biasGradient;

    /// <summary>W with its axes exchanged, as a product along rows reads it.</summary>
    private readonly float[] transposed;

    public VocabularyHead(SafetensorsFile? file, long seed, int vocabulary, int width)
    {
        this.vocabulary = vocabulary;
        this.width = width;
        var random = new SplitMix(seed, -100);
        weight = file?.ReadFloat32(WeightName) ?? Rows.Random(ref random, vocabulary * width, 1 / MathF.Sqrt(width));
        bias = file?.ReadFloat32(BiasName) ?? new float[vocabulary];
        weightGradient = new float[weight.Length];
        biasGradient = new float[bias.Length];
        transposed = new float[weight.Length];
        Tensors = [new(WeightName, weight, weightGradient), new(BiasName, bias, biasGradient)];
        Pack();
    }

    /// <summary>Its learned tensors and their gradients.</summary>
    public IReadOnlyList<GradientTensor> Tensors { get; }

    /// <summary>Computes the logits of rows.</summary>
    public void Forward(ReadOnlySpan<float> rows, Span<float> logits)
    {
        int count = rows.Length / width;
        for (int row = 0; row < count; row++)
            bias.CopyTo(logits[(row * vocabulary)..]);
        Products.Add(rows, width, 1, transposed, logits, count, vocabulary, width);
    }

    /// <summary>Takes the gradient of the logits back to the rows, and adds those of the learned tensors.</summary>
    public void Backward(ReadOnlySpan<float> logitGradient, ReadOnlySpan<float> rows, Span<float> rowGradient)
    {
        int count = rows.Length / width;
        rowGradient.Clear();
        Products.Add(logitGradient, vocabulary, 1, weight, rowGradient, count, width, vocabulary);
        Products.Add(logitGradient, 1, vocabulary, rows, weightGradient, vocabulary, width, count);
        for (int row = 0; row < count; row++)
            Rows.Add(biasGradient, logitGradient.Slice(row * vocabulary, vocabulary));
    }

    /// <summary>Takes the learned tensors as they are now.</summary>
    public void Pack()
    {
        for (int token = 0; token < vocabulary; token++)
        {
            for (int element = 0; element < width; element++)
                transposed[(element * vocabulary) + token] = weight[(token * width) + element];
        }
    }

    /// <summary>Adds its weights to a file.</summary>
    public void AddTo(SafetensorsBuilder builder)
    {
        builder.Add(WeightName, [vocabulary, width], weight);
        builder.Add(BiasName, [vocabulary], bias);
    }
}
