namespace AttentionGen;

/// <summary>What every class with <see cref="LinearConfigAttribute.Gradients"/> has beside its product, for generic code.</summary>
public interface ITrainableLinear
{
    /// <summary>Computes the gradients of a loss from its gradient at the output. Nothing of the forward needs to be kept.</summary>
    /// <param name="arguments">Input, gate where it is declared, and options. Output and residual are not read.</param>
    /// <param name="backward">
    /// The gradient at the output, and where gradients go. That of the residual is the gradient at the output itself.
    /// </param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared, of the wrong length, or overlaps a gradient. Nothing is written then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. All gradients are undefined.</exception>
    void Backward(in LinearArguments arguments, in BackwardArguments backward);

    /// <summary>Packs changed weights in place of those before, without allocating. No call of this object may run meanwhile.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or the bias is missing or superfluous. The weights before stay then.</exception>
    void Pack(LinearWeights weights);
}
