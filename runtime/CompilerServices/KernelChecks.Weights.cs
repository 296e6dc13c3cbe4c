namespace AttentionGen.CompilerServices;

public static partial class KernelChecks
{
    /// <summary>Checks that weights are of exactly the kernel's shape.</summary>
    /// <param name="shape">What the kernel computes.</param>
    /// <param name="weights">What the caller gave.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or a bias is missing or superfluous.</exception>
    public static void ValidateWeights(AttentionShape shape, AttentionWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        CheckProjection("query", weights.QueryProjection, shape.QueryDim, "Heads · HeadDim", shape.DModel, "DModel", shape.QueryBias, nameof(AttentionShape.QueryBias));
        CheckProjection("key", weights.KeyProjection, shape.KeyDim, "KvHeads · HeadDim", shape.MemoryDim, MemoryName(shape), shape.KeyBias, nameof(AttentionShape.KeyBias));
        CheckProjection("value", weights.ValueProjection, shape.KeyDim, "KvHeads · HeadDim", shape.MemoryDim, MemoryName(shape), shape.ValueBias, nameof(AttentionShape.ValueBias));
        CheckProjection("output", weights.OutputProjection, shape.DModel, "DModel", shape.QueryDim, "Heads · HeadDim", shape.OutputBias, nameof(AttentionShape.OutputBias));
    }

    private static string MemoryName(AttentionShape shape) => shape.IsCrossAttention ? "MemoryDim" : "DModel";

    private static void CheckProjection(
        string role, ProjectionWeights projection, int outputs, string outputsName, int inputs, string inputsName, bool hasBias, string biasSetting)
    {
        WeightTensor weight = projection.Weight;
        bool fits = weight.Shape is { } known
            ? known.Outputs == outputs && known.Inputs == inputs
            : weight.Values.Length == (long)outputs * inputs;
        if (!fits)
        {
            throw new ArgumentException(
                $"The {role} weight ({weight.Source}) {weight.Describe()}; this kernel expects [{outputs}, {inputs}], which is [{outputsName}, {inputsName}].", "weights");
        }

        WeightTensor bias = projection.Bias;
        if (hasBias && bias.IsAbsent)
        {
            throw new ArgumentException(
                $"The {role} bias is missing ({bias.Source}); this kernel expects {outputs} elements, or {biasSetting} = false in its configuration.", "weights");
        }

        if (!hasBias && !bias.IsAbsent)
        {
            throw new ArgumentException(
                $"The {role} bias ({bias.Source}) {bias.Describe()}; this kernel expects none, because its configuration says {biasSetting} = false.", "weights");
        }

        if (hasBias && bias.Values.Length != outputs)
        {
            throw new ArgumentException(
                $"The {role} bias ({bias.Source}) {bias.Describe()}; this kernel expects {outputs} elements, which is {outputsName}.", "weights");
        }
    }
}
