using System.Text;

namespace AttentionGen.Tests.Properties;

/// <summary>What a cache holds, to see that a call which was refused has changed nothing.</summary>
internal static class CacheContent
{
    /// <summary>Lengths and every bit.</summary>
    public static string Of(AttentionCache? cache)
    {
        if (cache is null)
            return "";
        var text = new StringBuilder().AppendJoin(',', cache.Lengths.ToArray());
        for (int sequence = 0; sequence < cache.Batch; sequence++)
        {
            int first = cache.GetFirstHeldKey(sequence), count = cache.Lengths[sequence] - first;
            float[] keys = new float[cache.Shape.KeyDim * count], values = new float[cache.Shape.ValueDim * count];
            cache.CopyTo(sequence, first, keys, values);
            text.Append(';').Append(first).Append(':').AppendJoin(',', keys.Concat(values).Select(BitConverter.SingleToInt32Bits));
        }

        return text.ToString();
    }
}
