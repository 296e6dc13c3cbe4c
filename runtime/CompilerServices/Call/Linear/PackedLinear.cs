using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The content of an object that computes one product: weights, packed for the vector target that runs. Changed by <see cref="Repack"/> only.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class PackedLinear
{
    private PackedLinear(LinearShape shape, PackedMatrix matrix)
    {
        Shape = shape;
        Matrix = matrix;
    }

    /// <summary>What is computed.</summary>
    public LinearShape Shape { get; }

    internal PackedMatrix Matrix { get; }

    /// <summary>The weights as the gradients' products read them, row-major; null for a class without gradients.</summary>
    internal LinearWeights Trained { get; private set; } = null!;

    /// <summary>Checks weights and packs them.</summary>
    /// <typeparam name="TConstants">The class's numbers.</typeparam>
    /// <param name="shape">What is computed.</param>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or the bias is missing or superfluous.</exception>
    public static PackedLinear Pack<TConstants>(LinearShape shape, LinearWeights weights)
        where TConstants : struct, ILinearConstants
    {
        LinearChecks.ValidateWeights(shape, weights);
        PackedMatrix matrix = PackedMatrix.Pack(
            weights.Projection.Weight, weights.Bias, shape.Outputs, shape.Inputs, TConstants.Panels, TConstants.InterleavedPanels, shape.Weights,
            shape.Arithmetic);
        return new(shape, matrix) { Trained = shape.Gradients ? weights : null! };
    }

    /// <summary>Packs changed weights in place of those before, without allocating.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or the bias is missing or superfluous.</exception>
    public void Repack(LinearWeights weights)
    {
        LinearChecks.ValidateWeights(Shape, weights);
        Matrix.Repack(weights.Weight, weights.Bias);
        Trained = weights;
    }
}
