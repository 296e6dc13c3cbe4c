namespace AttentionGen.Samples.Train;

/// <summary>The product that gives a logit for each token of the vocabulary, <c>x Wᵀ + b</c>.</summary>
internal abstract class VocabularyHead
{
    /// <summary>Its learned tensors and their gradients.</summary>
    public abstract IReadOnlyList<GradientTensor> Tensors { get; }

    /// <summary>The head of a task's vocabulary, as it is before training or from a file.</summary>
    public static VocabularyHead Create(int vocabulary, SafetensorsFile? file, long seed, ForwardOptions options) => vocabulary switch
    {
        TokenHead.Outputs => new VocabularyHead<TokenHead>(file, seed, options),
        ByteHead.Outputs => new VocabularyHead<ByteHead>(file, seed, options),
        _ => throw new NotSupportedException($"The vocabulary has {vocabulary} tokens; expected {TokenHead.Outputs} or {ByteHead.Outputs}."),
    };

    /// <summary>Computes the logits of rows.</summary>
    public abstract void Forward(ReadOnlySpan<float> rows, Span<float> logits);

    /// <summary>Takes the gradient of the logits back to the rows, and adds those of the learned tensors.</summary>
    public abstract void Backward(ReadOnlySpan<float> logitGradient, ReadOnlySpan<float> rows, Span<float> rowGradient);

    /// <summary>Takes the learned tensors as they are now.</summary>
    public abstract void Pack();

    /// <summary>Adds its weights to a file.</summary>
    public abstract void AddTo(SafetensorsBuilder builder);
}

/// <summary>A head of one class of product.</summary>
internal sealed class VocabularyHead<TProduct> : VocabularyHead
    where TProduct : class, ILinear<TProduct>, ITrainableLinear
{
    private const string WeightName = "lm_head.weight", BiasName = "lm_head.bias";

    private readonly LinearWeights weights;
    private readonly LinearGradients gradients;
    private readonly TProduct product;
    private readonly ForwardOptions options;

    public VocabularyHead(SafetensorsFile? file, long seed, ForwardOptions options)
    {
        (int outputs, int inputs) = (TProduct.Shape.Outputs, TProduct.Shape.Inputs);
        var random = new SplitMix(seed, -100);
        weights = file is null
            ? LinearWeights.FromSpans(Rows.Random(ref random, outputs * inputs, 1 / MathF.Sqrt(inputs)), new float[outputs])
            : LinearWeights.From(file, WeightName, BiasName);
        gradients = new LinearGradients(weights);
        product = TProduct.Create(weights);
        this.options = options;
        Tensors = [.. gradients.Tensors.ToArray().Select(tensor => tensor with { Name = tensor.Name == "Weight" ? WeightName : BiasName })];
    }

    public override IReadOnlyList<GradientTensor> Tensors { get; }

    public override void Forward(ReadOnlySpan<float> rows, Span<float> logits) =>
        product.Forward(new LinearArguments { Input = rows, Output = logits, Options = options });

    public override void Backward(ReadOnlySpan<float> logitGradient, ReadOnlySpan<float> rows, Span<float> rowGradient) => product.Backward(
        new LinearArguments { Input = rows, Options = options },
        new BackwardArguments { OutputGradient = logitGradient, InputGradient = rowGradient, Gradients = gradients });

    public override void Pack() => product.Pack(weights);

    public override void AddTo(SafetensorsBuilder builder)
    {
        builder.Add(WeightName, [TProduct.Shape.Outputs, TProduct.Shape.Inputs], weights.Weight.ToArray());
        builder.Add(BiasName, [TProduct.Shape.Outputs], weights.Bias.ToArray());
    }
}
