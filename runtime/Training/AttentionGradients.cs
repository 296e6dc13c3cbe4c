namespace AttentionGen;

/// <summary>Gradients of the weights of one attention block, with the names and the layout of <see cref="AttentionWeights"/>.</summary>
public sealed class AttentionGradients : WeightGradients
{
    /// <summary>Makes gradients of zero for some weights.</summary>
    /// <param name="weights">
    /// The weights that are trained. <see cref="WeightGradients.Tensors"/> gives access to their numbers, which an optimiser changes.
    /// </param>
    public AttentionGradients(AttentionWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Query = Add(nameof(Query), weights.QueryProjection.Weight.Writable);
        QueryBias = Add(nameof(QueryBias), weights.QueryProjection.Bias.Writable);
        Key = Add(nameof(Key), weights.KeyProjection.Weight.Writable);
        KeyBias = Add(nameof(KeyBias), weights.KeyProjection.Bias.Writable);
        Value = Add(nameof(Value), weights.ValueProjection.Weight.Writable);
        ValueBias = Add(nameof(ValueBias), weights.ValueProjection.Bias.Writable);
        Output = Add(nameof(Output), weights.OutputProjection.Weight.Writable);
        OutputBias = Add(nameof(OutputBias), weights.OutputProjection.Bias.Writable);
        QueryNorm = Add(nameof(QueryNorm), weights.Learned.QueryNorm.Writable);
        QueryNormBias = Add(nameof(QueryNormBias), weights.Learned.QueryNormBias.Writable);
        KeyNorm = Add(nameof(KeyNorm), weights.Learned.KeyNorm.Writable);
        KeyNormBias = Add(nameof(KeyNormBias), weights.Learned.KeyNormBias.Writable);
        Sinks = Add(nameof(Sinks), weights.Learned.Sinks.Writable);
        RelativePositionBias = Add(nameof(RelativePositionBias), weights.Learned.RelativePositionBias.Writable);
        BiasKey = Add(nameof(BiasKey), weights.Learned.BiasKey.Writable);
        BiasValue = Add(nameof(BiasValue), weights.Learned.BiasValue.Writable);
    }

    /// <summary>[Heads · HeadDim, DModel].</summary>
    public Memory<float> Query { get; }

    /// <summary>[KvHeads · HeadDim, MemoryDim].</summary>
    public Memory<float> Key { get; }

    /// <summary>[KvHeads · ValueHeadDim, MemoryDim], or with a value input [KvHeads · ValueHeadDim, ValueInputDim].</summary>
    public Memory<float> Value { get; }

    /// <summary>[DModel, Heads · ValueHeadDim].</summary>
    public Memory<float> Output { get; }

    /// <summary>[Heads · HeadDim]; empty if there is none.</summary>
    public Memory<float> QueryBias { get; }

    /// <summary>[KvHeads · HeadDim]; empty if there is none.</summary>
    public Memory<float> KeyBias { get; }

    /// <summary>[KvHeads · ValueHeadDim]; empty if there is none.</summary>
    public Memory<float> ValueBias { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> OutputBias { get; }

    /// <summary>As many as in the weights; empty if there is none.</summary>
    public Memory<float> QueryNorm { get; }

    /// <summary>As many as in the weights; empty if there is none.</summary>
    public Memory<float> QueryNormBias { get; }

    /// <summary>As many as in the weights; empty if there is none.</summary>
    public Memory<float> KeyNorm { get; }

    /// <summary>As many as in the weights; empty if there is none.</summary>
    public Memory<float> KeyNormBias { get; }

    /// <summary>[Heads]; empty if there are none.</summary>
    public Memory<float> Sinks { get; }

    /// <summary>[RelativePositionBuckets, Heads]; empty if there are none.</summary>
    public Memory<float> RelativePositionBias { get; }

    /// <summary>[KvHeads · HeadDim]; empty if there is none.</summary>
    public Memory<float> BiasKey { get; }

    /// <summary>[KvHeads · ValueHeadDim]; empty if there is none.</summary>
    public Memory<float> BiasValue { get; }
}
