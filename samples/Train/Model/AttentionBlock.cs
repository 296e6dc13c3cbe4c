namespace AttentionGen.Samples.Train;

/// <summary>Attention alone: what it gives is added to the rows.</summary>
internal sealed class AttentionBlock<TKernel> : IBlock
    where TKernel : class, IAttentionKernel<TKernel>, ITrainable<AttentionWeights>
{
    private readonly AttentionTensorNames names;
    private readonly AttentionWeights weights;
    private readonly AttentionGradients gradients;
    private readonly TKernel kernel;
    private readonly SavedActivations activations;
    private readonly int batch;
    private readonly ForwardOptions options;
    private float[] outputBefore = [];

    private AttentionBlock(AttentionTensorNames names, AttentionWeights weights, int batch, int length, ForwardOptions options)
    {
        this.names = names;
        this.weights = weights;
        this.batch = batch;
        this.options = options;
        gradients = new AttentionGradients(weights);
        kernel = TKernel.Create(weights);
        activations = kernel.CreateActivations(batch, length);
        Tensors = [.. gradients.Tensors.ToArray().Select(tensor => tensor with { Name = NameOf(names, tensor.Name) })];
    }

    public int Heads => TKernel.Shape.Heads;

    /// <summary>The output projection, to be changed in place.</summary>
    private Memory<float> Output => Tensors.Single(tensor => tensor.Name == names.Output).Values;

    public IReadOnlyList<GradientTensor> Tensors { get; }

    /// <summary>A block as it is before training, or from a file.</summary>
    public static IBlock Create(int layer, SafetensorsFile? file, long seed, int batch, int length, ForwardOptions options)
    {
        var names = AttentionTensorNames.Llama($"model.layers.{layer}.self_attn");
        return new AttentionBlock<TKernel>(names, file is null ? Random(seed, layer) : AttentionWeights.From(file, names), batch, length, options);
    }

    public void Forward(ReadOnlySpan<float> rows, Span<float> output)
    {
        kernel.Forward(new AttentionArguments { Input = rows, Output = output, Activations = activations, Batch = batch, Options = options });
        Rows.Add(output, rows);
    }

    public void Look(ReadOnlySpan<float> rows, Span<float> output, Span<float> probabilities)
    {
        kernel.Forward(new AttentionArguments { Input = rows, Output = output, Probabilities = probabilities, Batch = batch, Options = options });
        Rows.Add(output, rows);
    }

    public void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> rows, Span<float> rowGradient)
    {
        kernel.Backward(
            new AttentionArguments { Input = rows, Activations = activations, Batch = batch, Options = options },
            new BackwardArguments { OutputGradient = outputGradient, InputGradient = rowGradient, Gradients = gradients });
        Rows.Add(rowGradient, outputGradient);
    }

    public void Pack() => kernel.Pack(weights);

    public void Remove(int head)
    {
        AttentionShape shape = TKernel.Shape;
        outputBefore = weights.Output.ToArray();
        Span<float> output = Output.Span;
        for (int row = 0; row < shape.DModel; row++)
            output.Slice((row * shape.JoinedDim) + (head * shape.ValueHeadDim), shape.ValueHeadDim).Clear();
        Pack();
    }

    public void Restore()
    {
        outputBefore.CopyTo(Output.Span);
        Pack();
    }

    public void AddTo(SafetensorsBuilder builder) => weights.AddTo(builder, names, TKernel.Shape);

    /// <summary>Uniform in ±1/√inputs. The biases of queries and keys are larger: they tell distances, from which a head finds the token before.</summary>
    private static AttentionWeights Random(long seed, int layer)
    {
        AttentionShape shape = TKernel.Shape;
        var random = new SplitMix(seed, -1 - layer);
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

    private static string NameOf(AttentionTensorNames names, string property) =>
        (string)typeof(AttentionTensorNames).GetProperty(property)!.GetValue(names)!;
}
