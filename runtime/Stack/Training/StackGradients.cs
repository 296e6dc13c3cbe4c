namespace AttentionGen;

/// <summary>Gradients of the weights of all layers of a stack.</summary>
public sealed class StackGradients : WeightGradients
{
    private readonly TransformerLayerGradients[] layers;

    /// <summary>Makes gradients of zero for some weights.</summary>
    /// <param name="weights">The weights of the layers, first to last.</param>
    /// <exception cref="ArgumentException">There is no layer, or one is null.</exception>
    public StackGradients(IReadOnlyList<TransformerLayerWeights> weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        layers = [.. StackChecks.Copy(weights).Select(own => new TransformerLayerGradients(own))];
        for (int layer = 0; layer < layers.Length; layer++)
            Add($"layers.{layer}", layers[layer]);
    }

    /// <summary>The gradients of each layer, first to last.</summary>
    public IReadOnlyList<TransformerLayerGradients> Layers => layers;
}
