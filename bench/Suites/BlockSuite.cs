using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;
using BenchmarkDotNet.Attributes;

namespace AttentionGen.Bench.Suites;

/// <summary>The whole block of each workload, one thread, with GFLOP/s of useful work.</summary>
[MemoryDiagnoser(displayGenColumns: false)]
[GflopsColumn]
public class BlockSuite
{
    private ISubject? subject;

    /// <summary>Names of all workloads.</summary>
    public static IEnumerable<string> Workloads => WorkloadList.All.Select(workload => workload.Name);

    /// <summary>Which one.</summary>
    [ParamsSource(nameof(Workloads))]
    public string Workload { get; set; } = "";

    /// <summary>Packs the weights and fills the cache.</summary>
    [GlobalSetup]
    public void Setup()
    {
        Workload workload = WorkloadList.Find(Workload);
        subject = workload.CreateGenerated();
        subject.Prepare(workload.CreateData(), threads: 1);
    }

    /// <summary>One call.</summary>
    [Benchmark]
    public void Forward() => subject!.Run();

    /// <summary>Operations of one call, for <see cref="GflopsColumn"/>.</summary>
    internal static double Operations(string workload) => WorkloadList.Find(workload).UsefulOperations;
}
