using AttentionGen.Bench.Explain;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;
using BenchmarkDotNet.Attributes;

namespace AttentionGen.Bench.Suites;

/// <summary>Each kernel alone: all its calls in one forward, on buffers of the real sizes, with GFLOP/s of the multiply-adds executed.</summary>
[GflopsColumn]
public class KernelSuite
{
    private KernelBuffers? _buffers;
    private KernelCall[] _calls = [];

    /// <summary>A workload and one of its parts.</summary>
    public static IEnumerable<string> Kernels =>
        from name in new[] { "h8-d512-s128", "h8-d512-s512", "causal-h8-d512-s512", "decode-h14/2-d896-c512" }
        let workload = WorkloadList.Find(name)
        from part in CallList.Create(workload, PlanOf.Shape(workload.Shape)).Select(call => call.Part).Distinct().Order()
        select $"{name} {part}";

    /// <summary>Which one.</summary>
    [ParamsSource(nameof(Kernels))]
    public string Kernel { get; set; } = "";

    /// <summary>Makes the buffers and the list of calls.</summary>
    [GlobalSetup]
    public void Setup()
    {
        (Workload workload, _, AttentionPlan plan, _calls) = Find(Kernel);
        _buffers = new KernelBuffers(workload, plan, new WorkloadData(workload));
    }

    /// <summary>All calls of the kernel in one forward.</summary>
    [Benchmark]
    public void Calls() => _buffers!.Run(_calls);

    /// <summary>Operations of one iteration, for <see cref="GflopsColumn"/>.</summary>
    internal static double Operations(string kernel)
    {
        (Workload workload, Part part, AttentionPlan plan, KernelCall[] calls) = Find(kernel);
        return 2 * PartCost.Of(part, calls, workload, plan).MultiplyAdds;
    }

    private static (Workload Workload, Part Part, AttentionPlan Plan, KernelCall[] Calls) Find(string kernel)
    {
        string[] words = kernel.Split(' ');
        Workload workload = WorkloadList.Find(words[0]);
        Part part = Enum.Parse<Part>(words[1]);
        AttentionPlan plan = PlanOf.Shape(workload.Shape);
        return (workload, part, plan, [.. CallList.Create(workload, plan).Where(call => call.Part == part)]);
    }
}
