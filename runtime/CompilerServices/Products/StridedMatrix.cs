using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>A matrix in someone's memory: element (i, j) is i row strides and j column strides behind the first one. Swapped strides transpose it.</summary>
/// <param name="start">The first element.</param>
/// <param name="rowStride">Floats from a row to the next.</param>
/// <param name="columnStride">Floats from a column to the next.</param>
internal readonly ref struct StridedMatrix(ref float start, nint rowStride, nint columnStride = 1)
{
    /// <summary>The first element.</summary>
    public readonly ref float Start = ref start;

    /// <summary>Floats from a row to the next.</summary>
    public readonly nint RowStride = rowStride;

    /// <summary>Floats from a column to the next.</summary>
    public readonly nint ColumnStride = columnStride;

    /// <summary>Rows as columns, and columns as rows.</summary>
    public StridedMatrix Transposed => new(ref Start, ColumnStride, RowStride);

    /// <summary>The matrix without its first rows and columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public StridedMatrix From(nint row, nint column) =>
        new(ref Unsafe.Add(ref Start, (row * RowStride) + (column * ColumnStride)), RowStride, ColumnStride);
}
