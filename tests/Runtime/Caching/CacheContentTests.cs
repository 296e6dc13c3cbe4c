namespace AttentionGen.Tests.Runtime;

/// <summary>Lengths, copies and plain content of a cache, against arrays that the tests keep themselves.</summary>
public sealed class CacheContentTests
{
    private static readonly AttentionShape Plain = TestNumbers.Shape(heads: 4, headDim: 10, dModel: 40, kvHeads: 2) with { Causal = true };
    private static readonly AttentionShape OtherValues =
        TestNumbers.Shape(heads: 3, headDim: 16, dModel: 48) with { Causal = true, Ragged = true, ValueHeadDim = 21 };
    private static readonly AttentionShape Windowed = Plain with { WindowLeft = 40 };

    public static TheoryData<string> Shapes => ["plain", "other values"];

    private static AttentionShape Shape(string name) => name == "plain" ? Plain : OtherValues;

    /// <summary>Keys of a sequence that tell which sequence, head, key and element they are.</summary>
    private static float[] Keys(AttentionShape shape, int sequence, int first, int count, bool values = false)
    {
        int width = values ? shape.ValueHeadDim : shape.HeadDim;
        var result = new float[shape.KvHeads * count * width];
        for (int head = 0, index = 0; head < shape.KvHeads; head++)
        {
            for (int key = first; key < first + count; key++)
            {
                for (int element = 0; element < width; element++)
                    result[index++] = Mark(sequence, head, key, element, values);
            }
        }

        return result;
    }

    private static float Mark(int sequence, int head, int key, int element, bool values) =>
        (((((sequence * 31) + head) * 1009 + key) * 257) + element + (values ? 0.5f : 0)) % 65_521;

    private static void Append(AttentionCache cache, int sequence, int count, int identity)
    {
        int first = cache.Lengths[sequence];
        cache.Append(sequence, Keys(cache.Shape, identity, first, count), Keys(cache.Shape, identity, first, count, values: true));
    }

