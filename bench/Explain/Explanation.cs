using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Explain;

/// <summary>A part, what it took, and what it could not have done without.</summary>
/// <param name="Cost">What its calls need.</param>
/// <param name="Microseconds">All its calls in the best forward.</param>
/// <param name="Limits">The least time that each resource allows, in microseconds.</param>
internal sealed record ExplainedPart(PartCost Cost, double Microseconds, IReadOnlyList<(string Resource, double Microseconds)> Limits)
{
    /// <summary>The resource that allows the least speed.</summary>
    public (string Resource, double Microseconds) Bound => Limits.MaxBy(limit => limit.Microseconds);
}

/// <summary>Measures a workload's forward, the same forward over timed kernels, and the processor's limits, interleaved.</summary>
internal sealed class Explanation
{
    private const long FirstLevelBytes = 16 * 1024;
    private const double WarmUpMilliseconds = 50;
    private const double RoundMilliseconds = 10;
    private const int WarmUpPhases = 3;

    // Longer than the runtime waits before it compiles hot methods again.
    private const int TieringMilliseconds = 120;

    private readonly Dictionary<long, ReadBandwidth> reads = [];
    private long[] ticks = [];

    public Explanation(Workload workload, int rounds)
    {
        Plan = ExplainedPlan.Of(workload);
        KernelTimes.Layer = Plan.Layer;
        WorkloadData data = workload.CreateData();
        using ISubject forward = workload.CreateGenerated(), timed = Plan.CreateTimed();
        forward.Prepare(data, threads: 1);
        timed.Prepare(data, threads: 1);
        IReadOnlyList<KernelCall> calls = KernelTimes.Record(timed.Run);
        CheckOutput(forward, timed);
        PartCost[] costs =
        [
            .. calls.Append(new(Part.Between, 0)).GroupBy(call => call.Part)
                .Select(part => Plan.Cost(part.Key, [.. part])).OrderBy(cost => cost.Part),
        ];
        foreach (long bytes in costs.Select(cost => Rounded(cost.FootprintBytes)).Append(FirstLevelBytes).Distinct())
            reads[bytes] = new ReadBandwidth(bytes, threads: 1, ReadBandwidth.StreamCounts);
        Measure(forward, timed, rounds);
        Parts = [.. costs.Select(cost => new ExplainedPart(cost, ticks[(int)cost.Part] * 1e6 / Stopwatch.Frequency, Limits(cost)))];
    }

    public ExplainedPlan Plan { get; }

    public IReadOnlyList<ExplainedPart> Parts { get; }

    /// <summary>The best forward without a clock in it.</summary>
    public double ForwardMicroseconds { get; private set; } = double.PositiveInfinity;

    /// <summary>What a forward would take if every kernel ran at its bound: what the plan predicts.</summary>
    public double BoundMicroseconds => Parts.Sum(part => part.Bound.Microseconds);

    /// <summary>Best FMA peak of the rounds, GFLOP/s.</summary>
    public double PeakGflops { get; private set; }

    /// <summary>Best rate of loads from the first-level cache, GB/s.</summary>
    public double LoadGigabytesPerSecond => reads[FirstLevelBytes].Best.GigabytesPerSecond;

    /// <summary>Rate at which a part's data can be read, GB/s.</summary>
    public double ReadGigabytesPerSecond(PartCost cost) => reads[Rounded(cost.FootprintBytes)].Best.GigabytesPerSecond;

    /// <summary>Over timed kernels a forward gives its output, bit for bit.</summary>
    /// <exception cref="InvalidOperationException">It does not.</exception>
    private static void CheckOutput(ISubject forward, ISubject timed)
    {
        forward.Run();
        if (!MemoryMarshal.AsBytes(forward.Output).SequenceEqual(MemoryMarshal.AsBytes(timed.Output)))
            throw new InvalidOperationException("Over timed kernels the forward gives another output.");
    }

    private void Measure(ISubject forward, ISubject timed, int rounds)
    {
        for (int phase = 0; phase < WarmUpPhases; phase++)
        {
            RunFor(WarmUpMilliseconds, forward.Run);
            RunFor(WarmUpMilliseconds, () => KernelTimes.Time(timed.Run));
            Thread.Sleep(TieringMilliseconds);
        }
        int steps = FmaPeak.Calibrate(FmaPeak.Lanes);
        for (int round = 0; round < rounds; round++)
        {
            PeakGflops = Math.Max(PeakGflops, FmaPeak.Measure(FmaPeak.Lanes, steps, threads: 1));
            foreach (ReadBandwidth read in reads.Values)
                read.RunRound();
            // The first brings weights and data back into the caches.
            forward.Run();
            RunFor(RoundMilliseconds, () => ForwardMicroseconds = Math.Min(ForwardMicroseconds, Microseconds(forward.Run)));
            RunFor(RoundMilliseconds, () => Keep(KernelTimes.Time(timed.Run)));
        }
    }

    /// <summary>Keeps the fastest forward whole, so that its parts add up.</summary>
    private void Keep(long[] ticks)
    {
        if (this.ticks.Length == 0 || ticks.Sum() < this.ticks.Sum())
            this.ticks = ticks;
    }

    private static double Microseconds(Action work)
    {
        long start = Stopwatch.GetTimestamp();
        work();
        return Stopwatch.GetElapsedTime(start).TotalMicroseconds;
    }

    private static void RunFor(double milliseconds, Action work)
    {
        long start = Stopwatch.GetTimestamp();
        do
            work();
        while (Stopwatch.GetElapsedTime(start).TotalMilliseconds < milliseconds);
    }

    private (string Resource, double Microseconds)[] Limits(PartCost cost)
    {
        double vectorsPerMicrosecond = PeakGflops * 1000 / (2 * Plan.Target.Lanes);
        double loadsPerMicrosecond = LoadGigabytesPerSecond * 1000 / (sizeof(float) * Plan.Target.Lanes);
        return
        [
            (cost.IsInt8 ? "products of bytes" : cost.MultiplyAdds > 0 ? "FMA peak" : "arithmetic ports", cost.ArithmeticVectors / vectorsPerMicrosecond),
            ("load ports", cost.LoadVectors / loadsPerMicrosecond),
            ($"{Cpu.LevelOf(cost.FootprintBytes)} bandwidth".TrimStart(), cost.StreamedBytes / 1000 / ReadGigabytesPerSecond(cost)),
        ];
    }

    /// <summary>Sizes that are nearly the same share a measurement.</summary>
    private static long Rounded(long bytes)
    {
        long unit = FirstLevelBytes;
        while (unit * 8 < bytes)
            unit *= 2;
        return Math.Max(1, (bytes + (unit / 2)) / unit) * unit;
    }
}
