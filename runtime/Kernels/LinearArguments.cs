namespace AttentionGen;

/// <summary>The arguments of one call of a product; see <see cref="ILinear{TSelf}.Forward(in LinearArguments)"/>.</summary>
public readonly ref struct LinearArguments
{
    /// <summary>[rows, Inputs]. The length gives the number of rows.</summary>
    public ReadOnlySpan<float> Input { get; init; }

    /// <summary>[rows, Outputs]. Must not overlap an input.</summary>
    public Span<float> Output { get; init; }

    /// <summary>[rows, Outputs]: what each output is multiplied by; declared by <see cref="LinearConfigAttribute.Gate"/>.</summary>
    public ReadOnlySpan<float> Gate { get; init; }

    /// <summary>[rows, Outputs]: what is added to each output; declared by <see cref="LinearConfigAttribute.Residual"/>.</summary>
    public ReadOnlySpan<float> Residual { get; init; }

    /// <summary>Threads and cancellation.</summary>
    public ForwardOptions Options { get; init; }
}
