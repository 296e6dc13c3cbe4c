namespace AttentionGen.Tests.Runtime.Stack;

/// <summary>The caches of all layers act as one: rows in any chunks give the same bits, and a call that fails changes nothing in any layer.</summary>
public sealed class TransformerStackCacheTests
{
    private const int Width = 8;

    /// <summary>Fewer rows than a ring, and so many that it goes round.</summary>
    public static TheoryData<int> Rows => [30, 700];

    [Theory]
    [MemberData(nameof(Rows))]
    public void Prefill_in_chunks_and_decode_equal_one_forward(int rows)
    {
        TransformerStack stack = TransformerStack.Create(TransformerStackTests.Mixed<LocalAttention, GlobalAttention>());
        float[] input = TestNumbers.Random(seed: rows, count: rows * Width), expected = new float[input.Length];
        stack.Forward(input, expected);
        TransformerStackPool pool = stack.CreateCachePool(pages: 3);
        foreach ((int[] chunks, bool isPaged) in ((int[], bool)[])
            [([rows], false), ([rows - 9, 1, 1, 7], false), ([5, rows - 6, 1], false), ([rows], true), ([rows - 9, 1, 1, 7], true), ([5, rows - 6, 1], true)])
        {
            TransformerStackCache cache = isPaged ? pool.CreateCache(1000) : stack.CreateCache(1000);
            float[] output = new float[input.Length];
            foreach (int chunk in chunks)
                Append(stack, cache, input, output, chunk);
            Assert.Equal(expected, output);
            Assert.Equal(rows, cache.Length);
            Assert.Equal(Math.Max(0, rows - 512), cache.GetFirstHeldKey(0));
            cache.Clear();
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_call_that_fails_in_any_layer_changes_no_layer(int rows)
    {
        HalfLayer<LocalAttention>[] local = HalfLayer<LocalAttention>.CreateMany(2);
        HalfLayer<GlobalAttention>[] global = HalfLayer<GlobalAttention>.CreateMany(2);
        TransformerStack stack = TransformerStack.Create(
            [StackLayer.Of(local[0]), StackLayer.Of(global[0]), StackLayer.Of(local[1]), StackLayer.Of(global[1])]);
        float[] input = TestNumbers.Random(seed: 1, count: (rows + 40) * Width), expected = new float[input.Length];
        stack.Forward(input, expected);

        TransformerStackPool pool = stack.CreateCachePool(pages: 8);
        for (int failing = 0; failing < 4; failing++)
        {
            TransformerStackCache cache = failing % 2 == 0 ? stack.CreateCache(1000) : pool.CreateCache(1000);
            float[] output = new float[input.Length];
            Append(stack, cache, input, output, rows);
            long[] before = Contents(cache);
            foreach (int chunk in (int[])[1, 40])
            {
                foreach (bool isCancelled in (bool[])[false, true])
                {
                    using var cancellation = new CancellationTokenSource();
                    Action inside = isCancelled ? cancellation.Cancel : () => throw new TimeZoneNotFoundException();
                    (_, _) = failing switch { 0 => (local[0].Inside = inside, 0), 1 => (global[0].Inside = inside, 0), 2 => (local[1].Inside = inside, 0),
                        _ => (global[1].Inside = inside, 0) };
                    var options = new ForwardOptions { CancellationToken = cancellation.Token };
                    Exception exception = Assert.ThrowsAny<Exception>(
                        () => stack.Forward(input.AsSpan(rows * Width, chunk * Width), new float[chunk * Width], cache, options));
                    Assert.Equal(isCancelled ? typeof(OperationCanceledException) : typeof(TimeZoneNotFoundException), exception.GetType());
                    local[0].Inside = local[1].Inside = global[0].Inside = global[1].Inside = null;
                    Assert.Equal([rows], cache.Lengths.ToArray());
                    Assert.Equal(before, Contents(cache));
                    Assert.Equal(failing % 2 == 0 ? 8 : 8 - ((rows + 255) / 256), pool.FreePages);
                }
            }

            Append(stack, cache, input, output, 1);
            Append(stack, cache, input, output, 39);
            Assert.Equal(expected, output);
            cache.Clear();
        }
    }

    /// <summary>Two answers to one prompt, each in a cache of its own, and a third in a sequence of another cache.</summary>
    [Fact]
    public void Sequences_of_a_pool_share_a_prompt()
    {
        const int Prompt = 300;
        TransformerStack stack = TransformerStack.Create(
            [StackLayer.Of(HalfLayer<RaggedLocalAttention>.CreateMany(1)[0]), StackLayer.Of(HalfLayer<RaggedGlobalAttention>.CreateMany(1)[0])]);
        TransformerStackPool pool = stack.CreateCachePool(pages: 5);
        TransformerStackCache prompt = pool.CreateCache(600), answers = pool.CreateCache(600, batch: 2);
        float[] rows = TestNumbers.Random(seed: 1, count: Prompt * Width);
        stack.Forward(new() { Input = rows, Output = new float[rows.Length], RowOffsets = [0, Prompt] }, prompt);
        Assert.Equal(3, pool.FreePages);
        answers.CopySequence(0, prompt, 0, Prompt);
        answers.CopySequence(1, answers, 0, Prompt - 1);
        Assert.Equal((3, Prompt, Prompt - 1), (pool.FreePages, answers.Lengths[0], answers.Lengths[1]));

        float[] next = TestNumbers.Random(seed: 2, count: 3 * Width), output = new float[next.Length];
        stack.Forward(new() { Input = next, Output = output, RowOffsets = [0, 1, 3], Batch = 2 }, answers);
        // The page that the prompt does not fill, once for each answer; a failure leaves it at that.
        Assert.Equal(1, pool.FreePages);
        float[] many = new float[580 * Width];
        Assert.Throws<InvalidOperationException>(
            () => stack.Forward(new() { Input = many, Output = new float[many.Length], RowOffsets = [0, 290, 580], Batch = 2 }, answers));
        Assert.Equal((1, Prompt + 1, Prompt + 1), (pool.FreePages, answers.Lengths[0], answers.Lengths[1]));
        for (int answer = 0; answer < 2; answer++)
        {
            float[] whole = [.. rows.AsSpan(0, (Prompt - answer) * Width), .. next.AsSpan(answer * Width, (1 + answer) * Width)];
            float[] expected = new float[whole.Length];
            stack.Forward(whole, expected, [0, whole.Length / Width]);
            Assert.Equal(expected[^((1 + answer) * Width)..], output[(answer * Width)..((1 + (2 * answer)) * Width)]);
        }

        answers.Truncate(0, 0);
        prompt.Clear();
        Assert.Equal(3, pool.FreePages);
        Assert.Throws<ArgumentException>("cache", () => answers.CopySequence(0, TransformerStack.Create(
            [StackLayer.Of(HalfLayer<RaggedLocalAttention>.CreateMany(1)[0])]).CreateCache(10), 0, 0));
        Assert.Throws<NotSupportedException>(
            () => TransformerStack.Create([StackLayer.Of(HalfLayer<LocalAttention>.CreateMany(1)[0])]).CreateCachePool(4));
    }

    [Fact]
    public void Ragged_sequences_of_different_lengths_equal_each_alone_after_a_failure_too()
    {
        HalfLayer<RaggedLocalAttention>[] local = HalfLayer<RaggedLocalAttention>.CreateMany(2);
        HalfLayer<RaggedGlobalAttention>[] global = HalfLayer<RaggedGlobalAttention>.CreateMany(1);
        TransformerStack stack = TransformerStack.Create([StackLayer.Of(local[0]), StackLayer.Of(global[0]), StackLayer.Of(local[1])]);
        int[] lengths = [600, 3, 40];
        float[][] inputs = [.. lengths.Select(rows => TestNumbers.Random(seed: rows, count: rows * Width))];
        float[][] expected =
            [.. inputs.Select(input => { float[] output = new float[input.Length]; stack.Forward(input, output, [0, input.Length / Width]); return output; })];

        TransformerStackCache cache = stack.CreateCache(800, batch: 3);
        float[][] outputs = [.. inputs.Select(input => new float[input.Length])];
        int[] first = [0, 0, 0];
        foreach (int[] chunk in (int[][])[[570, 1, 0], [1, 1, 30], [29, 1, 10]])
        {
            int[] offsets = [0, chunk[0], chunk[0] + chunk[1], chunk.Sum()];
            float[] rows =
                [.. Enumerable.Range(0, 3).SelectMany(sequence => inputs[sequence][(first[sequence] * Width)..((first[sequence] + chunk[sequence]) * Width)])];
            float[] output = new float[rows.Length];
            local[1].Inside = () => throw new TimeZoneNotFoundException();
            Assert.Throws<TimeZoneNotFoundException>(() => stack.Forward(rows, output, cache, offsets));
            Assert.Equal(first, cache.Lengths.ToArray());
            local[1].Inside = null;
            stack.Forward(rows, output, cache, offsets);
            for (int sequence = 0; sequence < 3; sequence++)
            {
                output.AsSpan(offsets[sequence] * Width, chunk[sequence] * Width).CopyTo(outputs[sequence].AsSpan(first[sequence] * Width));
                first[sequence] += chunk[sequence];
            }
        }

        Assert.Equal(expected, outputs);
        Assert.Equal(lengths, cache.Lengths.ToArray());
        Assert.Throws<InvalidOperationException>(() => stack.Forward(new float[801 * Width], new float[801 * Width], cache, [0, 1, 1, 801]));
        Assert.Equal(lengths, cache.Lengths.ToArray());
    }

    [Fact]
    public void Truncated_forked_selected_and_restored_caches_continue_with_the_same_bits()
    {
        TransformerStack stack = TransformerStack.Create(TransformerStackTests.Mixed<LocalAttention, GlobalAttention>());
        const int Batch = 2, Before = 24, After = 6;
        float[] input = TestNumbers.Random(seed: 1, count: Batch * Before * Width), next = TestNumbers.Random(seed: 2, count: Batch * After * Width);
        TransformerStackCache cache = stack.CreateCache(40, Batch);
        stack.Forward(input, new float[input.Length], cache);
        Assert.Equal((3, 40, Batch, Before), (cache.LayerCount, cache.Capacity, cache.Batch, cache.Length));
        Assert.True(cache.Bytes >= 3L * Batch * 40 * 2 * 4 * sizeof(float));

        TransformerStackCache copy = cache.Fork(), larger = cache.Fork(60), swapped = cache.Fork([1, 0, 1]);
        Assert.Equal((60, 40, 3), (larger.Capacity, swapped.Capacity, swapped.Batch));
        float[] expected = Continue(stack, cache, next);
        Assert.Equal(expected, Continue(stack, copy, next));
        Assert.Equal(expected, Continue(stack, larger, next));

        int half = After * Width;
        float[] third = Continue(stack, swapped, [.. next[half..], .. next[..half], .. next[half..]]);
        Assert.Equal([.. expected[half..], .. expected[..half], .. expected[half..]], third);

        cache.Truncate(Before);
        Assert.Equal(expected, Continue(stack, cache, next));
        cache.Truncate(1, Before);
        cache.Truncate(0, Before);
        cache.Select([1, 0]);
        Assert.Equal([.. expected[half..], .. expected[..half]], Continue(stack, cache, [.. next[half..], .. next[..half]]));

        cache.Truncate(Before);
        cache.Select([1, 0]);
        using var saved = new MemoryStream();
        cache.Save(saved);
        cache.Clear();
        Assert.Equal(0, cache.Length);
        saved.Position = 0;
        cache.Restore(saved);
        Assert.Equal(saved.Length, saved.Position);
        Assert.Equal(expected, Continue(stack, cache, next));
        saved.Position = 0;
        TransformerStackCache read = TransformerStackCache.Restore(saved, stack).Fork(40);
        Assert.Equal(expected, Continue(stack, read, next));
    }

    [Fact]
    public void A_truncation_that_one_layer_refuses_changes_no_layer()
    {
        TransformerStack stack = TransformerStack.Create(TransformerStackTests.Mixed<LocalAttention, GlobalAttention>());
        TransformerStackCache cache = stack.CreateCache(1000);
        float[] input = TestNumbers.Random(seed: 1, count: 700 * Width);
        Append(stack, cache, input, new float[input.Length], 700);
        long[] before = Contents(cache);
        Assert.Contains("holds keys from 188 on", Assert.Throws<InvalidOperationException>(() => cache.Truncate(100)).Message);
        Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 100));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(701));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(0, -1));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.Truncate(1, 0));
        Assert.Throws<ArgumentException>("parents", () => cache.Select([0, 0]));
        Assert.Throws<ArgumentOutOfRangeException>("parents", () => cache.Select([1]));
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => cache.Fork(699));
        Assert.Equal(before, Contents(cache));
    }

    [Fact]
    public void A_damaged_stream_leaves_a_cache_as_it_was_or_empty()
    {
        TransformerStack stack = TransformerStack.Create(TransformerStackTests.Mixed<LocalAttention, GlobalAttention>());
        TransformerStackCache cache = stack.CreateCache(40);
        float[] input = TestNumbers.Random(seed: 1, count: 24 * Width);
        Append(stack, cache, input, new float[input.Length], 20);
        using var stream = new MemoryStream();
        cache.Save(stream);
        byte[] saved = stream.ToArray();
        Append(stack, cache, input, new float[input.Length], 4);

        for (int end = 0; end < saved.Length; end += 7)
        {
            TransformerStackCache target = cache.Fork();
            Assert.Throws<InvalidDataException>(() => target.Restore(new MemoryStream(saved[..end])));
            Assert.Contains(target.Length, (int[])[0, 24]);
            for (int layer = 0; layer < 3; layer++)
                Assert.Equal(target.Length, target[layer].Length);
            Assert.Throws<InvalidDataException>(() => TransformerStackCache.Restore(new MemoryStream(saved[..end]), stack));
        }

        byte[] other = [.. saved];
        other[12] = 2;
        Assert.Contains("has 2 layers; expected 3", Assert.Throws<InvalidDataException>(() => cache.Restore(new MemoryStream(other))).Message);
        Assert.Equal(24, cache.Length);
        TransformerStackCache small = stack.CreateCache(10);
        Assert.Contains("at most the capacity, 10", Assert.Throws<InvalidDataException>(() => small.Restore(new MemoryStream(saved))).Message);

        // Two layers of different lengths, each saved as it should be.
        using var mixed = new MemoryStream();
        cache.Save(mixed);
        int header = 16, layerBytes = (saved.Length - header - SavedBytes(cache[1], 20)) / 2;
        byte[] unequal = [.. saved[..(header + layerBytes)], .. mixed.ToArray()[(header + SavedBytes(cache[0], 24))..]];
        Assert.Contains("layer 1 has sequences of other lengths", Assert.Throws<InvalidDataException>(() => cache.Restore(new MemoryStream(unequal))).Message);
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void A_cache_in_use_is_refused_to_other_calls()
    {
        HalfLayer<GlobalAttention>[] layers = HalfLayer<GlobalAttention>.CreateMany(3);
        var stack = TransformerStack<HalfLayer<GlobalAttention>>.Create(layers);
        TransformerStackCache cache = stack.CreateCache(10);
        float[] rows = TestNumbers.Random(seed: 1, count: 2 * Width), output = new float[rows.Length];
        int tried = 0;
        // Layer 0 has ended by then, so that its own cache is free.
        layers[1].Inside = () =>
        {
            layers[1].Inside = null;
            foreach (Action use in (Action[])[
                () => stack.Forward(rows, new float[rows.Length], cache), cache.Clear, () => cache.Truncate(0), () => cache.Truncate(0, 0),
                () => cache.Select([0]),
                () => cache.Fork(), () => cache.Fork([0]), () => cache.Save(new MemoryStream()), () => cache.Restore(new MemoryStream())])
            {
                Assert.Contains("cache is in use by another call", Assert.Throws<InvalidOperationException>(use).Message);
                tried++;
            }
        };
        stack.Forward(rows, output, cache);
        Assert.Equal((9, 2), (tried, cache.Length));
        stack.Forward(rows, output, cache);
        Assert.Equal(4, cache.Length);
    }

    [Fact]
    public void Calls_allocate_nothing()
    {
        TransformerStack stack = TransformerStack.Create(TransformerStackTests.Mixed<LocalAttention, GlobalAttention>());
        TransformerStack ragged = TransformerStack.Create(TransformerStackTests.Mixed<RaggedLocalAttention, RaggedGlobalAttention>());
        TransformerStackCache cache = stack.CreateCache(1 << 16), two = ragged.CreateCache(1 << 16, batch: 2);
        float[] rows = TestNumbers.Random(seed: 1, count: 600 * Width), output = new float[rows.Length];
        int[] offsets = [0, 200, 600], decode = [0, 1, 2];
        stack.Forward(rows, output, cache);
        ragged.Forward(rows, output, two, offsets);
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 10 && least > 0; attempt++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int call = 0; call < 8; call++)
            {
                stack.Forward(rows.AsSpan(0, 30 * Width), output.AsSpan(0, 30 * Width), batch: 2);
                stack.Forward(rows.AsSpan(0, Width), output.AsSpan(0, Width), cache);
                stack.Forward(rows, output, cache);
                ragged.Forward(rows.AsSpan(0, 2 * Width), output.AsSpan(0, 2 * Width), two, decode);
                ragged.Forward(rows, output, two, offsets);
            }

            if (attempt > 0)
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static void Append(TransformerStack stack, TransformerStackCache cache, float[] input, float[] output, int rows)
    {
        int first = cache.Length * Width;
        stack.Forward(input.AsSpan(first, rows * Width), output.AsSpan(first, rows * Width), cache);
    }

    private static float[] Continue(TransformerStack stack, TransformerStackCache cache, float[] rows)
    {
        float[] output = new float[rows.Length];
        stack.Forward(rows, output, cache);
        return output;
    }

    /// <summary>A number for each layer of all that its cache holds.</summary>
    private static long[] Contents(TransformerStackCache cache) => [.. Enumerable.Range(0, cache.LayerCount).Select(layer =>
    {
        using var stream = new MemoryStream();
        cache[layer].Save(stream);
        var hash = new HashCode();
        hash.AddBytes(stream.ToArray());
        return (long)hash.ToHashCode();
    })];

    private static int SavedBytes(AttentionCache cache, int keys) =>
        8 + 4 + 4 + 32 + 8 + 32 + (keys * (cache.Shape.KeyDim + cache.Shape.ValueDim) * sizeof(float));
}
