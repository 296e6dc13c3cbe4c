namespace AttentionGen.Samples.Train;

/// <summary>
/// SplitMix64 (Steele et al. 2014). It starts anew from the seed and the number of a step, so that a run that goes on after a break draws what it would have
/// drawn.
/// </summary>
internal struct SplitMix(long seed, long step)
{
    private const ulong Golden = 0x9E3779B97F4A7C15;

    private ulong state = Mix((ulong)seed + Golden) ^ ((ulong)step * Golden);

    /// <summary>0 to <paramref name="count"/> − 1.</summary>
    public int Next(int count) => (int)Math.BigMul(Next(), (ulong)count, out _);

    /// <summary>From −1 to below 1.</summary>
    public float NextSigned() => ((Next() >> 40) * (2f / (1 << 24))) - 1;

    private ulong Next() => Mix(state += Golden);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
