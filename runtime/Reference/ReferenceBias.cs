namespace AttentionGen;

/// <summary>What is added to a score because of the distance between query and key.</summary>
internal static class ReferenceBias
{
    /// <summary>ALiBi's slope of a head: the given one, or that of the paper, times the scale.</summary>
    public static double AlibiSlope(AttentionShape shape, int head) =>
        (shape.AlibiSlopes.Count > 0 ? shape.AlibiSlopes[head] : AlibiSlope(shape.Heads, head)) * shape.AlibiScale;

    /// <summary>
    /// ALiBi's slope of a head (Press et al. 2022): <c>2^(−8(h+1)/n)</c>, and behind the largest power of two every second one of twice as many heads.
    /// </summary>
    public static double AlibiSlope(int heads, int head)
    {
        int power = 1;
        while (2 * power <= heads)
            power *= 2;
        return head < power
            ? Math.Pow(2, -8.0 * (head + 1) / power)
            : Math.Pow(2, -8.0 * (2 * (head - power) + 1) / (2 * power));
    }

    /// <summary>T5's bucket (Raffel et al. 2020) of <c>key − position</c>.</summary>
    /// <remarks>
    /// Small distances have a bucket each, larger ones share buckets by their logarithm, which T5's code computes in float32 and cuts off:
    /// at a boundary the rounding decides. The same is done here, with a logarithm that is rounded once.
    /// </remarks>
    public static int Bucket(AttentionShape shape, int relative)
    {
        int buckets = shape.RelativePositionBuckets, first = 0, distance = -Math.Min(relative, 0);
        if (!shape.Causal)
        {
            buckets /= 2;
            first = relative > 0 ? buckets : 0;
            distance = Math.Abs(relative);
        }

        int exact = buckets / 2;
        if (distance < exact)
            return first + distance;
        float logarithm = (float)Math.Log((float)distance / exact);
        float share = logarithm / (float)Math.Log((double)shape.RelativePositionMaxDistance / exact) * (buckets - exact);
        return first + Math.Min(exact + (int)share, buckets - 1);
    }
}
