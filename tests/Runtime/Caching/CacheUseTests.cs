namespace AttentionGen.Tests.Runtime;

/// <summary>A cache that a call uses is refused to others: two writers would take the same place, and commit more keys than there is room for.</summary>
public sealed partial class CacheUseTests
{
    private const string Message = "cache is in use by another call";

    [Fact]
    public void A_cache_that_is_written_is_refused_to_all_others_and_free_afterwards()
    {
        var kernel = new Decoder(AttentionWeights.Random(Decoder.Shape, 1));
        AttentionCache cache = kernel.CreateCache(capacity: 16, batch: 2);
        float[] rows = TestNumbers.Random(seed: 2, count: 5 * Decoder.DModel), output = new float[rows.Length];
        kernel.Forward(rows, output, cache, [0, 3, 5]);
        float[] keys = new float[3 * Decoder.HeadDim * 2 * 2], values = new float[keys.Length];
        using var saved = new MemoryStream();
        cache.Save(saved);

        int tried = 0;
        Decoder.Inside = () =>
        {
            Decoder.Inside = null;
            foreach (Action use in (Action[])[
                () => kernel.Forward(rows, new float[rows.Length], cache, [0, 2, 5]), () => cache.Clear(), () => cache.Truncate(1), () => cache.Truncate(0, 1),
                () => cache.Select([1, 0]),
                () => cache.Append([], []), () => cache.Append(0, [], []), () => cache.Load([], []), () => cache.Restore(new MemoryStream(saved.ToArray())),
                () => cache.Fork(), () => cache.Fork(16), () => cache.Fork([0]), () => cache.Save(new MemoryStream()), () => cache.CopyTo(keys, values),
                () => cache.CopyTo(1, 2, [], [])])
            {
                Assert.Contains(Message, Assert.Throws<InvalidOperationException>(use).Message);
                // From another thread as from the one that writes.
                Assert.Contains(
                    Message,
                    Assert.Throws<InvalidOperationException>(() => Task.Run(use, TestContext.Current.CancellationToken).GetAwaiter().GetResult()).Message);
                tried++;
            }
        };
        kernel.Forward(rows, output, cache, [0, 2, 5]);
        Assert.Equal(15, tried);
        Assert.Equal([5, 5], cache.Lengths.ToArray());
        cache.CopyTo(0, 5, [], []);
        cache.Fork().Select([1, 0]);
        cache.Truncate(0, 4);
        Assert.Equal([4, 5], cache.Lengths.ToArray());
    }

    [Fact]
    public void A_call_that_fails_frees_the_cache()
    {
        var kernel = new Decoder(AttentionWeights.Random(Decoder.Shape, 1));
        AttentionCache cache = kernel.CreateCache(capacity: 4);
        float[] rows = TestNumbers.Random(seed: 2, count: 2 * Decoder.DModel), output = new float[rows.Length];
        Decoder.Inside = () => throw new TimeZoneNotFoundException();
        Assert.Throws<TimeZoneNotFoundException>(() => kernel.Forward(rows, output, cache, [0, 2]));
        Decoder.Inside = null;
        Assert.Throws<ArgumentOutOfRangeException>("rowOffsets", () => kernel.Forward(rows, output, cache, [0, 1]));
        Assert.Throws<OperationCanceledException>(
            () => kernel.Forward(rows, output, cache, [0, 2], new ForwardOptions { CancellationToken = new(canceled: true) }));
        Assert.Throws<ArgumentException>(() => cache.Append([1f], []));
        kernel.Forward(rows, output, cache, [0, 2]);
        Assert.Equal(2, cache.Length);
    }

    [Fact]
    public void Calls_share_a_projected_memory_and_nobody_replaces_it_meanwhile()
    {
        var kernel = new Reader(AttentionWeights.Random(Reader.Shape, 1));
        AttentionCache cache = kernel.CreateCache(capacity: 8);
        float[] memory = TestNumbers.Random(seed: 3, count: 8 * Reader.MemoryDim), rows = TestNumbers.Random(seed: 2, count: 2 * Reader.DModel),
        expected = new float[rows.Length], output = new float[rows.Length], inner = new float[rows.Length];
        kernel.ProjectMemory(memory, cache);
        kernel.Forward(rows, expected, cache);
        Reader.Inside = () =>
        {
            Reader.Inside = null;
            kernel.Forward(rows, inner, cache);
            Assert.Equal(8, cache.Fork().Length);
            Assert.Contains(Message, Assert.Throws<InvalidOperationException>(() => kernel.ProjectMemory(memory.AsSpan(0, Reader.MemoryDim), cache)).Message);
            Assert.Contains(Message, Assert.Throws<InvalidOperationException>(cache.Clear).Message);
        };
        kernel.Forward(rows, output, cache);
        Assert.Equal(expected, output);
        Assert.Equal(expected, inner);
        kernel.ProjectMemory(memory.AsSpan(0, Reader.MemoryDim), cache);
        Assert.Equal(1, cache.Length);
    }

    [Fact]
    public void No_cache_commits_more_keys_than_its_capacity()
    {
        var cache = new AttentionCache(Decoder.Shape, capacity: 4, batch: 2);
        cache.CommitNewKeys([0, 3, 4]);
        string message = Assert.Throws<ArgumentOutOfRangeException>("newKeys", () => cache.CommitNewKeys([0, 1, 5])).Message;
        Assert.Contains("newKeys gives sequence 1 5 keys; expected 0 to the capacity, 4", message);
        Assert.Throws<ArgumentOutOfRangeException>("newKeys", () => cache.CommitNewKeys([0, -4, -4]));
        Assert.Throws<ArgumentOutOfRangeException>("newKeys", () => cache.CommitNewKeys([int.MinValue, int.MaxValue, int.MaxValue]));
        Assert.Equal([3, 1], cache.Lengths.ToArray());
    }

    [AttentionConfig(Heads = 2, DModel = 16, Causal = true, Ragged = true)]
    private sealed partial class Decoder
    {
        internal static Action? Inside { get; set; }

        [ScoreModifier]
        private static float Call(float score, int head, int query, int key)
        {
            Inside?.Invoke();
            return score;
        }
    }

    [AttentionConfig(Heads = 2, DModel = 16, MemoryDim = 16)]
    private sealed partial class Reader
    {
        internal static Action? Inside { get; set; }

        [ScoreModifier]
        private static float Call(float score, int head, int query, int key)
        {
            Inside?.Invoke();
            return score;
        }
    }
}
