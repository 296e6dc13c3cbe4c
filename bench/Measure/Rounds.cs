namespace AttentionGen.Bench.Measure;

/// <summary>How long kernels and the reads beside them are warmed up and timed: alike, since their times are compared.</summary>
internal static class Rounds
{
    /// <summary>Milliseconds of one timing.</summary>
    public const double Milliseconds = 3;

    /// <summary>
    /// How long work runs before a round is timed. A second thread that has slept begins after up to 2.9 ms, and what fits a cache only in
    /// part comes back over many passes: 46 MB were read in 1.35 ms the first time after others, in 1.20 the second, in 1.07 the tenth.
    /// </summary>
    public const double SettledMilliseconds = 10;
}
