using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Gathers the queries that read one KV head: row r of query head h·group + g goes to <c>[h][r·group + g][headDim]</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class QueryRows
{
    /// <summary>Lays out projected rows of all heads, each element times a factor.</summary>
    /// <param name="strip">First element of the first row; the heads of a row follow each other.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to lay out.</param>
    /// <param name="queries">Where the queries of KV head 0 go.</param>
    /// <param name="kvHeadStride">Floats from a KV head's queries to the next one's.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="group">Query heads of one KV head.</param>
    /// <param name="headDim">Elements of one head.</param>
    /// <param name="factor">Multiplied into each element.</param>
    public static void Write(
        ref float strip, nint stripStride, nint rows, ref float queries, nint kvHeadStride, nint kvHeads, nint group, nint headDim, float factor)
    {
        // The heads of one group are neighbours on both sides.
        nint run = group * headDim;
        for (nint head = 0; head < kvHeads; head++)
        {
            ref float source = ref Unsafe.Add(ref strip, head * run);
            ref float target = ref Unsafe.Add(ref queries, head * kvHeadStride);
            for (nint row = 0; row < rows; row++)
                Multiply(ref Unsafe.Add(ref source, row * stripStride), ref Unsafe.Add(ref target, row * run), run, factor);
        }
    }

    /// <summary>Gathers the queries of one KV head from where the caller has them, each times a factor.</summary>
    /// <param name="source">First element of the group's first head in the first row.</param>
    /// <param name="rowStride">Floats from a row to the next.</param>
    /// <param name="headStride">Floats from a head to the next.</param>
    /// <param name="rows">Rows to gather.</param>
    /// <param name="queries">Where the queries of this KV head go.</param>
    /// <param name="group">Query heads of the KV head.</param>
    /// <param name="headDim">Elements of one head.</param>
    /// <param name="factor">Multiplied into each element.</param>
    public static void Gather(ref float source, nint rowStride, nint headStride, nint rows, ref float queries, nint group, nint headDim, float factor)
    {
        for (nint row = 0; row < rows; row++)
        {
            for (nint head = 0; head < group; head++)
            {
                Multiply(ref Unsafe.Add(ref source, (row * rowStride) + (head * headStride)), ref queries, headDim, factor);
                queries = ref Unsafe.Add(ref queries, headDim);
            }
        }
    }

    private static void Multiply(ref float source, ref float target, nint count, float factor)
    {
        nint i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= count - 8; i += 8)
                (Vector256.LoadUnsafe(ref source, (nuint)i) * factor).StoreUnsafe(ref target, (nuint)i);
        }

        for (; i <= count - 4; i += 4)
            (Vector128.LoadUnsafe(ref source, (nuint)i) * factor).StoreUnsafe(ref target, (nuint)i);
        for (; i < count; i++)
            Unsafe.Add(ref target, i) = Unsafe.Add(ref source, i) * factor;
    }
}
