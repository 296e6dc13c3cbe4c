namespace AttentionGen.Samples.Train;

/// <summary>One layer of a model, with what training it takes.</summary>
internal abstract class Block
{
    private readonly AttentionShape shape;
    private readonly Memory<float> output;
    private float[] outputBefore = [];

    /// <summary>What every kind of layer has.</summary>
    /// <param name="shape">The shape of its attention.</param>
    /// <param name="attention">The names of the attention's tensors.</param>
    /// <param name="gradients">Its learned tensors, under the names of properties.</param>
    /// <param name="names">The names that these properties have in a file.</param>
    protected Block(AttentionShape shape, AttentionTensorNames attention, WeightGradients gradients, object names)
    {
        this.shape = shape;
        Tensors = [.. gradients.Tensors.ToArray().Select(tensor => tensor with { Name = NameOf(names, tensor.Name) })];
        output = Tensors.Single(tensor => tensor.Name == attention.Output).Values;
    }

    /// <summary>Its learned tensors and their gradients, under the names that the file has.</summary>
    public IReadOnlyList<GradientTensor> Tensors { get; }

    /// <summary>Computes the output of the rows, and keeps what the backward needs.</summary>
    public abstract void Forward(ReadOnlySpan<float> rows, Span<float> output);

    /// <summary>Computes the output of the rows, and what the heads attend to.</summary>
    /// <param name="rows">[sequences, length, width].</param>
    /// <param name="output">As many.</param>
    /// <param name="probabilities">[sequences, heads, length, length].</param>
    public abstract void Look(ReadOnlySpan<float> rows, Span<float> output, Span<float> probabilities);

    /// <summary>Takes the gradient of the output of the last forward back to the rows, and adds those of the learned tensors.</summary>
    public abstract void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> rows, Span<float> rowGradient);

    /// <summary>Takes the learned tensors as they are now.</summary>
    public abstract void Pack();

    /// <summary>Adds its weights to a file.</summary>
    public abstract void AddTo(SafetensorsBuilder builder);

    /// <summary>Leaves out one head, until <see cref="Restore"/>: the output projection reads zeros of it.</summary>
    public void Remove(int head)
    {
        outputBefore = output.ToArray();
        for (int row = 0; row < shape.DModel; row++)
            output.Span.Slice((row * shape.JoinedDim) + (head * shape.ValueHeadDim), shape.ValueHeadDim).Clear();
        Pack();
    }

    /// <summary>Brings the head back.</summary>
    public void Restore()
    {
        outputBefore.CopyTo(output);
        Pack();
    }

    /// <summary>Such as Attention.Query: the property of a property.</summary>
    private static string NameOf(object names, string path)
    {
        foreach (string property in path.Split('.'))
            names = names.GetType().GetProperty(property)!.GetValue(names)!;
        return (string)names;
    }
}
