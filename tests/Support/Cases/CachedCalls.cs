namespace AttentionGen.Tests.Support;

/// <summary>A call through a cache against the same call without one, and against the reference.</summary>
internal static class CachedCalls
{
    /// <summary>Cross-attention that finds its memory in the cache.</summary>
    public static void CheckMemory(AttentionCase whole, IKernel kernel, string name)
    {
        AttentionCache cache = kernel.CreateCache(Math.Max(1, whole.Keys), whole.Batch);
        whole.ProjectMemory(kernel, cache);
        Run(whole, kernel, 1, null, name).AssertSameBits(Run(whole.Projected, kernel, 1, cache, name), $"{name}: {whole.Describe()}, projected memory");
    }

    /// <summary>Rows that come in chunks of any size, on one thread or two. Every other call has its keys in the pages of a pool.</summary>
    public static void CheckChunks(AttentionCase whole, IRunnable kernel, string name)
    {
        var random = new Random(whole.Rows);
        AttentionCachePool? pool = whole.Rows % 2 != 0 || !ScatteredPool.Serves(whole.Shape) ? null
            : whole.Layer is { } layer ? ScatteredPool.Create(layer.Shape, 1 + whole.TotalRows, whole.Rows)
            : ScatteredPool.Create(whole.Shape, 1 + whole.TotalRows, whole.Rows);
        (AttentionCache cache, ReferenceCache reference) = whole.Layer?.CreateCaches(whole, (ILayer)kernel, whole.Rows + 3, pool)
            ?? (pool?.CreateCache(whole.Rows + 3, whole.Batch) ?? kernel.CreateCache(whole.Rows + 3, whole.Batch),
                new ReferenceCache(whole.Shape, whole.Batch));
        // The cache of a decoder layer holds its memory.
        AttentionCase withoutMemory = whole with { Memory = [], KeyOffsets = whole.KeysAreRows ? [] : whole.KeyOffsets };
        var output = new float[whole.TotalRows * whole.Shape.OutputDim];
        int[] first = new int[whole.Batch];
        while (Enumerable.Range(0, whole.Batch).Any(sequence => first[sequence] < whole.RowsOf(sequence)))
        {
            int next = random.Next(3) == 0 ? 1 : random.Next(1, 1 + Math.Max(1, whole.Rows / 2));
            // The sequences of a ragged batch advance by different steps, some by none.
            int[] count = [.. Enumerable.Range(0, whole.Batch).Select(sequence =>
                Math.Min(whole.RowsOf(sequence) - first[sequence], whole.Shape.Ragged ? random.Next(next + 1) : next))];
            AttentionCase chunk = withoutMemory.Chunk(first, count);
            AttentionResult result = Run(chunk, kernel, 1 + random.Next(SharedThreads.Most), cache, name);
            result.AssertClose(chunk.ReferenceAll(reference), whole.Shape, $"{name}: chunk {chunk.Describe()}");
            whole.PutChunk(output, result.Output, first, count);
            first = [.. first.Select((start, sequence) => start + count[sequence])];
        }

        if (SeesTheSame(whole.Shape))
            Compare.SameBits(Run(whole, kernel, 1, null, name).Output, output, Math.Max(1, whole.Shape.OutputDim), $"{name}: {whole.Describe()}, in chunks");
    }

    /// <summary>Failures of the kernel itself name the configuration too.</summary>
    public static AttentionResult Run(AttentionCase call, IRunnable kernel, int threads, AttentionCache? cache, string name)
    {
        try
        {
            return call.RunAll(kernel, threads, cache);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{name}: {call.Describe()}: {exception.Message}", exception);
        }
    }

    /// <summary>Whether a row of a chunk sees what it sees in one forward: no later key, from the same position.</summary>
    private static bool SeesTheSame(AttentionShape shape) => shape.Causal && !shape.PrefixLengths && shape.CausalAlignment == CausalAlignment.TopLeft;
}
