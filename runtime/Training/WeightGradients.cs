namespace AttentionGen;

/// <summary>Gradients of all learned tensors of a class, laid out as its weights. <c>Backward</c> adds to them, and the caller clears them.</summary>
public abstract class WeightGradients
{
    private readonly List<GradientTensor> tensors = [];

    private protected WeightGradients()
    {
    }

    /// <summary>The tensors that are there, each with its gradient, in one order.</summary>
    public ReadOnlySpan<GradientTensor> Tensors => System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tensors);

    /// <summary>Sets all gradients to zero, as before the first <c>Backward</c> of a step.</summary>
    public void Clear()
    {
        foreach (GradientTensor tensor in Tensors)
            tensor.Gradient.Span.Clear();
    }

    /// <summary>Makes the gradient of a tensor; empty where the tensor is.</summary>
    private protected Memory<float> Add(string name, Memory<float> values)
    {
        if (values.IsEmpty)
            return default;
        Memory<float> gradient = new float[values.Length];
        tensors.Add(new(name, values, gradient));
        return gradient;
    }

    /// <summary>Adds the tensors of a part, such as the attention of a layer.</summary>
    private protected void Add(string part, WeightGradients gradients)
    {
        foreach (GradientTensor tensor in gradients.Tensors)
            tensors.Add(tensor with { Name = $"{part}.{tensor.Name}" });
    }
}
