using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Keys that came by prefill, in whatever chunks, or one by one, give the bits of one uncached forward.</summary>
[Trait("Speed", "Slow")]
public sealed class CacheTests
{
    public static TheoryData<string> Causal => SelectedConfigurations.All.Where(configuration => configuration.Causal && !configuration.IsCrossAttention);

    public static TheoryData<string> Cross => SelectedConfigurations.All.Where(configuration => configuration.IsCrossAttention);

    [Theory]
    [MemberData(nameof(Causal))]
    public void Chunks_equal_one_forward(string name)
    {
        foreach (int rows in (int[])[1, 5, 19, 64, 255, 256, 257, 300, 530])
        {
            int batch = 1 + (rows % 2);
            var (call, kernel) = SelectedConfigurations.Call(name, batch, rows, rows, seed: rows);
            float[] expected = call.Run(kernel);
            var random = new Random(rows);
            // Room to spare, none at all, and a capacity that is no multiple of a panel.
            foreach (int capacity in (int[])[rows, rows + 1, rows + 100])
            {
                AttentionCache cache = kernel.CreateCache(capacity, batch);
                Compare.SameBits(
                    expected, InChunks(call, kernel, cache, () => NextChunk(random)), call.Shape.DModel, $"{name}, {rows} rows in chunks, capacity {capacity}");
                Assert.Equal(rows, cache.Length);
            }

            AttentionCache whole = kernel.CreateCache(rows + 7, batch);
            Compare.SameBits(expected, InChunks(call, kernel, whole, () => rows), call.Shape.DModel, $"{name}, {rows} rows in one prefill");
        }
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void One_by_one_equals_one_forward(string name)
    {
        const int Rows = 290;
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 1, Rows, Rows, seed: 17);
        float[] output = InChunks(call, kernel, kernel.CreateCache(Rows), () => 1);
        Compare.SameBits(call.Run(kernel), output, call.Shape.DModel, name);
    }

    [Theory]
    [MemberData(nameof(Causal))]
    public void Truncated_and_cleared_caches_start_again(string name)
    {
        const int Rows = 70, Kept = 37;
        var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, Rows, Rows, seed: 23);
        AttentionCase other = SelectedConfigurations.Call(name, batch: 2, Rows, Rows, seed: 24).Call;
        AttentionCase mixed = call with { KeyLengths = [.. call.KeyLengths.Select(_ => Rows)] };
        float[] expected = mixed.Run(kernel);
        AttentionCache cache = kernel.CreateCache(Rows, batch: 2);

        InChunks(mixed, kernel, cache, () => 9, last: Kept);
        InChunks(other with { KeyLengths = mixed.KeyLengths }, kernel, cache, () => Rows, first: Kept);
        cache.Truncate(Kept);
        Assert.Equal(Kept, cache.Length);
        int width = call.Shape.DModel;
        float[] actual = InChunks(mixed, kernel, cache, () => 5, first: Kept);
        for (int sequence = 0; sequence < mixed.Batch; sequence++)
        {
            Range rest = (((sequence * Rows) + Kept) * width)..((sequence + 1) * Rows * width);
            Compare.SameBits(expected.AsSpan(rest), actual.AsSpan(rest), width, $"{name} after Truncate");
        }

        cache.Clear();
        Assert.Equal(0, cache.Length);
        Compare.SameBits(expected, InChunks(mixed, kernel, cache, () => 11), width, $"{name} after Clear");
    }

    [Theory]
    [MemberData(nameof(Cross))]
    public void Projected_memory_equals_memory(string name)
    {
        foreach (int keys in (int[])[0, 1, 16, 100, 256, 300])
        {
            var (call, kernel) = SelectedConfigurations.Call(name, batch: 2, rows: 21, keys, seed: keys);
            float[] expected = call.Run(kernel);
            AttentionCache cache = kernel.CreateCache(310, batch: 2);
            // A longer memory was there before: nothing of it may be seen.
            SelectedConfigurations.Call(name, 2, 1, 310, seed: 99).Call.ProjectMemory(kernel, cache);
            call.ProjectMemory(kernel, cache);
            Assert.Equal(keys, cache.Length);
            for (int repeat = 0; repeat < 2; repeat++)
            {
                var output = new float[expected.Length];
                kernel.Forward(new AttentionArguments { Input = call.Input, Output = output, Cache = cache, KeyLengths = call.KeyLengths, Batch = 2 });
                Compare.SameBits(expected, output, call.Shape.DModel, $"{name}, {keys} keys");
            }

            Assert.Equal(keys, cache.Length);
        }
    }

    private static int NextChunk(Random random) => random.Next(4) switch
    {
        0 => 1,
        1 => random.Next(1, 8),
        2 => random.Next(1, 70),
        _ => random.Next(1, 300),
    };

    /// <summary>Rows first to last of every sequence through the cache; output is at the rows' own places.</summary>
    private static float[] InChunks(AttentionCase call, IKernel kernel, AttentionCache cache, Func<int> nextChunk, int first = 0, int last = int.MaxValue)
    {
        int width = call.Shape.DModel;
        last = Math.Min(last, call.Rows);
        var whole = new float[call.Input.Length];
        while (first < last)
        {
            int rows = Math.Min(nextChunk(), last - first);
            var input = new float[call.Batch * rows * width];
            var output = new float[input.Length];
            for (int sequence = 0; sequence < call.Batch; sequence++)
                Array.Copy(call.Input, ((sequence * call.Rows) + first) * width, input, sequence * rows * width, rows * width);
            int total = first + rows;
            kernel.Forward(new AttentionArguments
            {
                Input = input,
                Output = output,
                Cache = cache,
                KeyLengths = call.KeyLengths.Select(length => Math.Min(length, total)).ToArray(),
                Batch = call.Batch,
            });
            for (int sequence = 0; sequence < call.Batch; sequence++)
                Array.Copy(output, sequence * rows * width, whole, ((sequence * call.Rows) + first) * width, rows * width);
            first = total;
        }

        return whole;
    }
}
