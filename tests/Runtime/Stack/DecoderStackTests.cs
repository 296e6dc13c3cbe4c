using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime.Stack;

/// <summary>Stacks of decoder layers: what they compute, and what happens to the memory in their cache.</summary>
public sealed class DecoderStackTests
{
    private const int Layers = 3;
    private const int Rows = 9;

    private static readonly TransformerStack<TranslatingLayer> Stack =
        TransformerStack<TranslatingLayer>.Create(
            [.. Enumerable.Range(0, Layers).Select(layer => new TranslatingLayer(TransformerLayerWeights.Random(TranslatingLayer.Shape, layer)))]);

    private static readonly float[] Input = Numbers(1, Rows * 16);

    private static readonly float[] Memory = Numbers(2, 5 * 12);

    [Fact]
    public void A_stack_equals_its_layers_one_after_another_and_the_reference()
    {
        double[] expected = [.. Input.Select(value => (double)value)];
        float[] rows = Input;
        for (int layer = 0; layer < Layers; layer++)
        {
            var output = new float[rows.Length];
            Stack.Layers[layer].Forward(rows, Memory, output);
            ReferenceResult result = ReferenceLayer.Forward(
                TranslatingLayer.Shape, TransformerLayerWeights.Random(TranslatingLayer.Shape, layer),
                new AttentionArguments { Input = rows, Memory = Memory });
            Compare.Close(result.Output, output, 16, $"layer {layer}");
            rows = output;
        }

        var actual = new float[Input.Length];
        Stack.Forward(new AttentionArguments { Input = Input, Memory = Memory, Output = actual });
        Compare.SameBits(rows, actual, 16, "stack");
        TransformerStackCache cache = Stack.CreateCache(Rows, 8, 1);
        Stack.ProjectMemory(Memory, cache);
        Assert.Equal([5], cache.MemoryLengths);
        Compare.SameBits(rows, Run(cache, 0, Rows), 16, "projected memory");
    }

    [Fact]
    public void Truncated_forked_selected_and_restored_caches_keep_their_memory()
    {
        float[] other = Numbers(3, 5 * 12), both = [.. Memory, .. other], twice = [.. Input, .. Input];
        TransformerStackCache cache = Stack.CreateCache(Rows, 5, batch: 2);
        Stack.ProjectMemory(both, cache);
        float[] expected = Run(cache, 0, Rows, twice);
        cache.Truncate(4);
        Assert.Equal(Last(expected, 2), Last(Run(cache, 4, Rows, twice), 2));

        cache.Truncate(4);
        Assert.Equal(Last(expected, 2), Last(Run(cache.Fork(20), 4, Rows, twice), 2));
        TransformerStackCache swapped = cache.Fork([1, 0]);
        cache.Select([1, 0]);
        float[] turned = [.. expected[(Rows * 16)..], .. expected[..(Rows * 16)]];
        Assert.Equal(Last(turned, 2), Last(Run(swapped, 4, Rows, twice), 2));
        using var stream = new MemoryStream();
        cache.Save(stream);
        Assert.Equal(Last(turned, 2), Last(Run(cache, 4, Rows, twice), 2));

        stream.Position = 0;
        TransformerStackCache restored = TransformerStackCache.Restore(stream, Stack);
        Assert.Equal([5, 5], restored.MemoryLengths);
        Assert.Equal(Last(turned, 2), Last(Run(restored.Fork(Rows), 4, Rows, twice), 2));
        stream.Position = 0;
        cache.Clear();
        Assert.Equal([0, 0], cache.MemoryLengths);
        Assert.Throws<InvalidOperationException>(() => Run(cache, 4, Rows, twice));
        cache.Restore(stream);
        Assert.Equal(Last(turned, 2), Last(Run(cache, 4, Rows, twice), 2));

        // The keys of a memory are missing: a half-read cache would be a lie.
        using var cut = new MemoryStream(stream.ToArray()[..^8]);
        Assert.Throws<InvalidDataException>(() => cache.Restore(cut));
        Assert.Equal([0, 0, 0, 0], [.. cache.Lengths, .. cache.MemoryLengths]);
    }

