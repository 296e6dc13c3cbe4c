using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>A cache that keeps a window in a ring gives the bits of a forward without cache, however the rows come.</summary>
[Trait("Speed", "Slow")]
public sealed class RingTests
{
    private static readonly int[] Windows = [0, 1, 31, 255, 256, 300];

    private static KernelSet All { get; } = new(
    [
        .. Windows.Select(window => ($"window-{window}", new TestConfiguration { Heads = 2, KvHeads = 1, HeadDim = 10, DModel = 20, Causal = true,
            WindowLeft = window, Rotary = RotaryKind.HalfSplit })),
        ("chunks", new TestConfiguration { Heads = 2, DModel = 32, Causal = true, ChunkSize = 100 }),
        ("ragged", new TestConfiguration { Heads = 2, DModel = 32, Causal = true, WindowLeft = 60, Ragged = true, KeyLengths = true,
            Outputs = AttentionOutputs.LogSumExp }),
        ("wide", new TestConfiguration { Heads = 16, KvHeads = 4, HeadDim = 48, DModel = 1000, Causal = true, WindowLeft = 70, Sinks = true }),
    ]);

    public static TheoryData<string> Names => All.Where(configuration => configuration.DModel < 1000);

    private static (IKernel Kernel, AttentionCase Call) Create(string name, int batch, int rows, int seed)
    {
        IKernelType type = All.Type(name);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 6);
        AttentionCase call = AttentionCase.Create(type.Shape, batch, rows, seed: seed, weights: weights);
        return (type.Create(weights), call with { KeyLengths = [.. call.KeyLengths.Select((_, sequence) => call.RowsOf(sequence))] });
    }

    /// <summary>The call's rows through a cache, in chunks.</summary>
    private static float[] Through(AttentionCache cache, IKernel kernel, AttentionCase call, Func<int> next, int threads = 1)
    {
        var output = new float[call.TotalRows * call.Shape.OutputDim];
        int[] first = [.. cache.Lengths];
        while (Enumerable.Range(0, call.Batch).Any(sequence => first[sequence] < call.RowsOf(sequence)))
        {
            int step = next();
            int[] count = [.. Enumerable.Range(0, call.Batch).Select(sequence => Math.Min(call.RowsOf(sequence) - first[sequence], step))];
            call.PutChunk(output, call.Chunk(first, count).RunAll(kernel, threads, cache).Output, first, count);
            first = [.. first.Select((start, sequence) => start + count[sequence])];
        }

        return output;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Prefill_and_decode_equal_one_forward(string name)
    {
        foreach (int rows in (int[])[255, 256, 257, 511, 513, 767, 768, 769, 1030])
        {
            var (kernel, call) = Create(name, batch: 1 + (rows % 2), rows, seed: rows);
            float[] expected = call.Run(kernel);
            var random = new Random(rows);
            AttentionCache cache = kernel.CreateCache(2000, call.Batch);
            Assert.True(cache.Bytes < kernel.CreateCache(2000, call.Batch * 2).Bytes && cache.KeyCapacity <= 768);
            foreach (var (how, next) in ((string, Func<int>)[])
            [
                ("at once", () => rows), ("random", () => random.Next(4) switch { 0 => 1, 1 => random.Next(1, 40), 2 => random.Next(1, 300),
                    _ => random.Next(1, 700) }), ("prefill, then decode", () => cache.Length == 0 ? rows - 40 : 1),
            ])
            {
                // The memory holds what another sequence left, and it must not matter.
                cache.Clear();
                Compare.SameBits(expected, Through(cache, kernel, call, next), call.Shape.OutputDim, $"{name}, {rows} rows {how}");
                cache.Clear();
                Compare.SameBits(expected, Through(cache, kernel, call, next, threads: 2), call.Shape.OutputDim, $"{name}, {rows} rows {how}, two threads");
            }
        }
    }

    [Fact]
    public void Threads_share_chunks()
    {
        var (kernel, call) = Create("wide", batch: 2, rows: 700, seed: 1);
        float[] expected = call.Run(kernel);
        foreach (int threads in (int[])[2, 3, 8])
        {
            AttentionCache cache = kernel.CreateCache(1000, 2);
            Assert.Equal(512, cache.KeyCapacity);
            int calls = 0;
            Compare.SameBits(
                expected,
                Through(cache, kernel, call, () => calls++ switch { 0 => 600, 1 => 1, _ => 30 }, threads),
                call.Shape.OutputDim,
                $"{threads} threads");
        }
    }

    [Theory]
    [InlineData("window-31")]
    [InlineData("window-300")]
    [InlineData("ragged")]
    public void Truncated_and_forked_rings_go_on(string name)
    {
        var (kernel, call) = Create(name, batch: 2, rows: 1000, seed: 2);
        float[] expected = call.Run(kernel);
        AttentionCache cache = kernel.CreateCache(1500, 2);
        float[] output = Through(cache, kernel, call, () => 130);
        Compare.SameBits(expected, output, 1, name);
        for (int repeat = 0; repeat < 2; repeat++)
        {
            AttentionCache fork = repeat == 0 ? cache.Fork() : cache.Fork(4000);
            int[] kept = [.. Enumerable.Range(0, 2).Select(sequence => Math.Max(Math.Min(fork.Lengths[sequence], 0), fork.Lengths[sequence] - 100))];
            for (int sequence = 0; sequence < 2; sequence++)
                fork.Truncate(sequence, kept[sequence]);
            float[] again = Through(fork, kernel, call, () => 33);
            for (int sequence = 0, row = 0; sequence < 2; row += call.RowsOf(sequence++))
            {
                Range rows = ((row + kept[sequence]) * call.Shape.OutputDim)..((row + call.RowsOf(sequence)) * call.Shape.OutputDim);
                Compare.SameBits(expected.AsSpan(rows), again.AsSpan(rows), call.Shape.OutputDim, $"{name}, sequence {sequence}, fork {repeat}");
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(SharedThreads.Most)]
    public void A_cancelled_call_leaves_the_window_as_it_was(int threads)
    {
        var (kernel, call) = Create("wide", batch: 2, rows: 1500, seed: 3);
        float[] expected = call.Run(kernel);
        AttentionCache cache = kernel.CreateCache(2000, 2);
        int[] first = [600, 600], rest = [900, 900];
        call.Chunk([0, 0], first).RunAll(kernel, cache: cache);
        AttentionCase chunk = call.Chunk(first, rest);
        for (int repeat = 0; repeat < 5; repeat++)
        {
            using var cancellation = new CancellationTokenSource();
            var output = new float[chunk.TotalRows * 1000];
            var canceller = new Thread(() =>
            {
                // The second chunk is written over keys that are needed when one of its outputs can be seen.
                while (Volatile.Read(ref output[500 * 1000]) == 0)
                    Thread.Yield();
                cancellation.Cancel();
            });
            canceller.Start();
            Assert.ThrowsAny<OperationCanceledException>(
                () => kernel.Forward(chunk.Arguments.With(output, cache, new() { MaxDegreeOfParallelism = threads, CancellationToken = cancellation.Token })));
            canceller.Join();
            Assert.Equal(first, cache.Lengths.ToArray());
        }

        var whole = new float[expected.Length];
        call.PutChunk(whole, chunk.RunAll(kernel, cache: cache).Output, first, rest);
        for (int sequence = 0; sequence < 2; sequence++)
        {
            Range rows = (((sequence * 1500) + 600) * 1000)..((sequence + 1) * 1500 * 1000);
            Compare.SameBits(expected.AsSpan(rows), whole.AsSpan(rows), 1000, $"sequence {sequence}");
        }
    }
}
