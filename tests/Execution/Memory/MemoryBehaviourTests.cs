using System.Diagnostics;
using System.Runtime;
using System.Runtime.CompilerServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Alone in the process while it runs: other tests would take scratch out of the shared pool.</summary>
[CollectionDefinition(nameof(Undisturbed), DisableParallelization = true)]
public sealed class Undisturbed;

/// <summary>No allocation once warm, and no trouble with a collector that moves the caller's arrays.</summary>
[Collection(nameof(Undisturbed))]
[Trait("Speed", "Slow")]
public sealed class MemoryBehaviourTests
{
    private const int WarmUp = 40, Measured = 40, Attempts = 3;

    public static TheoryData<string> All => SelectedConfigurations.All.All;

    public static TheoryData<string> Causal => SelectedConfigurations.All.Where(configuration => configuration.Causal && !configuration.IsCrossAttention);

    public static TheoryData<string> Cross => SelectedConfigurations.All.Where(configuration => configuration.IsCrossAttention);

    [Theory]
    [MemberData(nameof(All))]
    public void Forward_allocates_nothing(string name)
    {
        foreach (var (batch, rows) in ((int, int)[])[(1, 1), (3, 17), (2, 290)])
        {
            var (call, kernel) = SelectedConfigurations.Call(name, batch, rows, keys: 70, seed: 1);
            var output = new float[call.Input.Length];
            AssertNoAllocation(() => kernel.Forward(new AttentionArguments
            {
                Input = call.Input,
                Memory = call.Memory,
                ValueInput = call.ValueInput,
                Output = output,
                KeyLengths = call.KeyLengths,
                Batch = batch,
            }));
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void A_product_allocates_nothing(int threads)
    {
        foreach (int index in (int[])[3, 9, LinearConfigurations.List.Count - 1])
        {
            ILinearType type = LinearConfigurations.Type(index);
            foreach (int rows in (int[])[1, 17, 260])
            {
                LinearCase call = LinearCase.Create(type.Shape, rows, seed: 1);
                ILinearObject linear = type.Create(call.Weights);
                var output = new float[rows * type.Shape.Outputs];
                AssertNoAllocation(() => linear.Forward(call.Arguments(output, threads)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Decode_allocates_nothing(string name)
    {
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, rows: 1, keys: 1, seed: 1);
        var output = new float[call.Input.Length];
        AttentionCache cache = kernel.CreateCache(WarmUp + (Attempts * Measured));
        var lengths = new int[call.KeyLengths.Length];
        int calls = AssertNoAllocation(() =>
        {
            lengths.AsSpan().Fill(cache.Length + 1);
            kernel.Forward(new AttentionArguments { Input = call.Input, Output = output, Cache = cache, KeyLengths = lengths });
        });
        Assert.Equal(calls, cache.Length);
    }

    [Theory]
    [MemberData(nameof(Cross))]
    public void Projected_memory_allocates_nothing(string name)
    {
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, rows: 3, keys: 50, seed: 1);
        var output = new float[call.Input.Length];
        AttentionCache cache = kernel.CreateCache(64, batch: 2);
        AssertNoAllocation(() =>
        {
            call.ProjectMemory(kernel, cache);
            kernel.Forward(new AttentionArguments { Input = call.Input, Output = output, Cache = cache, KeyLengths = call.KeyLengths, Batch = 2 });
        });
    }

    [Theory]
    [InlineData(2)]
    [InlineData(SharedThreads.Most)]
    public void Shared_forward_allocates_nothing_on_the_caller(int threads)
    {
        StartPoolThreads();
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
                Options = new() { MaxDegreeOfParallelism = threads },
            }));
        }
    }

    /// <summary>A pool thread that does not run yet is started, and its object allocated, by whoever queues work: that must be over.</summary>
    private static void StartPoolThreads()
    {
        ThreadPool.GetMinThreads(out int threads, out _);
        using var together = new Barrier(threads + 1);
        for (int thread = 0; thread < threads; thread++)
            ThreadPool.UnsafeQueueUserWorkItem(barrier => barrier.SignalAndWait(), together, preferLocal: false);
        together.SignalAndWait();
    }

    /// <summary>
    /// What a call allocates, every attempt shows. The runtime itself once allocated 7,120 bytes on this thread, on a busy machine; tests/Load,
    /// which counts over a million calls, allows none at all.
    /// </summary>
    /// <returns>How often it called.</returns>
    private static int AssertNoAllocation(Action call)
    {
        for (int repeat = 0; repeat < WarmUp; repeat++)
            call();
        long least = long.MaxValue;
        int attempts = 0;
        for (; attempts < Attempts && least > 0; attempts++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int repeat = 0; repeat < Measured; repeat++)
                call();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
        return WarmUp + (attempts * Measured);
    }

    /// <summary>Inputs and outputs lie on the ordinary heap and are moved while the kernel reads and writes them.</summary>
    [Theory]
    [InlineData("self-lengths")]
    [InlineData("causal-half")]
    [InlineData("cross-lengths")]
    public async Task Compacting_collections_do_not_matter(string name)
    {
        const int Rows = 500, Moves = 20;
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, Rows, keys: 400, seed: 1);
        float[] expected = call.Run(kernel);
        using var stop = new CancellationTokenSource();
        Task collector = Task.Run(
            () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
                    GC.Collect(2, GCCollectionMode.Forced, blocking: true, compacting: true);
                    // Overwrites what the moved arrays left behind, and lets the forward get on before the next suspension.
                    for (int repeat = 0; repeat < 100; repeat++)
                        new float[10_000].AsSpan().Fill(float.NaN);
                    Thread.Sleep(1);
                }
            },
            TestContext.Current.CancellationToken);
        int moves = 0;
        var patience = Stopwatch.StartNew();
        for (int repeat = 0; moves < Moves; repeat++)
        {
            // Garbage before the arrays makes the collector slide them.
            GC.KeepAlive(new byte[5000 + (repeat % 100 * 7)]);
            AttentionCase fresh = call with { Input = call.Input.ToArray(), Memory = call.Memory.ToArray(),
                ValueInput = call.ValueInput.ToArray() };
            nint place = Address(fresh.Input);
            Compare.SameBits(expected, fresh.Run(kernel, threads: 1 + (repeat % SharedThreads.Most)), call.Shape.DModel, $"{name}, forward {repeat}");
            moves += Address(fresh.Input) == place ? 0 : 1;
            Assert.True(patience.Elapsed < TimeSpan.FromMinutes(2), $"Only {moves} of {repeat} inputs moved.");
        }

        await stop.CancelAsync();
        await collector;
    }

    private static unsafe nint Address(float[] array) => (nint)Unsafe.AsPointer(ref array[0]);
}
