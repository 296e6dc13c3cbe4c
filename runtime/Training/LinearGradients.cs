namespace AttentionGen;

/// <summary>Gradients of the weights of one product, with the names and the layout of <see cref="LinearWeights"/>.</summary>
public sealed class LinearGradients : WeightGradients
{
    /// <summary>Makes gradients of zero for some weights.</summary>
    /// <param name="weights">
    /// The weights that are trained. <see cref="WeightGradients.Tensors"/> gives access to their numbers, which an optimiser changes.
    /// </param>
    public LinearGradients(LinearWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Weight = Add(nameof(Weight), weights.Projection.Weight.Writable);
        Bias = Add(nameof(Bias), weights.Projection.Bias.Writable);
    }

    /// <summary>[Outputs, Inputs].</summary>
    public Memory<float> Weight { get; }

    /// <summary>[Outputs]; empty if there is none.</summary>
    public Memory<float> Bias { get; }
}
