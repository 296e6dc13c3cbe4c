namespace AttentionGen;

/// <summary>What every class with <see cref="AttentionConfigAttribute.Gradients"/> has beside its kernel's members, for generic code.</summary>
/// <typeparam name="TWeights">The weights of the class.</typeparam>
/// <remarks>
/// A step: <c>Forward</c> with <see cref="AttentionArguments.Activations"/>, the loss, <see cref="Backward"/>, an optimiser, <see cref="Pack"/>.
/// </remarks>
public interface ITrainable<TWeights>
{
    /// <summary>Makes room for what a forward keeps. It is reused from step to step.</summary>
    /// <param name="batch">The largest number of sequences.</param>
    /// <param name="rows">Query rows of each sequence; in a ragged batch, of all sequences together at most <paramref name="batch"/> times as many.</param>
    /// <param name="keys">
    /// The same of keys, where these do not come from the rows: memory rows of cross-attention, or the keys of a kernel without projections. Otherwise 0.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    /// <exception cref="OutOfMemoryException">So much memory cannot be had.</exception>
    SavedActivations CreateActivations(int batch, int rows, int keys = 0);

    /// <summary>Computes the gradients of a loss from its gradient at the output.</summary>
    /// <param name="arguments">
    /// The arguments of the forward, with the same numbers in them, and the <see cref="AttentionArguments.Activations"/> that it filled. No output is needed.
    /// </param>
    /// <param name="backward">The gradient at the output, and where gradients go.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, of the wrong length, overlaps a gradient, or does not fit what was kept. Nothing is written then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. All gradients are undefined.</exception>
    void Backward(in AttentionArguments arguments, in BackwardArguments backward);

    /// <summary>Packs changed weights in place of those before, without allocating. No call of this object may run meanwhile.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or one is missing or superfluous. The weights before stay then.</exception>
    void Pack(TWeights weights);
}
