using System.Diagnostics;

namespace AttentionGen.Samples.Quickstart;

/// <summary>Times two actions fairly: warmed up, and in turns, so that whatever disturbs the machine disturbs both.</summary>
internal static class Timing
{
    private const int WarmUpCalls = 40;
    private const int Rounds = 40;

    // Longer than the runtime waits before it compiles hot methods again.
    private const int TieringMilliseconds = 200;

    /// <summary>Medians in microseconds.</summary>
    public static (double First, double Second) Interleave(Action first, Action second)
    {
        for (int phase = 0; phase < 2; phase++)
        {
            for (int i = 0; i < WarmUpCalls; i++)
            {
                first();
                second();
            }
            Thread.Sleep(TieringMilliseconds);
        }
        var firstTimes = new double[Rounds];
        var secondTimes = new double[Rounds];
        for (int round = 0; round < Rounds; round++)
        {
            firstTimes[round] = Time(first);
            secondTimes[round] = Time(second);
        }
        return (Median(firstTimes), Median(secondTimes));
    }

    private static double Time(Action action)
    {
        long start = Stopwatch.GetTimestamp();
        action();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private static double Median(double[] times)
    {
        Array.Sort(times);
        return times[times.Length / 2];
    }
}
