using System.Numerics;

namespace AttentionGen.Samples.Train;

/// <summary>Small work on rows.</summary>
internal static class Rows
{
    /// <summary>target = target + values.</summary>
    public static void Add(Span<float> target, ReadOnlySpan<float> values)
    {
        int i = 0;
        for (; i <= target.Length - Vector<float>.Count; i += Vector<float>.Count)
            (new Vector<float>(target[i..]) + new Vector<float>(values[i..])).CopyTo(target[i..]);
        for (; i < target.Length; i++)
            target[i] += values[i];
    }

    /// <summary>Uniform in ±<paramref name="bound"/>.</summary>
    public static float[] Random(ref SplitMix random, int count, float bound)
    {
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = random.NextSigned() * bound;
        return values;
    }
}
