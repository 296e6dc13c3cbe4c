namespace AttentionGen;

/// <summary>Which outputs of one matrix are those of query, key and value.</summary>
internal readonly record struct FusedRows(FusedPart Query, FusedPart Key, FusedPart Value)
{
    /// <summary>One part after the other.</summary>
    public static FusedRows ByPart(int queryDim, int keyDim) => new(
        new FusedPart(0, queryDim, 1, 0), new FusedPart(queryDim, keyDim, 1, 0), new FusedPart(queryDim + keyDim, keyDim, 1, 0));

    /// <summary>Group by group: the query heads of a key and value head, its key, its value.</summary>
    public static FusedRows ByGroup(int queryHeads, int groups, int headDim)
    {
        int queryRun = queryHeads * headDim, stride = queryRun + (2 * headDim);
        return new(
            new FusedPart(0, queryRun, groups, stride),
            new FusedPart(queryRun, headDim, groups, stride),
            new FusedPart(queryRun + headDim, headDim, groups, stride));
    }
}

/// <summary>Outputs that stand in runs of equal length at equal distances.</summary>
internal readonly record struct FusedPart(int First, int Run, int Runs, int Stride)
{
    public int Count => Run * Runs;

    /// <summary>Copies these outputs.</summary>
    /// <param name="values">All outputs.</param>
    /// <param name="inputs">Elements of an output.</param>
    public T[] Of<T>(ReadOnlySpan<T> values, int inputs)
    {
        var part = new T[Count * inputs];
        for (int run = 0; run < Runs; run++)
            values.Slice((First + (run * Stride)) * inputs, Run * inputs).CopyTo(part.AsSpan(run * Run * inputs));
        return part;
    }

    /// <summary>Puts these outputs among all of them; none are left as they are.</summary>
    /// <param name="part">These outputs, or none.</param>
    /// <param name="values">All outputs.</param>
    /// <param name="inputs">Elements of an output.</param>
    public void Put<T>(ReadOnlySpan<T> part, Span<T> values, int inputs)
    {
        for (int run = 0; run < (part.IsEmpty ? 0 : Runs); run++)
            part.Slice(run * Run * inputs, Run * inputs).CopyTo(values[((First + (run * Stride)) * inputs)..]);
    }
}
