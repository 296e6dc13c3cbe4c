using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>Bounds the gradients of a step (Pascanu et al. 2013), as PyTorch's <c>clip_grad_norm_</c> does.</summary>
public static class GradientClipping
{
    /// <summary>The root of the sum of the squares of all elements of all gradients.</summary>
    /// <param name="tensors">Tensors with their gradients.</param>
    public static double Norm(ReadOnlySpan<GradientTensor> tensors)
    {
        double sum = 0;
        foreach (GradientTensor tensor in tensors)
            sum += SquareSums.Of(tensor.Gradient.Span);
        return Math.Sqrt(sum);
    }

    /// <summary>
    /// Multiplies all gradients by <c>most / norm</c> where their common norm exceeds <paramref name="most"/>. If the norm is not finite, nothing is
    /// changed, and the caller can leave out the step.
    /// </summary>
    /// <param name="tensors">Tensors with their gradients.</param>
    /// <param name="most">The largest norm, more than 0.</param>
    /// <returns>The norm as it was.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="most"/> is not a finite number above 0.</exception>
    public static double Clip(ReadOnlySpan<GradientTensor> tensors, double most)
    {
        if (!(most > 0 && double.IsFinite(most)))
            throw new ArgumentOutOfRangeException(nameof(most), most, FormattableString.Invariant($"most is {most}; expected a finite number above 0."));
        double norm = Norm(tensors);
        if (!(norm > most) || !double.IsFinite(norm))
            return norm;
        foreach (GradientTensor tensor in tensors)
            RowProducts.Scale(tensor.Gradient.Span, (float)(most / norm));
        return norm;
    }
}
