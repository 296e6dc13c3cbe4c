using AttentionGen.CompilerServices;

namespace AttentionGen;

public sealed partial class AttentionWeights
{
    /// <summary>
    /// Adds these weights to a file, as <see cref="From"/> with the same names reads them: with separate or common matrices of query, key and value,
    /// transposed or not. Numbers are kept to the bit, but for norms with a <see cref="AttentionTensorNames.NormOffset"/>, which is subtracted.
    /// </summary>
    /// <param name="builder">The file. What is not rearranged is not copied, so weights must not change until the file is written.</param>
    /// <param name="names">The names of the tensors, and their layout.</param>
    /// <param name="shape">The shape of the block.</param>
    /// <exception cref="ArgumentException">The weights are for another shape, or a tensor has no name or one that is taken.</exception>
    public void AddTo(SafetensorsBuilder builder, AttentionTensorNames names, AttentionShape shape)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(names);
        ArgumentNullException.ThrowIfNull(shape);
        KernelChecks.ValidateWeights(shape, this);
        var writer = new WeightWriter(builder, names.IsTransposed);
        if (names is { Query: null, QueryKeyValue: not null } && shape.HasProjections)
        {
            if (shape.MemoryDim != shape.DModel || shape.ValueSourceDim != shape.DModel)
                throw new ArgumentException(
                    $"names have one QueryKeyValue matrix, but queries come from rows {shape.DModel} wide, keys from rows {shape.MemoryDim} wide and "
                        + $"values from rows {shape.ValueSourceDim} wide; expected names of separate matrices: Query, Key and Value.",
                    nameof(names));
            int outputs = shape.QueryDim + shape.KeyDim + shape.ValueDim;
            writer.AddMatrix(names.QueryKeyValue, "query, key and value", Join(Fused(names, shape), Query, Key, Value, shape.DModel), outputs);
        }
        else
        {
            if (names.QueryHoldsGate)
                writer.AddMatrix(names.Query, "query matrix", WithGate(shape, Query, OutputGate, shape.DModel), 2 * shape.QueryDim);
            else
                writer.AddMatrix(names.Query, "query matrix", QueryProjection.Weight.Memory, shape.QueryDim);
            writer.AddMatrix(names.Key, "key matrix", KeyProjection.Weight.Memory, shape.KeyDim);
            writer.AddMatrix(names.Value, "value matrix", ValueProjection.Weight.Memory, shape.ValueDim);
        }

        // PyTorch has one bias also where the matrices are separate.
        if (names is { QueryBias: null, QueryKeyValueBias: not null } && (shape.QueryBias || shape.KeyBias || shape.ValueBias))
        {
            writer.AddVector(names.QueryKeyValueBias, "bias of query, key and value", Join(Fused(names, shape), QueryBias, KeyBias, ValueBias, 1));
        }
        else
        {
            if (names.QueryHoldsGate && shape.QueryBias)
                writer.AddVector(names.QueryBias, "query bias", WithGate(shape, QueryBias, OutputGateBias, 1));
            else
                writer.AddVector(names.QueryBias, "query bias", QueryProjection.Bias.Memory);
            writer.AddVector(names.KeyBias, "key bias", KeyProjection.Bias.Memory);
            writer.AddVector(names.ValueBias, "value bias", ValueProjection.Bias.Memory);
        }

        writer.AddMatrix(names.Output, "output matrix", OutputProjection.Weight.Memory, shape.DModel);
        writer.AddVector(names.OutputBias, "output bias", OutputProjection.Bias.Memory);
        if (!names.QueryHoldsGate)
        {
            writer.AddMatrix(names.OutputGate, "output gate", Learned.Gate.Weight.Memory, shape.JoinedDim);
            writer.AddVector(names.OutputGateBias, "output gate bias", Learned.Gate.Bias.Memory);
        }

        int columns = shape.QueryKeyNormScope == QueryKeyNormScope.HeadOwnWeights ? shape.HeadDim : 0;
        writer.AddVector(names.QueryNorm, "query norm", Learned.QueryNorm.Memory, names.NormOffset, columns);
        writer.AddVector(names.QueryNormBias, "query norm bias", Learned.QueryNormBias.Memory, 0, columns);
        writer.AddVector(names.KeyNorm, "key norm", Learned.KeyNorm.Memory, names.NormOffset, columns);
        writer.AddVector(names.KeyNormBias, "key norm bias", Learned.KeyNormBias.Memory, 0, columns);
        writer.AddVector(names.Sinks, "sinks", Learned.Sinks.Memory);
        writer.AddTable(names.RelativePositionBias, "relative position bias", Learned.RelativePositionBias.Memory, shape.Heads);
        writer.AddVector(names.BiasKey, "bias key", Learned.BiasKey.Memory);
        writer.AddVector(names.BiasValue, "bias value", Learned.BiasValue.Memory);
    }

    private static FusedRows Fused(AttentionTensorNames names, AttentionShape shape)
    {
        if (names.QueryKeyValueOrder == QueryKeyValueOrder.ByPart)
            return FusedRows.ByPart(shape.QueryDim, shape.KeyDim);
        int groups = names.QueryKeyValueOrder == QueryKeyValueOrder.ByHead ? shape.Heads : shape.KvHeads;
        return FusedRows.ByGroup(shape.Heads / groups, groups, shape.HeadDim);
    }

    /// <summary>The query of each head and its gate, one behind the other; both are equally wide.</summary>
    private static float[] WithGate(AttentionShape shape, ReadOnlySpan<float> query, ReadOnlySpan<float> gate, int inputs)
    {
        var both = new float[2 * shape.QueryDim * inputs];
        FusedPart part = new(0, shape.HeadDim, shape.Heads, 2 * shape.HeadDim);
        part.Put(query, both, inputs);
        (part with { First = shape.HeadDim }).Put(gate, both, inputs);
        return both;
    }

    /// <summary>Outputs of query, key and value in one matrix, or in one bias, whose absent parts are zeros.</summary>
    private static float[] Join(FusedRows rows, ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, int inputs)
    {
        var joined = new float[(rows.Query.Count + rows.Key.Count + rows.Value.Count) * inputs];
        rows.Query.Put(query, joined, inputs);
        rows.Key.Put(key, joined, inputs);
        rows.Value.Put(value, joined, inputs);
        return joined;
    }
}
