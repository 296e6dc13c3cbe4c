using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Sums of columns over rows, as for the gradient of a bias. Rows are cut at multiples of <see cref="PanelLayout.DepthBlock"/>, summed in ascending order from
/// zero in each block, and the blocks are added in ascending order: the bits of a <see cref="MatrixProduct"/> with ones.
/// </summary>
internal static class ColumnSums
{
    /// <summary>Adds the sums of columns to a row.</summary>
    /// <param name="values">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="sums">The row of sums.</param>
    public static void Add(ref float values, nint stride, nint rows, nint columns, ref float sums)
    {
        if (Vector512.IsHardwareAccelerated)
            Add<Float512>(ref values, stride, rows, columns, ref sums);
        else if (Vector256.IsHardwareAccelerated)
            Add<Float256>(ref values, stride, rows, columns, ref sums);
        else
            Add<Float128>(ref values, stride, rows, columns, ref sums);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add<T>(ref float values, nint stride, nint rows, nint columns, ref float sums)
        where T : struct, IFloatVector<T>
    {
        for (nint first = 0; first < rows; first += PanelLayout.DepthBlock)
        {
            nint count = nint.Min(PanelLayout.DepthBlock, rows - first);
            ref float block = ref Unsafe.Add(ref values, first * stride);
            nint column = 0;
            for (; column <= columns - (4 * T.Lanes); column += 4 * T.Lanes)
                AddFour<T>(ref Unsafe.Add(ref block, column), stride, count, ref Unsafe.Add(ref sums, column));
            for (; column < columns; column++)
            {
                float sum = 0;
                for (nint row = 0; row < count; row++)
                    sum += Unsafe.Add(ref block, (row * stride) + column);
                Unsafe.Add(ref sums, column) += sum;
            }
        }
    }

    /// <summary>Four vectors of columns of one block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour<T>(ref float block, nint stride, nint rows, ref float sums)
        where T : struct, IFloatVector<T>
    {
        T sum0 = T.Create(0), sum1 = sum0, sum2 = sum0, sum3 = sum0;
        for (nint row = 0; row < rows; row++)
        {
            ref float values = ref Unsafe.Add(ref block, row * stride);
            sum0 += T.Load(ref values, 0);
            sum1 += T.Load(ref values, T.Lanes);
            sum2 += T.Load(ref values, 2 * T.Lanes);
            sum3 += T.Load(ref values, 3 * T.Lanes);
        }

        (T.Load(ref sums, 0) + sum0).Store(ref sums, 0);
        (T.Load(ref sums, T.Lanes) + sum1).Store(ref sums, T.Lanes);
        (T.Load(ref sums, 2 * T.Lanes) + sum2).Store(ref sums, 2 * T.Lanes);
        (T.Load(ref sums, 3 * T.Lanes) + sum3).Store(ref sums, 3 * T.Lanes);
    }
}
