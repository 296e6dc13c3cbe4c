namespace AttentionGen;

/// <summary>
/// Random numbers that are the same on every machine: SplitMix64 (Steele, Lea and Flood 2014), which unlike <see cref="Random"/> can never change.
/// </summary>
/// <param name="seed">Any number.</param>
internal sealed class RandomNumbers(int seed)
{
    private ulong state = (ulong)seed;

    /// <summary>Fills a span with numbers that are uniform in ± a bound.</summary>
    /// <param name="values">What is filled.</param>
    /// <param name="bound">The bound.</param>
    public void Fill(Span<float> values, double bound)
    {
        foreach (ref float value in values)
            value = (float)(bound * (2 * NextDouble() - 1));
    }

    private double NextDouble()
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return ((z ^ (z >> 31)) >> 11) * (1.0 / (1L << 53));
    }
}
