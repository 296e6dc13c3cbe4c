namespace AttentionGen.CompilerServices;

/// <summary>
/// Where a KV head of a sequence keeps its part of the gradients of tensors that all sequences share. One thread adds the parts up, in one order, so that the
/// bits do not depend on the threads.
/// </summary>
/// <param name="shape">What the kernel computes.</param>
internal readonly struct SmallGradients(AttentionShape shape)
{
    private readonly int group = shape.Heads / shape.KvHeads;
    private readonly int sinks = shape.Sinks ? shape.Heads / shape.KvHeads : 0;
    // Norms that span all heads are no KV head's.
    private readonly int queryNorm = shape.NormSpansHeads ? 0 : shape.QueryNormDim / (OwnNorms(shape) ? shape.KvHeads : 1);
    private readonly int keyNorm = shape.NormSpansHeads ? 0 : shape.KeyNormDim / (OwnNorms(shape) ? shape.KvHeads : 1);
    private readonly bool ownNorms = OwnNorms(shape);
    private readonly int keyWidth = shape.BiasKeyValue ? shape.HeadDim : 0;
    private readonly int valueWidth = shape.BiasKeyValue ? shape.ValueHeadDim : 0;
    private readonly int buckets = shape.RelativePositionBuckets;

    /// <summary>[group]: logits of the sinks.</summary>
    public static int Sinks => 0;

    /// <summary>
    /// [HeadDim], or [group][HeadDim] where each head has its own: weights of the norm of queries, and behind them its biases, then the same of keys.
    /// </summary>
    public int QueryNorm => sinks;

    public int QueryNormBias => QueryNorm + queryNorm;

    public int KeyNorm => QueryNormBias + queryNorm;

    public int KeyNormBias => KeyNorm + keyNorm;

    /// <summary>[HeadDim]: the learned key behind the last one.</summary>
    public int BiasKey => KeyNormBias + keyNorm;

    /// <summary>[ValueHeadDim]: the learned value behind the last one.</summary>
    public int BiasValue => BiasKey + keyWidth;

    /// <summary>[group][buckets].</summary>
    public int Buckets => BiasValue + valueWidth;

    /// <summary>Floats of a part.</summary>
    public int Floats => Buckets + (group * buckets);

    /// <summary>Adds all parts.</summary>
    /// <param name="parts">[sequences][KvHeads][<see cref="Floats"/>].</param>
    /// <param name="sequences">Sequences.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="gradients">What they are added to.</param>
    public void AddTo(ReadOnlySpan<float> parts, int sequences, int kvHeads, AttentionGradients gradients)
    {
        for (int part = 0; part < sequences * kvHeads; part++)
        {
            ReadOnlySpan<float> from = parts.Slice(part * Floats, Floats);
            int head = part % kvHeads;
            Add(from.Slice(Sinks, sinks), gradients.Sinks.Span, head * group);
            int firstQuery = ownNorms ? head * queryNorm : 0, firstKey = ownNorms ? head * keyNorm : 0;
            Add(from.Slice(QueryNorm, queryNorm), gradients.QueryNorm.Span, firstQuery);
            Add(from.Slice(KeyNorm, keyNorm), gradients.KeyNorm.Span, firstKey);
            if (!gradients.QueryNormBias.IsEmpty)
            {
                Add(from.Slice(QueryNormBias, queryNorm), gradients.QueryNormBias.Span, firstQuery);
                Add(from.Slice(KeyNormBias, keyNorm), gradients.KeyNormBias.Span, firstKey);
            }

            Add(from.Slice(BiasKey, keyWidth), gradients.BiasKey.Span, head * keyWidth);
            Add(from.Slice(BiasValue, valueWidth), gradients.BiasValue.Span, head * valueWidth);
            for (int query = 0; buckets > 0 && query < group; query++)
            {
                for (int bucket = 0; bucket < buckets; bucket++)
                    gradients.RelativePositionBias.Span[(bucket * kvHeads * group) + (head * group) + query] += from[Buckets + (query * buckets) + bucket];
            }
        }
    }

    private static bool OwnNorms(AttentionShape shape) => shape.QueryKeyNormScope == QueryKeyNormScope.HeadOwnWeights;

    private static void Add(ReadOnlySpan<float> part, Span<float> sums, int first)
    {
        for (int i = 0; i < part.Length; i++)
            sums[first + i] += part[i];
    }
}
