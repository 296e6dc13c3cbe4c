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
        if (shape.HasProjections)
        {
            CheckProjection(
                "query", weights.QueryProjection, shape.QueryDim, "Heads · HeadDim", shape.DModel, "DModel", shape.QueryBias, nameof(AttentionShape.QueryBias));
            CheckProjection(
                "key",
                weights.KeyProjection,
                shape.KeyDim,
                "KvHeads · HeadDim",
                shape.MemoryDim,
                MemoryName(shape),
                shape.KeyBias,
                nameof(AttentionShape.KeyBias));
            CheckProjection(
                "value",
                weights.ValueProjection,
                shape.ValueDim,
                ValueWidthName(shape, "KvHeads"),
                shape.ValueSourceDim,
                shape.ValueInputDim > 0 ? nameof(AttentionShape.ValueInputDim) : MemoryName(shape),
                shape.ValueBias,
                nameof(AttentionShape.ValueBias));
        }
        else
        {
            CheckInput("query", weights.QueryProjection, shape, shape.QueryDim, "Heads · HeadDim");
            CheckInput("key", weights.KeyProjection, shape, shape.KeyDim, "KvHeads · HeadDim");
            CheckInput("value", weights.ValueProjection, shape, shape.ValueDim, ValueWidthName(shape, "KvHeads"));
        }

        if (shape.ProjectsOutput)
            CheckProjection(
                "output", weights.OutputProjection, shape.DModel, "DModel", shape.JoinedDim, ValueWidthName(shape, "Heads"), shape.OutputBias,
                nameof(AttentionShape.OutputBias));
        else
            CheckNoProjection("output", weights.OutputProjection, shape.HasProjections ? "OutputProjection = false" : "Projections = false");

        LearnedTensors learned = weights.Learned;
        CheckGate(shape, learned.Gate);
        CheckNorm("query norm", "query norm bias", learned.QueryNorm, learned.QueryNormBias, shape, shape.QueryNormDim, "Heads · HeadDim");
        CheckNorm("key norm", "key norm bias", learned.KeyNorm, learned.KeyNormBias, shape, shape.KeyNormDim, "KvHeads · HeadDim");
        CheckLearned("sinks", learned.Sinks, shape.Sinks ? shape.Heads : 0, "Heads", "Sinks");
        CheckTable(shape, learned.RelativePositionBias);
        CheckLearned("bias key", learned.BiasKey, shape.BiasKeyValue ? shape.KeyDim : 0, "KvHeads · HeadDim", "BiasKeyValue");
        CheckLearned("bias value", learned.BiasValue, shape.BiasKeyValue ? shape.ValueDim : 0, ValueWidthName(shape, "KvHeads"), "BiasKeyValue");
    }

    /// <summary>In literals: weights that are packed again and again allocate nothing.</summary>
    private static string ValueWidthName(AttentionShape shape, string heads) => (heads == "Heads", shape.ValueHeadDim == shape.HeadDim) switch
    {
        (true, true) => "Heads · HeadDim",
        (true, false) => "Heads · ValueHeadDim",
        (false, true) => "KvHeads · HeadDim",
        _ => "KvHeads · ValueHeadDim",
    };

    private static void CheckNoProjection(string role, ProjectionWeights projection, string setting)
    {
        WeightTensor given = projection.Weight.IsAbsent ? projection.Bias : projection.Weight;
        if (!given.IsAbsent)
            throw new ArgumentException(
                $"The {role} projection ({given.Source}) {given.Describe()}; this kernel expects none, because its configuration says {setting}.",
                "weights");
    }

    /// <summary>Without projections there may be a vector that is added to an input.</summary>
    private static void CheckInput(string role, ProjectionWeights projection, AttentionShape shape, int width, string widthName)
    {
        if (!shape.InputBias)
            CheckNoProjection(role, projection, "Projections = false");
        else
            CheckNoProjection(role, projection with { Bias = WeightTensor.NotGiven }, "Projections = false");
        CheckBias(role, projection.Bias, width, widthName, shape.InputBias, nameof(AttentionShape.InputBias));
    }

    private static void CheckGate(AttentionShape shape, ProjectionWeights gate)
    {
        if (shape.OutputGate)
        {
            CheckProjection(
                "output gate", gate, shape.JoinedDim, ValueWidthName(shape, "Heads"), shape.DModel, "DModel", shape.QueryBias,
                nameof(AttentionShape.QueryBias));
            return;
        }

        CheckLearned("output gate", gate.Weight, 0, "", nameof(AttentionShape.OutputGate));
        CheckLearned("output gate bias", gate.Bias, 0, "", nameof(AttentionShape.OutputGate));
    }

    /// <summary>The norm of queries or of keys, and its bias.</summary>
    private static void CheckNorm(string name, string biasName, WeightTensor norm, WeightTensor bias, AttentionShape shape, int expected, string ofAllHeads)
    {
        string expectedName = shape.QueryKeyNormScope == QueryKeyNormScope.Head ? "HeadDim" : ofAllHeads;
        // A matrix from a file has a shape: as many elements the other way round, or for all heads together, are other weights.
        bool isOwn = shape.QueryKeyNormScope == QueryKeyNormScope.HeadOwnWeights;
        if (norm.Shape is { } known && expected > 0 && (!isOwn || norm.Length != expected || known.Inputs != shape.HeadDim))
            throw new ArgumentException(
                $"The {name} ({norm.Source}) {norm.Describe()}; this kernel expects "
                    + (isOwn ? $"[{expected / shape.HeadDim}, {shape.HeadDim}]" : $"{expected} elements") + $", which is {expectedName}.", "weights");
        CheckLearned(name, norm, expected, expectedName, "QueryKeyNorm");
        // Where the norm is missing, the bias is not the cause.
        string setting = shape.QueryKeyNorm == QueryKeyNorm.Layer ? "QueryKeyNormBias" : "QueryKeyNorm = QueryKeyNorm.Layer";
        CheckLearned(biasName, bias, shape.NormAddsBias ? expected : 0, expectedName, setting);
    }

    private static void CheckLearned(string name, WeightTensor tensor, int expected, string expectedName, string setting)
    {
        if (tensor.Length == expected)
            return;
        throw new ArgumentException(
            expected == 0
                ? $"The {name} ({tensor.Source}) {tensor.Describe()}; this kernel expects none, because its configuration does not declare {setting}."
                : tensor.IsAbsent
                    ? $"The {name} is missing ({tensor.Source}); this kernel expects {expected} elements, which is {expectedName}."
                    : $"The {name} ({tensor.Source}) {tensor.Describe()}; this kernel expects {expected} elements, which is {expectedName}.",
            "weights");
    }

    /// <summary>A table from a file has a shape: as many elements the other way round are another table.</summary>
    private static void CheckTable(AttentionShape shape, WeightTensor table)
    {
        if (shape.IsCrossAttention && shape.RelativePositionBuckets == 0 && !table.IsAbsent)
        {
            throw new ArgumentException(
                $"The relative position bias ({table.Source}) {table.Describe()}; this kernel expects none, because its configuration does not declare "
                    + $"RelativePositionBuckets. "
                + "In T5's cross-attention such a table is not used: read the weights without it, names with { RelativePositionBias = null }.",
                "weights");
        }

        if (table.Shape is { } known && shape.RelativePositionBuckets > 0 && known != (shape.RelativePositionBuckets, shape.Heads))
        {
            throw new ArgumentException(
                $"The relative position bias ({table.Source}) {table.Describe()}; this kernel expects [{shape.RelativePositionBuckets}, {shape.Heads}], which "
                    + $"is [RelativePositionBuckets, Heads].",
                "weights");
        }

        CheckLearned(
            "relative position bias", table, shape.RelativePositionBuckets * shape.Heads, "RelativePositionBuckets · Heads", "RelativePositionBuckets");
    }

    private static string MemoryName(AttentionShape shape) => shape.IsCrossAttention ? "MemoryDim" : "DModel";

    internal static void CheckProjection(
        string role, ProjectionWeights projection, int outputs, string outputsName, int inputs, string inputsName, bool hasBias, string biasSetting)
    {
        WeightTensor weight = projection.Weight;
        bool fits = weight.Shape is { } known
            ? known.Outputs == outputs && known.Inputs == inputs
            : weight.Length == (long)outputs * inputs;
        if (!fits)
        {
            throw new ArgumentException(
                $"The {role} weight ({weight.Source}) {weight.Describe()}; this kernel expects [{outputs}, {inputs}], which is [{outputsName}, {inputsName}].",
                "weights");
        }

        CheckBias(role, projection.Bias, outputs, outputsName, hasBias, biasSetting);
    }

    private static void CheckBias(string role, WeightTensor bias, int outputs, string outputsName, bool hasBias, string biasSetting)
    {
        if (hasBias && bias.IsAbsent)
        {
            throw new ArgumentException(
                $"The {role} bias is missing ({bias.Source}); this kernel expects {outputs} elements, or {biasSetting} = false in its configuration.",
                "weights");
        }

        if (!hasBias && !bias.IsAbsent)
        {
            throw new ArgumentException(
                $"The {role} bias ({bias.Source}) {bias.Describe()}; this kernel expects none, because its configuration says {biasSetting} = false.",
                "weights");
        }

        if (hasBias && bias.Length != outputs)
        {
            throw new ArgumentException(
                $"The {role} bias ({bias.Source}) {bias.Describe()}; this kernel expects {outputs} elements, which is {outputsName}.", "weights");
        }
    }
}
