namespace AttentionGen;

/// <summary>
/// The gradients that a backward in double precision gives, each in the layout of what it is the gradient of. What a shape does not have is empty.
/// </summary>
public sealed class ReferenceGradients
{
    /// <summary>Of <see cref="AttentionArguments.Input"/> or <see cref="LinearArguments.Input"/>; without projections of the queries.</summary>
    public double[] Input { get; init; } = [];

    /// <summary>Of <see cref="AttentionArguments.Memory"/>.</summary>
    public double[] Memory { get; init; } = [];

    /// <summary>Of <see cref="AttentionArguments.ValueInput"/>.</summary>
    public double[] ValueInput { get; init; } = [];

    /// <summary>Of <see cref="AttentionArguments.Key"/>.</summary>
    public double[] Key { get; init; } = [];

    /// <summary>Of <see cref="AttentionArguments.Value"/>.</summary>
    public double[] Value { get; init; } = [];

    /// <summary>Of <see cref="LinearArguments.Gate"/>.</summary>
    public double[] Gate { get; init; } = [];

    /// <summary>Of <see cref="LinearArguments.Residual"/>.</summary>
    public double[] Residual { get; init; } = [];

    /// <summary>
    /// Of the learned tensors, by the names of the properties of <see cref="AttentionWeights"/>, <see cref="TransformerLayerWeights"/> and
    /// <see cref="LinearWeights"/>. Those of a layer's attentions are <c>Attention.Query</c> and <c>CrossAttention.Query</c>, for example.
    /// </summary>
    public IReadOnlyDictionary<string, double[]> Weights { get; init; } = new Dictionary<string, double[]>();

    /// <summary>Zeros for every tensor of these weights.</summary>
    internal static IReadOnlyDictionary<string, double[]> For(AttentionWeights weights) => Zeros(
        (nameof(weights.Query), weights.Query.Length),
        (nameof(weights.QueryBias), weights.QueryBias.Length),
        (nameof(weights.Key), weights.Key.Length),
        (nameof(weights.KeyBias), weights.KeyBias.Length),
        (nameof(weights.Value), weights.Value.Length),
        (nameof(weights.ValueBias), weights.ValueBias.Length),
        (nameof(weights.Output), weights.Output.Length),
        (nameof(weights.OutputBias), weights.OutputBias.Length),
        (nameof(weights.QueryNorm), weights.QueryNorm.Length),
        (nameof(weights.QueryNormBias), weights.QueryNormBias.Length),
        (nameof(weights.KeyNorm), weights.KeyNorm.Length),
        (nameof(weights.KeyNormBias), weights.KeyNormBias.Length),
        (nameof(weights.Sinks), weights.Sinks.Length),
        (nameof(weights.RelativePositionBias), weights.RelativePositionBias.Length),
        (nameof(weights.BiasKey), weights.BiasKey.Length),
        (nameof(weights.BiasValue), weights.BiasValue.Length));

    /// <summary>Zeros for every tensor of these weights but those of the attentions.</summary>
    internal static Dictionary<string, double[]> For(TransformerLayerWeights weights) => Zeros(
        (nameof(weights.Up), weights.Up.Length),
        (nameof(weights.UpBias), weights.UpBias.Length),
        (nameof(weights.Gate), weights.Gate.Length),
        (nameof(weights.GateBias), weights.GateBias.Length),
        (nameof(weights.Down), weights.Down.Length),
        (nameof(weights.DownBias), weights.DownBias.Length),
        (nameof(weights.AttentionNorm), weights.AttentionNorm.Length),
        (nameof(weights.AttentionNormBias), weights.AttentionNormBias.Length),
        (nameof(weights.AttentionOutputNorm), weights.AttentionOutputNorm.Length),
        (nameof(weights.AttentionOutputNormBias), weights.AttentionOutputNormBias.Length),
        (nameof(weights.CrossAttentionNorm), weights.CrossAttentionNorm.Length),
        (nameof(weights.CrossAttentionNormBias), weights.CrossAttentionNormBias.Length),
        (nameof(weights.CrossAttentionOutputNorm), weights.CrossAttentionOutputNorm.Length),
        (nameof(weights.CrossAttentionOutputNormBias), weights.CrossAttentionOutputNormBias.Length),
        (nameof(weights.FeedForwardNorm), weights.FeedForwardNorm.Length),
        (nameof(weights.FeedForwardNormBias), weights.FeedForwardNormBias.Length),
        (nameof(weights.FeedForwardOutputNorm), weights.FeedForwardOutputNorm.Length),
        (nameof(weights.FeedForwardOutputNormBias), weights.FeedForwardOutputNormBias.Length));

    /// <summary>Zeros for a matrix and its bias.</summary>
    internal static IReadOnlyDictionary<string, double[]> For(ReadOnlySpan<float> weight, ReadOnlySpan<float> bias) =>
        Zeros((nameof(LinearWeights.Weight), weight.Length), (nameof(LinearWeights.Bias), bias.Length));

    private static Dictionary<string, double[]> Zeros(params ReadOnlySpan<(string Name, int Length)> tensors)
    {
        var gradients = new Dictionary<string, double[]>();
        foreach ((string name, int length) in tensors)
        {
            if (length > 0)
                gradients.Add(name, new double[length]);
        }

        return gradients;
    }
}

/// <summary>Gradients by name.</summary>
internal static class ReferenceGradientsExtensions
{
    /// <summary>The gradient of a tensor, to add to; empty for a tensor that is not there.</summary>
    public static double[] Of(this IReadOnlyDictionary<string, double[]> gradients, string name) => gradients.GetValueOrDefault(name, []);
}
