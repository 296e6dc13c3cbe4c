namespace AttentionGen.Samples.Train;

/// <summary>A whole layer: attention and a feed-forward network, each with its norm and its sum.</summary>
internal sealed class LayerBlock<TLayer> : Block
    where TLayer : class, ITransformerLayer<TLayer>, ITrainable<TransformerLayerWeights>
{
    private readonly TransformerTensorNames names;
    private readonly TransformerLayerWeights weights;
    private readonly TransformerLayerGradients gradients;
    private readonly TLayer layer;
    private readonly SavedActivations activations;
    private readonly int batch;
    private readonly ForwardOptions options;

    private LayerBlock(
        TransformerTensorNames names, TransformerLayerWeights weights, TransformerLayerGradients gradients, int batch, int length, ForwardOptions options)
        : base(TLayer.Shape.Attention, names.Attention, gradients, names)
    {
        this.names = names;
        this.weights = weights;
        this.gradients = gradients;
        this.batch = batch;
        this.options = options;
        layer = TLayer.Create(weights);
        activations = layer.CreateActivations(batch, length);
    }

    /// <summary>A layer as it is before training, or from a file.</summary>
    public static Block Create(int layer, SafetensorsFile? file, long seed, int batch, int length, ForwardOptions options)
    {
        var names = TransformerTensorNames.Llama($"model.layers.{layer}");
        TransformerLayerWeights weights = file is null ? InitialWeights.Layer(TLayer.Shape, seed, layer) : TransformerLayerWeights.From(file, names);
        return new LayerBlock<TLayer>(names, weights, new TransformerLayerGradients(weights), batch, length, options);
    }

    public override void Forward(ReadOnlySpan<float> rows, Span<float> output) =>
        layer.Forward(new AttentionArguments { Input = rows, Output = output, Activations = activations, Batch = batch, Options = options });

    public override void Look(ReadOnlySpan<float> rows, Span<float> output, Span<float> probabilities) =>
        layer.Forward(new AttentionArguments { Input = rows, Output = output, Probabilities = probabilities, Batch = batch, Options = options });

    public override void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> rows, Span<float> rowGradient) => layer.Backward(
        new AttentionArguments { Input = rows, Activations = activations, Batch = batch, Options = options },
        new BackwardArguments { OutputGradient = outputGradient, InputGradient = rowGradient, Gradients = gradients });

    public override void Pack() => layer.Pack(weights);

    public override void AddTo(SafetensorsBuilder builder) => weights.AddTo(builder, names, TLayer.Shape);
}
