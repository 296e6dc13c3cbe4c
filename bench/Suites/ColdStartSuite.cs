using AttentionGen.Bench.ColdStart;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Engines;

namespace AttentionGen.Bench.Suites;

/// <summary>A whole process that makes a kernel of h8-d512 and runs it once; <c>coldstart</c> tells what it spends its time on.</summary>
[SimpleJob(RunStrategy.Monitoring, launchCount: 1, warmupCount: 1, iterationCount: 10)]
public class ColdStartSuite
{
    /// <summary>Start to end.</summary>
    [Benchmark]
    public void Process()
    {
        if (!ColdStartCommand.RunProcess())
            throw new InvalidOperationException("The process failed.");
    }
}
