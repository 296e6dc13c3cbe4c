using System.Diagnostics;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Subjects;

namespace AttentionGen.Bench.Compare;

/// <summary>A subject at a number of threads, how exact it is, and what its rounds took.</summary>
internal sealed class TimedSubject(ISubject subject, int threads, double rootMeanSquareError, int idleMilliseconds)
{
    private const int IdleCalls = 4;
    private const int WarmUpPhases = 3;
    private const int WarmUpCalls = 30;
    private const double WarmUpMilliseconds = 100;

    // Longer than the runtime waits before it compiles hot methods again.
    private const int TieringMilliseconds = 150;

    private readonly List<double> microseconds = [];
    private int calls = 1;

    public ISubject Subject => subject;

    public int Threads => threads;

    /// <summary>Root mean square of its output's differences from the float64 reference.</summary>
    public double RootMeanSquareError => rootMeanSquareError;

    public IReadOnlyList<double> Microseconds => microseconds;

    /// <summary>Managed bytes that one call allocates, in the round with the fewest: the others may count somebody else's.</summary>
    public long AllocatedBytes { get; private set; } = long.MaxValue;

    public double Best => microseconds.Min();

    public double Median => MedianOf(microseconds);

    public static double MedianOf(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        int middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /// <summary>Runs until the JIT has its best code for it, then finds how many calls make a round.</summary>
    public void WarmUp()
    {
        for (int phase = 0; phase < WarmUpPhases; phase++)
        {
            long start = Stopwatch.GetTimestamp();
            for (int call = 0; call < WarmUpCalls && (call < 2 || Stopwatch.GetElapsedTime(start).TotalMilliseconds < WarmUpMilliseconds); call++)
                subject.Run();
            Thread.Sleep(TieringMilliseconds);
        }
        for (int i = 0; i < 3; i++)
        {
            double milliseconds = Math.Max(TimeCalls() / 1000, 1e-4);
            calls = (int)Math.Clamp(Math.Ceiling(Rounds.Milliseconds / milliseconds), 1, 100_000);
        }
    }

    /// <summary>One timing of a few milliseconds.</summary>
    /// <param name="counts">Whether it enters the result.</param>
    public void RunRound(bool counts)
    {
        long began = Stopwatch.GetTimestamp();
        do
            subject.Run();
        while (idleMilliseconds == 0 && Stopwatch.GetElapsedTime(began).TotalMilliseconds < Rounds.SettledMilliseconds);
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        double microseconds = idleMilliseconds > 0 ? TimeIdleCalls() : TimeCalls();
        allocated = GC.GetTotalAllocatedBytes(precise: true) - allocated;
        if (!counts)
            return;
        AllocatedBytes = Math.Min(AllocatedBytes, allocated / (idleMilliseconds > 0 ? IdleCalls : calls));
        this.microseconds.Add(microseconds);
    }

    private double TimeCalls()
    {
        long start = Stopwatch.GetTimestamp();
        for (int call = 0; call < calls; call++)
            subject.Run();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds / calls;
    }

    /// <summary>Sleep does not count, waking up does: threads that are gone, and caches and clocks that have cooled.</summary>
    private double TimeIdleCalls()
    {
        long ticks = 0;
        for (int call = 0; call < IdleCalls; call++)
        {
            Thread.Sleep(idleMilliseconds);
            long start = Stopwatch.GetTimestamp();
            subject.Run();
            ticks += Stopwatch.GetTimestamp() - start;
        }
        return ticks * 1e6 / Stopwatch.Frequency / IdleCalls;
    }
}
