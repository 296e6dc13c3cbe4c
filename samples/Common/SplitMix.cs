namespace AttentionGen.Samples;

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

    /// <summary>The first steps of a shuffle (Fisher and Yates): as many places get an item of all, each item at most once.</summary>
    public void Shuffle(Span<int> items, int places)
    {
        for (int place = 0; place < places; place++)
        {
            int other = place + Next(items.Length - place);
            (items[place], items[other]) = (items[other], items[place]);
        }
    }

    private ulong Next() => Mix(state += Golden);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
