namespace AttentionGen;

public sealed partial class AttentionWeights
{
    /// <summary>Weights of the normalisation of queries, [HeadDim] or [Heads · HeadDim] (<see cref="QueryKeyNormScope"/>); empty if there are none.</summary>
    public ReadOnlySpan<float> QueryNorm => Learned.QueryNorm.Values;

    /// <summary>Biases of the layer normalisation of queries, as many as weights; empty if there are none.</summary>
    public ReadOnlySpan<float> QueryNormBias => Learned.QueryNormBias.Values;

    /// <summary>Weights of the normalisation of keys, [HeadDim] or [KvHeads · HeadDim] (<see cref="QueryKeyNormScope"/>); empty if there are none.</summary>
    public ReadOnlySpan<float> KeyNorm => Learned.KeyNorm.Values;

    /// <summary>Biases of the layer normalisation of keys, as many as weights; empty if there are none.</summary>
    public ReadOnlySpan<float> KeyNormBias => Learned.KeyNormBias.Values;

    /// <summary>Matrix of the output gate, [Heads · ValueHeadDim, DModel]; empty if there is none.</summary>
    public ReadOnlySpan<float> OutputGate => Learned.Gate.Weight.Values;

    /// <summary>Bias of the output gate, [Heads · ValueHeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> OutputGateBias => Learned.Gate.Bias.Values;

    /// <summary>Logits of the attention sinks, [Heads]; empty if there are none.</summary>
    public ReadOnlySpan<float> Sinks => Learned.Sinks.Values;

    /// <summary>Biases of the relative position buckets, [RelativePositionBuckets, Heads]; empty if there are none.</summary>
    public ReadOnlySpan<float> RelativePositionBias => Learned.RelativePositionBias.Values;

    /// <summary>The key that follows the last one, [KvHeads · HeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> BiasKey => Learned.BiasKey.Values;

    /// <summary>The value that follows the last one, [KvHeads · ValueHeadDim]; empty if there is none.</summary>
    public ReadOnlySpan<float> BiasValue => Learned.BiasValue.Values;

    internal LearnedTensors Learned { get; }

    /// <summary>Returns these weights with a normalisation of queries and keys.</summary>
    /// <param name="queryNorm">[HeadDim] or [Heads · HeadDim] (<see cref="QueryKeyNormScope"/>).</param>
    /// <param name="keyNorm">[HeadDim] or [KvHeads · HeadDim].</param>
    /// <param name="queryNormBias">As many for a layer normalisation with a bias, otherwise empty.</param>
    /// <param name="keyNormBias">As many for a layer normalisation with a bias, otherwise empty.</param>
    public AttentionWeights WithQueryKeyNorm(
        ReadOnlySpan<float> queryNorm, ReadOnlySpan<float> keyNorm, ReadOnlySpan<float> queryNormBias = default, ReadOnlySpan<float> keyNormBias = default) =>
        With(Learned with
        {
            QueryNorm = Copy(queryNorm, nameof(queryNorm)),
            KeyNorm = Copy(keyNorm, nameof(keyNorm)),
            QueryNormBias = Copy(queryNormBias, nameof(queryNormBias)),
            KeyNormBias = Copy(keyNormBias, nameof(keyNormBias)),
        });

    /// <summary>Returns these weights with an output gate.</summary>
    /// <param name="gate">[Heads · ValueHeadDim, DModel].</param>
    /// <param name="gateBias">[Heads · ValueHeadDim] if queries have a bias, otherwise empty.</param>
    public AttentionWeights WithOutputGate(ReadOnlySpan<float> gate, ReadOnlySpan<float> gateBias = default) =>
        With(Learned with { Gate = new(Copy(gate, nameof(gate)), Copy(gateBias, nameof(gateBias))) });

    /// <summary>Returns these weights with attention sinks.</summary>
    /// <param name="sinks">[Heads].</param>
    public AttentionWeights WithSinks(ReadOnlySpan<float> sinks) => With(Learned with { Sinks = Copy(sinks, nameof(sinks)) });

    /// <summary>Returns these weights with relative position biases.</summary>
    /// <param name="biases">[RelativePositionBuckets, Heads].</param>
    public AttentionWeights WithRelativePositionBias(ReadOnlySpan<float> biases) =>
        With(Learned with { RelativePositionBias = Copy(biases, nameof(biases)) });

    /// <summary>Returns these weights with a key and a value that follow the last ones.</summary>
    /// <param name="biasKey">[KvHeads · HeadDim].</param>
    /// <param name="biasValue">[KvHeads · ValueHeadDim].</param>
    public AttentionWeights WithBiasKeyValue(ReadOnlySpan<float> biasKey, ReadOnlySpan<float> biasValue) =>
        With(Learned with { BiasKey = Copy(biasKey, nameof(biasKey)), BiasValue = Copy(biasValue, nameof(biasValue)) });

    private static WeightTensor Copy(ReadOnlySpan<float> values, string name) => new(values.ToArray(), null, $"span {name}");

    private AttentionWeights With(LearnedTensors learned) => new(QueryProjection, KeyProjection, ValueProjection, OutputProjection, learned);
}

/// <summary>Learned tensors beside the projections. Tensors that a block lacks are empty.</summary>
internal sealed record LearnedTensors
{
    public static LearnedTensors None { get; } = new();

    /// <summary>The matrix of the output gate, and its bias.</summary>
    public ProjectionWeights Gate { get; init; } = new(WeightTensor.NotGiven, WeightTensor.NotGiven);

    public WeightTensor QueryNorm { get; init; } = WeightTensor.NotGiven;

    public WeightTensor QueryNormBias { get; init; } = WeightTensor.NotGiven;

    public WeightTensor KeyNorm { get; init; } = WeightTensor.NotGiven;

    public WeightTensor KeyNormBias { get; init; } = WeightTensor.NotGiven;

    public WeightTensor Sinks { get; init; } = WeightTensor.NotGiven;

    public WeightTensor RelativePositionBias { get; init; } = WeightTensor.NotGiven;

    public WeightTensor BiasKey { get; init; } = WeightTensor.NotGiven;

    public WeightTensor BiasValue { get; init; } = WeightTensor.NotGiven;
}
