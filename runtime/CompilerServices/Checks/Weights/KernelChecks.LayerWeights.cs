namespace AttentionGen.CompilerServices;

public static partial class KernelChecks
{
    /// <summary>Checks that weights are of exactly the layer's shape.</summary>
    /// <param name="shape">What the layer computes.</param>
    /// <param name="weights">What the caller gave.</param>
    /// <exception cref="ArgumentException">A tensor has another length, or one is missing or superfluous.</exception>
    internal static void ValidateWeights(TransformerLayerShape shape, TransformerLayerWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(weights.Attention, "weights.Attention");
        ValidateWeights(shape.Attention, weights.Attention);
        if (shape.CrossAttention is { } cross)
        {
            ArgumentNullException.ThrowIfNull(weights.CrossAttention, "weights.CrossAttention");
            ValidateWeights(cross, weights.CrossAttention);
        }
        else if (weights.CrossAttention is not null)
        {
            throw new ArgumentException(
                "weights.CrossAttention is given; this layer expects null, because its configuration has no MemoryDim.", nameof(weights));
        }

        CheckMatrix("Up", weights.UpMatrix, shape.FeedForwardDim, "FeedForwardDim", shape.DModel, "DModel");
        CheckBias("UpBias", weights.UpBias, shape.UpBias, shape.FeedForwardDim, "FeedForwardDim");
        if (shape.Gated)
            CheckMatrix("Gate", weights.GateMatrix, shape.FeedForwardDim, "FeedForwardDim", shape.DModel, "DModel");
        else
            CheckNone("Gate", weights.GateMatrix.Length, "Gated = false");
        if (shape.Gated)
            CheckBias("GateBias", weights.GateBias, shape.GateBias, shape.FeedForwardDim, "FeedForwardDim");
        else
            CheckNone("GateBias", weights.GateBias, "Gated = false");
        CheckMatrix("Down", weights.DownMatrix, shape.DModel, "DModel", shape.FeedForwardDim, "FeedForwardDim");
        CheckBias("DownBias", weights.DownBias, shape.DownBias, shape.DModel, "DModel");

        // Literals: packing changed weights in place allocates nothing.
        string placement = shape.NormPlacement == NormPlacement.Pre ? "NormPlacement = NormPlacement.Pre" : "NormPlacement = NormPlacement.Post";
        bool hasOutputNorms = shape.NormPlacement == NormPlacement.Both;
        CheckNorm(shape, "AttentionNorm", "AttentionNormBias", weights.AttentionNorm, weights.AttentionNormBias, true, "");
        CheckNorm(
            shape, "AttentionOutputNorm", "AttentionOutputNormBias", weights.AttentionOutputNorm, weights.AttentionOutputNormBias, hasOutputNorms, placement);
        CheckNorm(
            shape, "CrossAttentionNorm", "CrossAttentionNormBias", weights.CrossAttentionNorm, weights.CrossAttentionNormBias, shape.MemoryDim > 0,
            "no MemoryDim");
        CheckNorm(
            shape, "CrossAttentionOutputNorm", "CrossAttentionOutputNormBias", weights.CrossAttentionOutputNorm, weights.CrossAttentionOutputNormBias,
            shape.MemoryDim > 0 && hasOutputNorms, shape.MemoryDim > 0 ? placement : "no MemoryDim");
        CheckNorm(
            shape, "FeedForwardNorm", "FeedForwardNormBias", weights.FeedForwardNorm, weights.FeedForwardNormBias, shape.HasFeedForwardNorm,
            "ParallelBranches = true");
        CheckNorm(
            shape, "FeedForwardOutputNorm", "FeedForwardOutputNormBias", weights.FeedForwardOutputNorm, weights.FeedForwardOutputNormBias, hasOutputNorms,
            placement);
    }

    private static void CheckNorm(
        TransformerLayerShape shape, string name, string biasName, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias, bool isThere, string setting)
    {
        if (!isThere)
        {
            CheckNone(name, weight, setting);
            CheckNone(biasName, bias, setting);
            return;
        }

        if (weight.Length != shape.DModel)
            ThrowTensor(name, weight.Length, $"{shape.DModel} elements, which is DModel");
        if (shape.Norm == Norm.Rms)
            CheckNone(biasName, bias, "Norm = Norm.Rms");
        else
            CheckBias(biasName, bias, shape.NormBias, shape.DModel, "DModel", "NormBias");
    }

    private static void CheckMatrix(string name, WeightTensor matrix, int outputs, string outputsName, int inputs, string inputsName)
    {
        if (matrix.Length != (long)outputs * inputs)
            ThrowTensor(name, matrix.Length, $"{(long)outputs * inputs}: [{outputs}, {inputs}], which is [{outputsName}, {inputsName}]");
    }

    private static void CheckBias(string name, ReadOnlyMemory<float> bias, bool isThere, int length, string lengthName, string? setting = null)
    {
        if (!isThere && !bias.IsEmpty)
            CheckNone(name, bias, $"{setting ?? name} = false");
        else if (isThere && bias.IsEmpty)
            ThrowTensor(name, 0, $"{length} elements, which is {lengthName}, or {setting ?? name} = false in its configuration");
        else if (isThere && bias.Length != length)
            ThrowTensor(name, bias.Length, $"{length} elements, which is {lengthName}");
    }

    private static void CheckNone(string name, ReadOnlyMemory<float> tensor, string setting) => CheckNone(name, tensor.Length, setting);

    private static void CheckNone(string name, int length, string setting)
    {
        if (length != 0)
            ThrowTensor(name, length, $"none, because its configuration says {setting}");
    }

    private static void ThrowTensor(string name, int length, string expected) =>
        throw new ArgumentException($"weights.{name} has {length} elements; this layer expects {expected}.", "weights");
}
