using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>Gathers the queries that read one KV head: row r of query head h·group + g goes to <c>[h][r·group + g][headDim]</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class QueryRows
{
    /// <summary>Copies projected rows of all heads.</summary>
    /// <param name="strip">First element of the first row; the heads of a row follow each other.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to copy.</param>
    /// <param name="queries">Where the queries of KV head 0 go.</param>
    /// <param name="kvHeadStride">Floats from a KV head's queries to the next one's.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="group">Query heads of one KV head.</param>
    /// <param name="headDim">Elements of one head.</param>
    public static void Write(ref float strip, nint stripStride, nint rows, ref float queries, nint kvHeadStride, nint kvHeads, nint group, nint headDim)
    {
        // The heads of one group are neighbours on both sides.
        nint run = group * headDim;
        for (nint head = 0; head < kvHeads; head++)
        {
            ref float source = ref Unsafe.Add(ref strip, head * run);
            ref float target = ref Unsafe.Add(ref queries, head * kvHeadStride);
            for (nint row = 0; row < rows; row++)
            {
                MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref source, row * stripStride), (int)run)
                    .CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, row * run), (int)run));
            }
        }
    }
}
