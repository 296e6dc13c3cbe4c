using System.Runtime;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Alone in the process while it runs: other tests would take scratch out of the shared pool.</summary>
[CollectionDefinition(nameof(Undisturbed), DisableParallelization = true)]
public sealed class Undisturbed;

/// <summary>No allocation once warm, and no trouble with a collector that moves the caller's arrays.</summary>
[Collection(nameof(Undisturbed))]
public sealed class MemoryBehaviourTests
{
    private const int WarmUp = 40, Measured = 40;

    public static TheoryData<string> All => SelectedConfigurations.All.All;

    public static TheoryData<string> Causal => SelectedConfigurations.All.Where(configuration => configuration.Causal && !configuration.IsCrossAttention);

    public static TheoryData<string> Cross => SelectedConfigurations.All.Where(configuration => configuration.IsCrossAttention);

    [Theory]
    [MemberData(nameof(All))]
    public void ForwardAllocatesNothing(string name)
    {
        foreach (var (batch, rows) in ((int, int)[])[(1, 1), (3, 17), (2, 290)])
        {
            var (call, kernel) = SelectedConfigurations.Call(name, batch, rows, keys: 70, seed: 1);
            var output = new float[call.Input.Length];
            AssertNoAllocation(() => kernel.Forward(new AttentionArguments
            {
                Input = call.Input,
                Memory = call.Memory,
                Output = output,
                KeyLengths = call.KeyLengths,
                Batch = batch,
            }));
        }
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void DecodeAllocatesNothing(string name)
    {
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, rows: 1, keys: 1, seed: 1);
        var output = new float[call.Input.Length];
        AttentionCache cache = kernel.CreateCache(WarmUp + Measured);
        var lengths = new int[call.KeyLengths.Length];
        AssertNoAllocation(() =>
        {
            lengths.AsSpan().Fill(cache.Length + 1);
            kernel.Forward(new AttentionArguments { Input = call.Input, Output = output, Cache = cache, KeyLengths = lengths });
        });
        Assert.Equal(WarmUp + Measured, cache.Length);
    }

    [Theory]
    [MemberData(nameof(Cross))]
    public void ProjectedMemoryAllocatesNothing(string name)
    {
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, rows: 3, keys: 50, seed: 1);
        var output = new float[call.Input.Length];
        AttentionCache cache = kernel.CreateCache(64, batch: 2);
        AssertNoAllocation(() =>
        {
            kernel.ProjectMemory(call.Memory, cache);
            kernel.Forward(new AttentionArguments { Input = call.Input, Output = output, Cache = cache, KeyLengths = call.KeyLengths, Batch = 2 });
        });
    }

    [Fact]
    public void SharedForwardAllocatesNothingOnTheCaller()
    {
        IKernelType type = ThreadTests.Wide.Type("self");
        IKernel kernel = type.Create(AttentionWeights.Random(type.Shape, seed: 1));
        foreach (var (batch, rows) in ((int, int)[])[(1, 1), (1, 60), (4, 3)])
        {
            AttentionCase call = AttentionCase.Create(type.Shape, batch, rows);
            var output = new float[call.Input.Length];
            AssertNoAllocation(() => kernel.Forward(new AttentionArguments
            {
                Input = call.Input,
                Output = output,
                Batch = batch,
                Options = new() { MaxDegreeOfParallelism = 2 },
            }));
        }
    }

    private static void AssertNoAllocation(Action call)
    {
        for (int repeat = 0; repeat < WarmUp; repeat++)
            call();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int repeat = 0; repeat < Measured; repeat++)
            call();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Inputs and outputs lie on the ordinary heap and are moved while the kernel reads and writes them.</summary>
    [Theory]
    [InlineData("self-lengths")]
    [InlineData("causal-half")]
    [InlineData("cross-lengths")]
    public async Task CompactingCollectionsDoNotMatter(string name)
    {
        const int Rows = 150, Collections = 40;
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, Rows, keys: 120, seed: 1);
        float[] expected = call.Run(kernel);
        using var stop = new CancellationTokenSource();
        int collections = 0;
        Task collector = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                    GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                    collections++;
                    // Without a pause the next suspension follows so fast that the forward never gets anywhere.
                    Thread.Sleep(1);
                }
            },
            TestContext.Current.CancellationToken);
        for (int repeat = 0; Volatile.Read(ref collections) < Collections; repeat++)
        {
            // Garbage before the arrays makes the collector slide them.
            _ = new byte[5000 + (repeat * 7)];
            AttentionCase fresh = call with { Input = call.Input.ToArray(), Memory = call.Memory.ToArray() };
            Compare.SameBits(expected, fresh.Run(kernel), call.Shape.DModel, $"{name}, forward {repeat}");
        }

        await stop.CancelAsync();
        await collector;
    }
}
