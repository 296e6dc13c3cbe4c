namespace AttentionGen.Samples.Train;

/// <summary>One layer of a model, with what training it takes.</summary>
internal interface IBlock
{
    /// <summary>Heads of its attention.</summary>
    int Heads { get; }

    /// <summary>Its learned tensors and their gradients, under the names that the file has.</summary>
    IReadOnlyList<GradientTensor> Tensors { get; }

    /// <summary>Computes the output of the rows, and keeps what the backward needs.</summary>
    void Forward(ReadOnlySpan<float> rows, Span<float> output);

    /// <summary>Computes the output of the rows, and what the heads attend to.</summary>
    /// <param name="rows">[sequences, length, width].</param>
    /// <param name="output">As many.</param>
    /// <param name="probabilities">[sequences, heads, length, length].</param>
    void Look(ReadOnlySpan<float> rows, Span<float> output, Span<float> probabilities);

    /// <summary>Takes the gradient of the output of the last forward back to the rows, and adds those of the learned tensors.</summary>
    void Backward(ReadOnlySpan<float> outputGradient, ReadOnlySpan<float> rows, Span<float> rowGradient);

    /// <summary>Takes the learned tensors as they are now.</summary>
    void Pack();

    /// <summary>Leaves out one head, until <see cref="Restore"/>: the output projection reads zeros of it.</summary>
    void Remove(int head);

    /// <summary>Brings the head back.</summary>
    void Restore();

    /// <summary>Adds its weights to a file.</summary>
    void AddTo(SafetensorsBuilder builder);
}