    [Fact]
    public void A_new_memory_replaces_the_old_one_and_leaves_the_keys()
    {
        TransformerStackCache cache = Stack.CreateCache(Rows, 7, 1);
        Stack.ProjectMemory(Numbers(4, 7 * 12), cache);
        Run(cache, 0, 4);
        Stack.ProjectMemory(Memory, cache);
        Assert.Equal((4, 5), (cache.Length, cache.MemoryLengths[0]));

        using var cancelled = new CancellationTokenSource();
        cancelled.Cancel();
        Assert.Throws<OperationCanceledException>(
            () => Stack.ProjectMemory(Memory, cache, default, new ForwardOptions { CancellationToken = cancelled.Token }));
        Assert.Equal(5, cache.MemoryLengths[0]);
        Assert.Contains(
            "holds 0 of at most 7 keys, and memory has 8 more",
            Assert.Throws<InvalidOperationException>(() => Stack.ProjectMemory(Numbers(4, 8 * 12), cache)).Message);
        Assert.Equal("memory", Assert.Throws<ArgumentException>(() => Stack.ProjectMemory(Numbers(4, 13), cache)).ParamName);
        Assert.Equal((4, 5), (cache.Length, cache.MemoryLengths[0]));
    }

    [Fact]
    public void What_is_wrong_with_a_memory_is_said_by_name()
    {
        var output = new float[Input.Length];
        TransformerStackCache cache = Stack.CreateCache(Rows, 5, 1);
        Assert.Contains("cache holds no memory", Assert.Throws<InvalidOperationException>(() => Stack.Forward(Input, output, cache)).Message);
        Stack.ProjectMemory(Memory, cache);
        Refuse(
            "memory",
            "because the cache holds the projected memory",
            () => Stack.Forward(new AttentionArguments { Input = Input, Memory = Memory, Output = output }, cache));
        Refuse("memory", "memory.Length is 13", () => Stack.Forward(new AttentionArguments { Input = Input, Memory = new float[13], Output = output }));
        Refuse(
            "memoryLengths",
            "does not declare MemoryLengths",
            () => Stack.Forward(new AttentionArguments { Input = Input, Memory = Memory, MemoryLengths = [5], Output = output }));
        Assert.Contains("CreateCache(capacity, memoryCapacity, batch)", Assert.Throws<NotSupportedException>(() => Stack.CreateCache(9)).Message);
        Assert.Equal("memoryCapacity", Assert.Throws<ArgumentOutOfRangeException>(() => Stack.CreateCache(9, 0, 1)).ParamName);

        // A cache of another memory, or of none.
        var layer = Stack.Layers[0];
        var plain = new AttentionCache(TranslatingLayer.Shape.Attention, 9);
        Refuse("cache", "no part for a memory", () => layer.Forward(Input, output, plain));
        Refuse("cache", "no part for a memory", () => layer.ProjectMemory(Memory, plain));
        Assert.True(output.AsSpan().IndexOfAnyExcept(0f) < 0);

        // The output must not be the memory.
        var longer = new float[(24 * 12) + Input.Length];
        Refuse("output", "output overlaps memory", () => layer.Forward(Input, longer.AsSpan(0, 12 * 12), longer.AsSpan(140, Input.Length)));

        static void Refuse(string argument, string message, Action call)
        {
            ArgumentException error = Assert.ThrowsAny<ArgumentException>(call);
            Assert.Equal(argument, error.ParamName);
            Assert.Contains(message, error.Message);
        }
    }

    [Fact]
    public void Calls_with_a_cache_allocate_nothing()
    {
        TransformerStackCache cache = Stack.CreateCache(40, 5, 1);
        Stack.ProjectMemory(Memory, cache);
        float[] row = Numbers(5, 16), output = new float[16];
        for (int step = 0; step < 3; step++)
            Stack.Forward(row, output, cache);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Stack.ProjectMemory(Memory, cache);
        for (int step = 0; step < 10; step++)
            Stack.Forward(row, output, cache);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static float[] Run(TransformerStackCache cache, int first, int end, float[]? input = null)
    {
        input ??= Input;
        int batch = cache.Batch, width = 16 * Rows;
        float[] rows = [.. Enumerable.Range(0, batch).SelectMany(sequence => input[((sequence * width) + (first * 16))..((sequence * width) + (end * 16))])],
        output = new float[rows.Length];
        Stack.Forward(rows, output, cache);
        return output;
    }

    /// <summary>The last rows of each of two sequences.</summary>
    private static float[] Last(float[] output, int rows) => [.. output[((output.Length / 2) - (rows * 16))..(output.Length / 2)], .. output[^(rows * 16)..]];

    private static float[] Numbers(int seed, int count)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)((random.NextDouble() * 2) - 1))];
    }
}

[TransformerLayerConfig(Heads = 2, DModel = 16, FeedForwardDim = 24, Causal = true, Rotary = RotaryKind.HalfSplit, MemoryDim = 12)]
internal sealed partial class TranslatingLayer;
