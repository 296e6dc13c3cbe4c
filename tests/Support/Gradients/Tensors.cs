using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Support;

/// <summary>The tensors of a call that have gradients, by the names that <see cref="ReferenceGradients"/> gives them, to be changed in place.</summary>
internal static class Tensors
{
    /// <summary>The learned tensors of an attention block; those that it lacks are left out.</summary>
    public static IEnumerable<(string Name, Memory<float> Values)> Of(AttentionWeights weights) => Present(
        (nameof(weights.Query), weights.QueryProjection.Weight.Memory),
        (nameof(weights.QueryBias), weights.QueryProjection.Bias.Memory),
        (nameof(weights.Key), weights.KeyProjection.Weight.Memory),
        (nameof(weights.KeyBias), weights.KeyProjection.Bias.Memory),
        (nameof(weights.Value), weights.ValueProjection.Weight.Memory),
        (nameof(weights.ValueBias), weights.ValueProjection.Bias.Memory),
        (nameof(weights.Output), weights.OutputProjection.Weight.Memory),
        (nameof(weights.OutputBias), weights.OutputProjection.Bias.Memory),
        (nameof(weights.QueryNorm), weights.Learned.QueryNorm.Memory),
        (nameof(weights.QueryNormBias), weights.Learned.QueryNormBias.Memory),
        (nameof(weights.KeyNorm), weights.Learned.KeyNorm.Memory),
        (nameof(weights.KeyNormBias), weights.Learned.KeyNormBias.Memory),
        (nameof(weights.OutputGate), weights.Learned.Gate.Weight.Memory),
        (nameof(weights.OutputGateBias), weights.Learned.Gate.Bias.Memory),
        (nameof(weights.Sinks), weights.Learned.Sinks.Memory),
        (nameof(weights.RelativePositionBias), weights.Learned.RelativePositionBias.Memory),
        (nameof(weights.BiasKey), weights.Learned.BiasKey.Memory),
        (nameof(weights.BiasValue), weights.Learned.BiasValue.Memory));

    /// <summary>The learned tensors of a layer.</summary>
    public static IEnumerable<(string Name, Memory<float> Values)> Of(TransformerLayerWeights weights) =>
    [
        .. Of(weights.Attention).Select(tensor => ($"{nameof(weights.Attention)}.{tensor.Name}", tensor.Values)),
        .. (weights.CrossAttention is { } cross ? Of(cross) : []).Select(tensor => ($"{nameof(weights.CrossAttention)}.{tensor.Name}", tensor.Values)),
        .. Present([.. typeof(TransformerLayerWeights).GetProperties()
            .Where(property => property.PropertyType == typeof(ReadOnlyMemory<float>))
            .Select(property => (property.Name, (ReadOnlyMemory<float>)property.GetValue(weights)!))]),
    ];

    /// <summary>The learned tensors of a product.</summary>
    public static IEnumerable<(string Name, Memory<float> Values)> Of(LinearWeights weights) => Present(
        (nameof(weights.Weight), weights.Projection.Weight.Memory), (nameof(weights.Bias), weights.Projection.Bias.Memory));

    private static IEnumerable<(string, Memory<float>)> Present(params (string Name, ReadOnlyMemory<float> Values)[] tensors) =>
        tensors.Where(tensor => tensor.Values.Length > 0).Select(tensor => (tensor.Name, MemoryMarshal.AsMemory(tensor.Values)));
}
