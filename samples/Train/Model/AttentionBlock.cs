namespace AttentionGen.Samples.Train;

/// <summary>Attention alone: what it gives is added to the rows.</summary>
internal sealed class AttentionBlock<TKernel> : Block
    where TKernel : class, IAttentionKernel<TKernel>, ITrainable<AttentionWeights>
{
    private readonly AttentionTensorNames names;
    private readonly AttentionWeights weights;
    private readonly AttentionGradients gradients;
    private readonly TKernel kernel;
    private readonly SavedActivations activations;
    private readonly int batch;
    private readonly ForwardOptions options;

    private AttentionBlock(AttentionTensorNames names, AttentionWeights weights, AttentionGradients gradients, int batch, int length, ForwardOptions options)
        : base(TKernel.Shape, names, gradients, names)
    {
        this.names = names;
        this.weights = weights;
        this.gradients = gradients;
        this.batch = batch;
        this.options = options;
        kernel = TKernel.Create(weights);
        activations = kernel.CreateActivations(batch, length);
    }

    /// <summary>A block as it is before training, or from a file.</summary>
    public static Block Create(int layer, SafetensorsFile? file, long seed, int batch, int length, ForwardOptions options)
    {
        var names = AttentionTensorNames.Llama($"model.layers.{layer}.self_attn");
        AttentionWeights weights = file is null ? InitialWeights.Attention(TKernel.Shape, seed, layer) : AttentionWeights.From(file, names);
        return new AttentionBlock<TKernel>(names, weights, new AttentionGradients(weights), batch, length, options);
    }

    public override void Forward(ReadOnlySpan<float> rows, Span<float> output)
    {
        kernel.Forward(new AttentionArguments { Input = rows, Output = output, Activations = activations, Batch = batch, Options = options });
        Rows.Add(output, rows);
    }

    public override void Look(ReadOnlySpan<float> rows, Span<float> output, Span<float> probabilities)
    {
        kernel.Forward(new AttentionArguments { Input = rows, Output = output, Probabilities = probabilities, Batch = batch, Options = options });
        Rows.Add(output, rows);
    }

    public override void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> rows, Span<float> rowGradient)
    {
        kernel.Backward(
            new AttentionArguments { Input = rows, Activations = activations, Batch = batch, Options = options },
            new BackwardArguments { OutputGradient = outputGradient, InputGradient = rowGradient, Gradients = gradients });
        Rows.Add(rowGradient, outputGradient);
    }

    public override void Pack() => kernel.Pack(weights);

    public override void AddTo(SafetensorsBuilder builder) => weights.AddTo(builder, names, TKernel.Shape);
}
