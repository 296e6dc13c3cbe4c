namespace AttentionGen;

/// <summary>A learned tensor and its gradient, for optimisers.</summary>
/// <param name="Name">
/// The name of the property that holds it, such as <c>Query</c>; the parts of a layer stand before it, such as <c>Attention.Query</c>.
/// </param>
/// <param name="Values">The tensor. A kernel takes changed values with <c>Pack</c>.</param>
/// <param name="Gradient">The gradient of the loss, element by element.</param>
public readonly record struct GradientTensor(string Name, Memory<float> Values, Memory<float> Gradient);
