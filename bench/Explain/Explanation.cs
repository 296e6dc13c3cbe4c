using System.Diagnostics;
using System.Runtime.InteropServices;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>A part, what it took, and what it could not have done without.</summary>
/// <param name="Cost">What its calls need.</param>
/// <param name="Microseconds">Best round of all its calls in one forward, alone.</param>
/// <param name="InOrderMicroseconds">The same calls among all others in the forward's order, in the best round of all.</param>
/// <param name="Limits">The least time that each resource allows, in microseconds.</param>
internal sealed record ExplainedPart(PartCost Cost, double Microseconds, double InOrderMicroseconds, IReadOnlyList<(string Resource, double Microseconds)> Limits)
{
    /// <summary>The resource that allows the least speed.</summary>
    public (string Resource, double Microseconds) Bound => Limits.MaxBy(limit => limit.Microseconds);
}

/// <summary>Measures a workload's parts alone, all its calls in order, the forward, and the processor's limits, interleaved.</summary>
internal sealed class Explanation
{
    private const long FirstLevelBytes = 16 * 1024;

    private readonly Dictionary<long, ReadBandwidth> _reads = [];
    private readonly long[] _inOrder = new long[Enum.GetValues<Part>().Length];

    public Explanation(Workload workload, int rounds)
    {
        Workload = workload;
        Plan = PlanOf.Shape(workload.Shape);
        var data = new WorkloadData(workload);
        var buffers = new KernelBuffers(workload, Plan, data);
        KernelCall[] calls = CallList.Create(workload, Plan);
        PartCost[] costs = [.. calls.GroupBy(call => call.Part).Select(part => PartCost.Of(part.Key, [.. part], workload, Plan)).OrderBy(cost => cost.Part)];
        KernelCall[][] callsOf = [.. costs.Select(cost => calls.Where(call => call.Part == cost.Part).ToArray())];

        using ISubject forward = workload.CreateGenerated();
        forward.Prepare(data, threads: 1);
        if (!workload.UsesCache)
            CheckOutput(forward, buffers, calls);
        TimedWork[] parts = [.. callsOf.Select(part => new TimedWork(() => buffers.Run(part)))];
        var replay = new TimedWork(() => buffers.Run(calls));
        var whole = new TimedWork(forward.Run);
        TimedWork[] all = [.. parts, replay, whole];
        TimedWork.WarmUp(all);
        foreach (long bytes in costs.Select(cost => Rounded(cost.FootprintBytes)).Append(FirstLevelBytes).Distinct())
            _reads[bytes] = new ReadBandwidth(bytes, threads: 1, ReadBandwidth.StreamCounts);
        Measure(all, rounds, round => MeasureInOrder(buffers, calls, first: round == 0));

        ForwardMicroseconds = whole.Best;
        ReplayMicroseconds = replay.Best;
        Parts = [.. costs.Zip(parts, (cost, timed) => new ExplainedPart(cost, timed.Best, InOrderMicroseconds(cost.Part), Limits(cost)))];
    }

    public Workload Workload { get; }

    public AttentionPlan Plan { get; }

    public IReadOnlyList<ExplainedPart> Parts { get; }

    /// <summary>Best round of the forward itself.</summary>
    public double ForwardMicroseconds { get; }

    /// <summary>Best round of all the parts' calls in the forward's order.</summary>
    public double ReplayMicroseconds { get; }

    /// <summary>Best FMA peak of the rounds, GFLOP/s.</summary>
    public double PeakGflops { get; private set; }

    /// <summary>Best rate of loads from the first-level cache, GB/s.</summary>
    public double LoadGigabytesPerSecond => _reads[FirstLevelBytes].Best.GigabytesPerSecond;

    /// <summary>Bytes of keys and values of one sequence.</summary>
    public long KeyValueBytes => Plan.KeyValueBytes * Workload.Keys;

    /// <summary>Rate at which a part's data can be read, GB/s.</summary>
    public double ReadGigabytesPerSecond(PartCost cost) => _reads[Rounded(cost.FootprintBytes)].Best.GigabytesPerSecond;

    /// <summary>The calls must be those of the forward: they give its output, bit for bit.</summary>
    /// <exception cref="ArgumentException">They do not.</exception>
    private void CheckOutput(ISubject forward, KernelBuffers buffers, KernelCall[] calls)
    {
        forward.Run();
        buffers.Run(calls);
        int width = Workload.Shape.OutputDim;
        for (int sequence = 0; sequence < Workload.Batch; sequence++)
        {
            for (int row = sequence * Workload.Rows; row < (sequence * Workload.Rows) + Workload.UsefulRows(sequence); row++)
            {
                if (!MemoryMarshal.AsBytes(forward.Output.Slice(row * width, width)).SequenceEqual(MemoryMarshal.AsBytes(buffers.Output.Slice(row * buffers.OutputStride, width))))
                    throw new ArgumentException($"made one by one, its calls give another output than the forward, from row {row} on");
            }
        }
    }

    private double InOrderMicroseconds(Part part) => _inOrder[(int)part] * 1e6 / Stopwatch.Frequency;

    /// <summary>Keeps the fastest round whole, so that its parts add up.</summary>
    private void MeasureInOrder(KernelBuffers buffers, KernelCall[] calls, bool first)
    {
        var ticks = new long[_inOrder.Length];
        buffers.Run(calls, ticks);
        ticks.AsSpan().Clear();
        buffers.Run(calls, ticks);
        if (first || ticks.Sum() < _inOrder.Sum())
            ticks.CopyTo(_inOrder, 0);
    }

    private void Measure(TimedWork[] all, int rounds, Action<int> measureInOrder)
    {
        int steps = FmaPeak.Calibrate(FmaPeak.Lanes);
        for (int round = 0; round < rounds; round++)
        {
            PeakGflops = Math.Max(PeakGflops, FmaPeak.Measure(FmaPeak.Lanes, steps, threads: 1));
            foreach (ReadBandwidth read in _reads.Values)
                read.RunRound();
            foreach (TimedWork work in all)
                work.RunRound();
            measureInOrder(round);
        }
    }

    private (string Resource, double Microseconds)[] Limits(PartCost cost)
    {
        double vectorsPerMicrosecond = PeakGflops * 1000 / (2 * Plan.Target.Lanes);
        double loadsPerMicrosecond = LoadGigabytesPerSecond * 1000 / (sizeof(float) * Plan.Target.Lanes);
        return
        [
            (cost.MultiplyAdds > 0 ? "FMA peak" : "arithmetic ports", cost.ArithmeticVectors / vectorsPerMicrosecond),
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
