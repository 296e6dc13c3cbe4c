using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Normalises rows, as layers do: the norm of embeddings, or the one that follows the last layer of a pre-norm model. Immutable; threads may share it.
/// </summary>
/// <remarks>The bits of a row depend on that row alone, and are the same at every vector width.</remarks>
public sealed class RowNormalization
{
    private readonly RowNorm rows;

    /// <summary>Copies the weights.</summary>
    /// <param name="norm">Which normalisation.</param>
    /// <param name="weights">[width of a row].</param>
    /// <param name="biases">[width of a row] for a layer norm, or empty for none.</param>
    /// <param name="epsilon">What is added to the variance, or to the mean square; finite, 0 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="norm"/> or <paramref name="epsilon"/> is out of range.</exception>
    /// <exception cref="ArgumentException">A length is wrong, or an RMS norm has biases.</exception>
    public RowNormalization(Norm norm, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, float epsilon)
    {
        if (norm is not (Norm.Layer or Norm.Rms))
            throw new ArgumentOutOfRangeException(nameof(norm), norm, $"norm is {norm}; expected Layer or Rms.");
        if (!float.IsFinite(epsilon) || epsilon < 0)
            throw new ArgumentOutOfRangeException(nameof(epsilon), epsilon, $"epsilon is {epsilon}; expected a finite number, 0 or more.");
        if (weights.IsEmpty)
            throw new ArgumentException("weights is empty; expected one for each element of a row.", nameof(weights));
        if (norm == Norm.Rms && !biases.IsEmpty)
            throw new ArgumentException($"biases.Length is {biases.Length}; expected 0, because an RMS norm has none.", nameof(biases));
        if (!biases.IsEmpty && biases.Length != weights.Length)
            throw new ArgumentException($"biases.Length is {biases.Length}; expected {weights.Length}, the weights, or 0 for none.", nameof(biases));
        rows = new RowNorm(norm, weights, biases, epsilon);
        Width = weights.Length;
    }

    /// <summary>The width of a row.</summary>
    public int Width { get; }

    /// <summary>Normalises rows.</summary>
    /// <param name="input">[rows, <see cref="Width"/>]. The length gives the number of rows.</param>
    /// <param name="output">[rows, <see cref="Width"/>]: the place of <paramref name="input"/>, or one that does not overlap it.</param>
    /// <exception cref="ArgumentException">A length is wrong, or the output overlaps the input and begins elsewhere. Nothing is written then.</exception>
    public void Apply(ReadOnlySpan<float> input, Span<float> output)
    {
        if (input.Length % Width != 0)
            throw new ArgumentException($"input.Length is {input.Length}; expected a multiple of {Width}, the width of a row.", nameof(input));
        if (output.Length != input.Length)
            throw new ArgumentException($"output.Length is {output.Length}; expected {input.Length}, the length of input.", nameof(output));
        ref float source = ref MemoryMarshal.GetReference(input);
        ref float target = ref MemoryMarshal.GetReference(output);
        if (!Unsafe.AreSame(ref source, ref target) && output.Overlaps(input))
            throw new ArgumentException("output overlaps input and begins elsewhere; expected the place of input, or memory of its own.", nameof(output));
        rows.Apply(ref source, Width, ref target, Width, input.Length / Width);
    }
}
