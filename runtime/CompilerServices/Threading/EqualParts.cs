using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Cuts rows and columns into parts of one size.</summary>
internal static class EqualParts
{
    /// <summary>The number of parts of a size.</summary>
    public static int Count(int all, int step) => (int)(((long)all + step - 1) / step);

    /// <summary>The size of so many parts, in whole units.</summary>
    public static int Step(int all, int parts, int unit) => Count(Count(all, parts), unit) * unit;

    /// <summary>Rows of equal parts, as many for every thread: a last part that is left alone would make the others wait.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="rowBlock">Rows of a part at most, but for rounding up to whole units.</param>
    /// <param name="together">The number of parts is a multiple of this: the number of threads, or some parts for each.</param>
    /// <param name="unit">Rows of a part are a multiple of this.</param>
    public static int RowStep(int rows, int rowBlock, int together, int unit)
    {
        rows = Math.Max(1, rows);
        return Step(rows, Count(Count(rows, rowBlock), together) * together, unit);
    }

    /// <summary>Rows of equal row blocks, in whole units. A short last block would read all weights for few rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static nint BlockStep(nint rows, nint rowBlock, nint unit)
    {
        nint blocks = (rows + rowBlock - 1) / rowBlock;
        return blocks <= 1 ? rowBlock : Math.Min(rowBlock, (((rows + blocks - 1) / blocks) + unit - 1) / unit * unit);
    }
}
