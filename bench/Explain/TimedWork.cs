using System.Diagnostics;

namespace AttentionGen.Bench.Explain;

/// <summary>Something that is timed a few milliseconds a round.</summary>
internal sealed class TimedWork(Action work)
{
    private const double RoundMilliseconds = 2;
    private const double WarmUpMilliseconds = 30;
    private const int WarmUpPhases = 3;

    // Longer than the runtime waits before it compiles hot methods again.
    private const int TieringMilliseconds = 120;

    private int _calls = 1;

    /// <summary>Microseconds of the best round.</summary>
    public double Best { get; private set; } = double.PositiveInfinity;

    /// <summary>Runs them all until the JIT has its best code.</summary>
    public static void WarmUp(IReadOnlyCollection<TimedWork> all)
    {
        for (int phase = 0; phase < WarmUpPhases; phase++)
        {
            foreach (TimedWork work in all)
                work.RunFor(WarmUpMilliseconds);
            Thread.Sleep(TieringMilliseconds);
        }
        foreach (TimedWork work in all)
            work._calls = (int)Math.Clamp(Math.Ceiling(RoundMilliseconds * 1000 / Math.Max(work.Time(), 1e-3)), 1, 1_000_000);
    }

    public void RunRound()
    {
        // Brings its data back into the cache.
        work();
        Best = Math.Min(Best, Time());
    }

    private void RunFor(double milliseconds)
    {
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < 2 || (call < 1000 && Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds); call++)
            work();
    }

    private double Time()
    {
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < _calls; call++)
            work();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / _calls;
    }
}
