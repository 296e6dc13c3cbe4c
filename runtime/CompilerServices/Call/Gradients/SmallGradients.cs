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
    private readonly int norm = shape.QueryKeyNorm != QueryKeyNorm.None ? shape.HeadDim : 0;
    private readonly int keyWidth = shape.BiasKeyValue ? shape.HeadDim : 0;
    private readonly int valueWidth = shape.BiasKeyValue ? shape.ValueHeadDim : 0;
    private readonly int buckets = shape.RelativePositionBuckets;

    /// <summary>[group]: logits of the sinks.</summary>
    public static int Sinks => 0;

    /// <summary>[HeadDim]: weights of the norm of queries, and behind them its biases, then the same of keys.</summary>
    public int QueryNorm => sinks;

    public int QueryNormBias => QueryNorm + norm;

    public int KeyNorm => QueryNormBias + norm;

    public int KeyNormBias => KeyNorm + norm;

    /// <summary>[HeadDim]: the learned key behind the last one.</summary>
    public int BiasKey => KeyNormBias + norm;

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
            Add(from.Slice(QueryNorm, norm), gradients.QueryNorm.Span, 0);
            Add(from.Slice(KeyNorm, norm), gradients.KeyNorm.Span, 0);
            if (!gradients.QueryNormBias.IsEmpty)
            {
                Add(from.Slice(QueryNormBias, norm), gradients.QueryNormBias.Span, 0);
                Add(from.Slice(KeyNormBias, norm), gradients.KeyNormBias.Span, 0);
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

    private static void Add(ReadOnlySpan<float> part, Span<float> sums, int first)
    {
        for (int i = 0; i < part.Length; i++)
            sums[first + i] += part[i];
    }
}
