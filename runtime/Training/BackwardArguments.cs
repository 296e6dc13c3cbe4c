namespace AttentionGen;

/// <summary>The arguments of <see cref="ITrainable{TWeights}.Backward"/> beside those of the forward.</summary>
public readonly ref struct BackwardArguments
{
    /// <summary>The gradient of the loss at the output, laid out as the output.</summary>
    public ReadOnlySpan<float> OutputGradient { get; init; }

    /// <summary>Where the gradient of the input goes, or of the queries where there are no projections. Laid out as these.</summary>
    public Span<float> InputGradient { get; init; }

    /// <summary>Where the gradient of the keys goes, without projections.</summary>
    public Span<float> KeyGradient { get; init; }

    /// <summary>Where the gradient of the values goes, without projections.</summary>
    public Span<float> ValueGradient { get; init; }

    /// <summary>Where the gradient of the memory goes, for cross-attention and for layers of a decoder.</summary>
    public Span<float> MemoryGradient { get; init; }

    /// <summary>Where the gradient of the input of values goes, for cross-attention with <see cref="AttentionConfigAttribute.ValueInputDim"/>.</summary>
    public Span<float> ValueInputGradient { get; init; }

    /// <summary>Where the gradient of the gate goes, for one product with <see cref="LinearConfigAttribute.Gate"/>.</summary>
    public Span<float> GateGradient { get; init; }

    /// <summary>What the gradients of the weights are added to; null for a kernel that learns nothing.</summary>
    public WeightGradients? Gradients { get; init; }
}
