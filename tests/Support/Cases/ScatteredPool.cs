namespace AttentionGen.Tests.Support;

/// <summary>Pools whose free pages are in no order, as after a long time, and what must be true of a pool at any time.</summary>
internal static class ScatteredPool
{
    /// <summary>A pool of so many pages.</summary>
    public static AttentionCachePool Create(AttentionShape shape, int pages, int seed) => Scatter(new(shape, pages), seed);

    /// <summary>A pool for layers.</summary>
    public static AttentionCachePool Create(TransformerLayerShape shape, int pages, int seed) => Scatter(new(shape, pages), seed);

    /// <summary>Whether caches of this shape can be in a pool.</summary>
    public static bool Serves(AttentionShape shape) => shape.HasCache && !shape.IsCrossAttention && shape.CacheWindow < 0;

    /// <summary>Each page is free, or held by as many sequences of these caches as the pool has counted.</summary>
    public static void AssertAccounted(AttentionCachePool pool, IEnumerable<AttentionCache> caches)
    {
        int[] holders = new int[pool.Pages];
        foreach (AttentionCache cache in caches)
        {
            Assert.Same(pool, cache.Pool);
            for (int sequence = 0; sequence < cache.Batch; sequence++)
            {
                Assert.Equal((cache.Lengths[sequence] + 255) / 256, cache.Pages![sequence].Length);
                foreach (int page in cache.Pages![sequence])
                    holders[page]++;
            }
        }

        Assert.Equal(holders.Count(count => count == 0), pool.FreePages);
        for (int page = 0; page < holders.Length; page++)
            Assert.Equal(holders[page], pool.Holders(page));
        // A collected cache gives its pages back, and a caller may not need the caches any more.
        GC.KeepAlive(caches);
    }

    private static AttentionCachePool Scatter(AttentionCachePool pool, int seed)
    {
        int[] pages = [.. Enumerable.Range(0, pool.Pages).Select(_ => pool.Take())];
        new Random(seed).Shuffle(pages);
        pool.Release(pages);
        return pool;
    }
}