    private static void Holds(AttentionCache cache, int sequence, int first, params (int Identity, int End)[] parts)
    {
        AttentionShape shape = cache.Shape;
        int length = cache.Lengths[sequence];
        Assert.Equal(parts[^1].End, length);
        float[] keys = new float[shape.KeyDim * (length - first)], values = new float[shape.ValueDim * (length - first)];
        cache.CopyTo(sequence, first, keys, values);
        foreach (bool isValues in (bool[])[false, true])
        {
            int width = isValues ? shape.ValueHeadDim : shape.HeadDim;
            float[] actual = isValues ? values : keys;
            for (int head = 0, index = 0; head < shape.KvHeads; head++)
            {
                for (int key = first; key < length; key++)
                {
                    int identity = parts.First(part => key < part.End).Identity;
                    for (int element = 0; element < width; element++, index++)
                        Assert.True(
                            Mark(identity, head, key, element, isValues) == actual[index], $"sequence {sequence}, head {head}, key {key}, element {element}");
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Loaded_and_appended_content_comes_out_again(string name)
    {
        AttentionShape shape = Shape(name);
        var cache = new AttentionCache(shape, 70, 2);
        float[] keys = TestNumbers.Random(1, 2 * shape.KeyDim * 37), values = TestNumbers.Random(2, 2 * shape.ValueDim * 37);
        cache.Load(keys, values);
        Assert.Equal([37, 37], cache.Lengths.ToArray());
        float[] outKeys = new float[keys.Length], outValues = new float[values.Length];
        cache.CopyTo(outKeys, outValues);
        Assert.Equal(keys, outKeys);
        Assert.Equal(values, outValues);

        cache.Append(TestNumbers.Random(3, 2 * shape.KeyDim * 5), TestNumbers.Random(4, 2 * shape.ValueDim * 5));
        Assert.Equal(42, cache.Length);
        cache.Truncate(37);
        cache.CopyTo(outKeys, outValues);
        Assert.Equal(keys, outKeys);
        cache.Load([], []);
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void The_plain_layout_is_batch_head_key_element()
    {
        var cache = new AttentionCache(Plain, 3, 2);
        float[] keys = TestNumbers.Counting(2 * 2 * 3 * 10), values = TestNumbers.Counting(2 * 2 * 3 * 10, 1000);
        cache.Load(keys, values);
        Assert.Equal(keys[(((1 * 2) + 1) * 3 + 2) * 10 + 7], cache.KeyMemory.AsSpan()[(int)(cache.KeySequenceStride + cache.KeyHeadStride) + (7 * 16) + 2]);
        Assert.Equal(
            values[(((1 * 2) + 1) * 3 + 2) * 10 + 7], cache.ValueMemory.AsSpan()[(int)(cache.ValueSequenceStride + cache.ValueHeadStride) + (2 * 16) + 7]);
    }

    [Fact]
    public void Shorter_sequences_come_out_with_zeros()
    {
        var cache = new AttentionCache(OtherValues, 20, 2);
        Append(cache, 0, 3, identity: 5);
        Append(cache, 1, 18, identity: 6);
        Assert.Equal([3, 18], cache.Lengths.ToArray());
        Assert.Equal(18, cache.Length);
        float[] keys = new float[2 * OtherValues.KeyDim * 18], values = new float[2 * OtherValues.ValueDim * 18];
        keys.AsSpan().Fill(float.NaN);
        values.AsSpan().Fill(float.NaN);
        cache.CopyTo(keys, values);
        Assert.Equal(Keys(OtherValues, 5, 0, 3).AsSpan(0, 3 * 16), keys.AsSpan(0, 3 * 16));
        Assert.Equal(-1, keys.AsSpan(3 * 16, 15 * 16).IndexOfAnyExcept(0f));
        Assert.Equal(-1, values.AsSpan(3 * 21, 15 * 21).IndexOfAnyExcept(0f));
        Assert.Equal(Keys(OtherValues, 6, 0, 18), keys[(OtherValues.KeyDim * 18)..]);
    }

    [Fact]
    public void Sequences_are_truncated_alone_and_together()
    {
        var cache = new AttentionCache(Plain, 50, 3);
        foreach (int sequence in (int[])[0, 1, 2])
            Append(cache, sequence, 10 * (sequence + 1), sequence);
        cache.Truncate(2, 25);
        Assert.Equal([10, 20, 25], cache.Lengths.ToArray());
        cache.Truncate(20);
        Assert.Equal([10, 20, 20], cache.Lengths.ToArray());
        Assert.Equal(20, cache.Length);
        string message = Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(0, 11)).Message;
        Assert.Contains("length is 11; sequence 0 holds 10 keys, expected 0 to 10", message);
        Assert.Contains("sequence is 3; expected 0 to 2", Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.Truncate(3, 0)).Message);
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.Truncate(-1, 0));
        Holds(cache, 1, 0, (1, 20));
        cache.Clear();
        Assert.Equal([0, 0, 0], cache.Lengths.ToArray());
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Forks_hold_the_same_and_go_their_own_ways(string name)
    {
        var cache = new AttentionCache(Shape(name), 40, 2);
        Append(cache, 0, 17, identity: 1);
        Append(cache, 1, 33, identity: 2);
        foreach (AttentionCache fork in (AttentionCache[])[cache.Fork(), cache.Fork(33), cache.Fork(500)])
        {
            Assert.Equal([17, 33], fork.Lengths.ToArray());
            Holds(fork, 0, 0, (1, 17));
            Holds(fork, 1, 0, (2, 33));
        }

        AttentionCache copy = cache.Fork(100);
        Append(copy, 0, 60, identity: 3);
        Holds(copy, 0, 0, (1, 17), (3, 77));
        Holds(cache, 0, 0, (1, 17));
        Assert.Equal(40, cache.Fork().Capacity);
        Assert.Contains("capacity is 32; expected 33 or more", Assert.Throws<ArgumentOutOfRangeException>("capacity", () => cache.Fork(32)).Message);

        AttentionCache many = cache.Fork([1, 0, 1, 1], capacity: 64);
        Assert.Equal((4, 64), (many.Batch, many.Capacity));
        Assert.Equal([33, 17, 33, 33], many.Lengths.ToArray());
        Append(many, 2, 1, identity: 9);
        Holds(many, 2, 0, (2, 33), (9, 34));
        Holds(many, 3, 0, (2, 33));
        Assert.Contains("sequences[1] is 2; expected 0 to 1", Assert.Throws<ArgumentOutOfRangeException>("sequences", () => cache.Fork([0, 2])).Message);
        Assert.Throws<ArgumentException>("sequences", () => cache.Fork([]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Selection_equals_a_table_of_histories(bool windowed)
    {
        // Every sequence's history as a list of who wrote each key; random steps of truncation, appending and selection.
        AttentionShape shape = windowed ? Windowed : Plain;
        const int Batch = 5, Capacity = 4000;
        var random = new Random(7);
        for (int round = 0; round < 8; round++)
        {
            var cache = new AttentionCache(shape, Capacity, Batch);
            var histories = Enumerable.Range(0, Batch).Select(_ => new List<int>()).ToArray();
            int identity = 0;
            for (int step = 0; step < 40; step++)
            {
                for (int sequence = 0; sequence < Batch; sequence++)
                {
                    int count = random.Next(4) == 0 ? random.Next(250) : random.Next(3);
                    count = Math.Min(count, Capacity - histories[sequence].Count);
                    Append(cache, sequence, count, ++identity);
                    histories[sequence].AddRange(Enumerable.Repeat(identity, count));
                }

                if (step % 5 == 4)
                {
                    int sequence = random.Next(Batch);
                    int length = Math.Max(
                        Math.Min(histories[sequence].Count, cache.GetFirstHeldKey(sequence) + Math.Max(0, shape.CacheWindow)),
                        histories[sequence].Count - random.Next(200));
                    cache.Truncate(sequence, length);
                    histories[sequence].RemoveRange(length, histories[sequence].Count - length);
                }

                int[] parents = step % 3 == 0
                    ? [.. Enumerable.Range(0, Batch).OrderBy(_ => random.Next())]
                    : [.. Enumerable.Range(0, Batch).Select(_ => random.Next(Batch))];
                cache.Select(parents);
                histories = [.. parents.Select(parent => histories[parent].ToList())];
                Assert.Equal(histories.Select(history => history.Count), cache.Lengths.ToArray());
                for (int sequence = 0; sequence < Batch; sequence++)
                    HoldsHistory(cache, sequence, histories[sequence]);
            }
        }
    }

    private static void HoldsHistory(AttentionCache cache, int sequence, List<int> history)
    {
        AttentionShape shape = cache.Shape;
        int first = cache.GetFirstHeldKey(sequence), count = history.Count - first;
        Assert.True(shape.CacheWindow < 0 ? first == 0 : first <= Math.Max(0, history.Count - shape.CacheWindow));
        float[] keys = new float[shape.KeyDim * count], values = new float[shape.ValueDim * count];
        cache.CopyTo(sequence, first, keys, values);
        for (int head = 0; head < shape.KvHeads; head++)
        {
            for (int key = first; key < history.Count; key++)
            {
                int at = (head * count) + key - first;
                Assert.Equal(Mark(history[key], head, key, 3, false), keys[(at * shape.HeadDim) + 3]);
                Assert.Equal(Mark(history[key], head, key, 9, true), values[(at * shape.ValueHeadDim) + 9]);
            }
        }
    }

    [Fact]
    public void Selection_copies_only_what_is_not_shared()
    {
        AttentionCache prompt = new(Plain, 64);
        Append(prompt, 0, 40, identity: 1);
        AttentionCache beams = prompt.Fork([0, 0, 0]);
        for (int beam = 0; beam < 3; beam++)
            Append(beams, beam, 1, identity: 2 + beam);

        // What is shared is not copied, so that a mark which only one sequence has stays where it is.
        beams.KeyMemory.AsSpan()[(int)beams.KeySequenceStride] = 4711;
        beams.Select([0, 2, 0]);
        Assert.Equal(4711, beams.KeyMemory.AsSpan()[(int)beams.KeySequenceStride]);
        beams.KeyMemory.AsSpan()[(int)beams.KeySequenceStride] = Mark(1, 0, 0, 0, false);
        Holds(beams, 0, 0, (1, 40), (2, 41));
        Holds(beams, 1, 0, (1, 40), (4, 41));
        Holds(beams, 2, 0, (1, 40), (2, 41));

        Assert.Contains(
            "parents.Length is 2; expected one for each sequence, 3", Assert.Throws<ArgumentException>("parents", () => beams.Select([0, 1])).Message);
        Assert.Contains("parents[2] is 3; expected 0 to 2", Assert.Throws<ArgumentOutOfRangeException>("parents", () => beams.Select([0, 1, 3])).Message);
    }

    [Fact]
    public void A_step_of_a_search_allocates_nothing()
    {
        var cache = new AttentionCache(Plain, 64, 4);
        for (int sequence = 0; sequence < 4; sequence++)
            Append(cache, sequence, 20, sequence);
        cache.Select([1, 2, 3, 0]);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10; i++)
            cache.Select([1, 2, 3, 0]);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_window_keeps_a_ring()
    {
        // Whole blocks of 256 that hold the window and 256 rows more; never more than the capacity in panels.
        Assert.Equal(100, new AttentionCache(Windowed, 100).Capacity);
        Assert.Equal(112, new AttentionCache(Windowed, 100).KeyCapacity);
        Assert.Equal(512, new AttentionCache(Windowed, 100_000).KeyCapacity);
        Assert.Equal(256, new AttentionCache(Plain with { WindowLeft = 0 }, 100_000).KeyCapacity);
        Assert.Equal(512, new AttentionCache(Plain with { WindowLeft = 256 }, 100_000).KeyCapacity);
        Assert.Equal(768, new AttentionCache(Plain with { WindowLeft = 257 }, 100_000).KeyCapacity);
        Assert.Equal(512, new AttentionCache(Plain with { ChunkSize = 100 }, 100_000).KeyCapacity);
        Assert.Equal(new AttentionCache(Plain, 512).Bytes, new AttentionCache(Windowed, 100_000).Bytes);
        Assert.Equal(100_000, new AttentionCache(Plain with { WindowLeft = 40, PrefixLengths = true }, 100_000).KeyCapacity);

        AttentionCache cache = new(Windowed, 2000, 2);
        for (int i = 0; i < 30; i++)
        {
            Append(cache, 0, 37, identity: 1);
            Append(cache, 1, 20, identity: 2);
        }

        Assert.Equal((1110 - 512, 600 - 512), (cache.GetFirstHeldKey(0), cache.GetFirstHeldKey(1)));
        Holds(cache, 0, 1110 - 512, (1, 1110));
        Holds(cache, 1, 600 - 512, (2, 600));
        AttentionCache fork = cache.Fork(5000);
        Holds(fork, 0, fork.GetFirstHeldKey(0), (1, 1110));

        float[] all = new float[2 * 20 * 1110];
        Assert.Contains("first is 0; sequence 0 holds keys from 598 on", Assert.Throws<InvalidOperationException>(() => cache.CopyTo(all, all)).Message);
        Assert.Contains("first is 597", Assert.Throws<InvalidOperationException>(() => cache.CopyTo(0, 597, all, all)).Message);

        cache.Truncate(0, 598 + 40);
        Holds(cache, 0, 598, (1, 638));
        string message = Assert.Throws<InvalidOperationException>(() => cache.Truncate(0, 637)).Message;
        Assert.Contains("length is 637, whose next row sees keys from 597 on; sequence 0 holds keys from 598 on", message);
        Assert.Contains("Expected 0, or 638 to 638", message);
        Assert.Throws<InvalidOperationException>(() => cache.Truncate(600));
        Assert.Equal([638, 600], cache.Lengths.ToArray());
        cache.Truncate(0, 0);
        Assert.Equal(0, cache.GetFirstHeldKey(0));

        float[] keys = TestNumbers.Random(1, 40 * 1500), values = TestNumbers.Random(2, 40 * 1500);
        cache.Load(keys, values);
        Assert.Equal((1500, 1500 - 512), (cache.Length, cache.GetFirstHeldKey(1)));
        float[] tail = new float[20 * 512], tailValues = new float[20 * 512];
        cache.CopyTo(1, 1500 - 512, tail, tailValues);
        Assert.Equal(keys.AsSpan(((2 * 1500) + 1500 - 512) * 10, 512 * 10), tail.AsSpan(0, 512 * 10));
        Assert.Equal(values.AsSpan(((3 * 1500) + 1500 - 512) * 10, 512 * 10), tailValues.AsSpan(512 * 10));
    }

    [Fact]
    public void Content_of_another_size_is_refused()
    {
        var cache = new AttentionCache(OtherValues, 10, 2);
        float[] some = new float[OtherValues.KeyDim * 22];
        Assert.Contains(
            "keys.Length is 95; expected a multiple of batch · KvHeads · HeadDim = 96",
            Assert.Throws<ArgumentException>("keys", () => cache.Load(some.AsSpan(0, 95), [])).Message);
        Assert.Contains(
            "values.Length is 0; expected batch · KvHeads · ValueHeadDim · 1 = 126, because there are 1 keys",
            Assert.Throws<ArgumentException>("values", () => cache.Append(some.AsSpan(0, 96), [])).Message);
        Assert.Contains(
            "cache is too small: it holds 0 of at most 10 keys, and keys has 11 more; expected at most 10",
            Assert.Throws<InvalidOperationException>(() => cache.Load(new float[96 * 11], new float[126 * 11])).Message);
        cache.Append(1, new float[48 * 9], new float[63 * 9]);
        Assert.Throws<InvalidOperationException>(() => cache.Append(new float[96 * 2], new float[126 * 2]));
        Assert.Throws<InvalidOperationException>(() => cache.Append(1, new float[48 * 2], new float[63 * 2]));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.Append(2, [], []));
        Assert.Equal([0, 9], cache.Lengths.ToArray());
        Assert.Contains(
            "keys.Length is 0; expected batch · KvHeads · Length · HeadDim = 864",
            Assert.Throws<ArgumentException>("keys", () => cache.CopyTo([], [])).Message);
        Assert.Throws<ArgumentException>("values", () => cache.CopyTo(new float[864], []));
        Assert.Throws<ArgumentOutOfRangeException>("first", () => cache.CopyTo(1, 10, [], []));
        Assert.Throws<ArgumentOutOfRangeException>("sequence", () => cache.CopyTo(-1, 0, [], []));
        cache.CopyTo(1, 9, [], []);
    }
}
