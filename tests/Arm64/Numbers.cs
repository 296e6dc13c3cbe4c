namespace AttentionGen.Tests.Arm64;

/// <summary>SplitMix64 (Steele, Lea and Flood 2014), in integers: the same inputs on every processor.</summary>
internal sealed class Numbers(ulong seed)
{
    private ulong state = seed;

    public int Below(int end) => (int)(Next() % (ulong)end);

    /// <summary>In [-1, 1), multiples of 2^-23.</summary>
    public float[] Floats(int count)
    {
        var values = new float[count];
        foreach (ref float value in values.AsSpan())
            value = Below(1 << 24) / (float)(1 << 23) - 1;
        return values;
    }

    private ulong Next()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
