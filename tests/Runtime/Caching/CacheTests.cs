using System.Runtime.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class CacheTests
{
    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 4, headDim: 10, dModel: 40, kvHeads: 2) with { Causal = true };

    [Fact]
    public void Strides_are_those_of_the_layout()
    {
        var cache = new AttentionCache(Shape, capacity: 17, batch: 3);
        Assert.Equal((17, 3, 0), (cache.Capacity, cache.Batch, cache.Length));
        Assert.Same(Shape, cache.Shape);
        Assert.Equal(32 * 10, cache.KeyHeadStride);
        Assert.Equal(2 * 32 * 10, cache.KeySequenceStride);
        Assert.Equal(32 * 16, cache.ValuePanelStride);
        Assert.Equal(32 * 16, cache.ValueHeadStride);
        Assert.Equal(2 * 32 * 16, cache.ValueSequenceStride);
        Assert.Equal(3 * 2 * 32 * 10, cache.KeyMemory.Length);
        Assert.Equal(3 * 2 * 32 * 16, cache.ValueMemory.Length);
        Assert.Equal((3 * 2 * 32 * 10 + 3 * 2 * 32 * 16) * 4, cache.Bytes);
        for (nint i = 0; i < cache.ValueMemory.Length; i++)
            Assert.Equal(0, Unsafe.Add(ref cache.ValueMemory.Reference, i));
    }

    [Fact]
    public void Commit_truncate_and_clear_move_the_length_only()
    {
        var cache = new AttentionCache(Shape, 8);
        cache.Commit(8);
        Assert.Equal(8, cache.Length);
        cache.KeyMemory.Reference = 5;
        cache.Truncate(8);
        cache.Truncate(3);
        Assert.Equal(3, cache.Length);
        string message = Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(4)).Message;
        Assert.Contains("length is 4; the cache holds 3 keys, expected 0 to 3", message);
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Truncate(-1));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Commit(9));
        Assert.Throws<ArgumentOutOfRangeException>("length", () => cache.Commit(-1));
        Assert.Equal(3, cache.Length);
        cache.Clear();
        Assert.Equal(0, cache.Length);
        Assert.Equal(5, cache.KeyMemory.Reference);
    }

    [Fact]
    public void Only_shapes_with_a_cache_get_one()
    {
        Assert.Throws<ArgumentNullException>("shape", () => new AttentionCache(null!, 1));
        Assert.Throws<NotSupportedException>(() => new AttentionCache(Shape with { Causal = false }, 1));
        Assert.Throws<NotSupportedException>(() => new AttentionCache(Shape with { SequenceLength = 4 }, 1));
        Assert.Equal(5, new AttentionCache(TestNumbers.Shape(2, 4, 8, memoryDim: 6) with { SequenceLength = 4 }, 5).Capacity);
        Assert.Throws<ArgumentOutOfRangeException>("capacity", () => new AttentionCache(Shape, 0));
        Assert.Throws<ArgumentOutOfRangeException>("batch", () => new AttentionCache(Shape, 1, 0));
    }

    [Fact]
    public void A_cache_that_no_array_can_hold_is_refused()
    {
        string message = Assert.Throws<OutOfMemoryException>(() => new AttentionCache(Shape, int.MaxValue, 7)).Message;
        Assert.Contains($"capacity {int.MaxValue}", message);
        Assert.Contains("batch of 7", message);
        AttentionShape widest = TestNumbers.Shape(heads: 256, headDim: 256, dModel: 65_536) with { Causal = true };
        Assert.Throws<OutOfMemoryException>(() => new AttentionCache(widest, int.MaxValue, int.MaxValue));
    }
}
