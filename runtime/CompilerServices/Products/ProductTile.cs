using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// A register tile of a product: some rows times two vectors of columns, with all sums in registers. A sum is one chain of multiply-adds from zero over one
/// depth block.
/// </summary>
/// <typeparam name="T">The vector.</typeparam>
/// <typeparam name="TRows">The rows of the tile, at most 12.</typeparam>
internal static class ProductTile<T, TRows>
    where T : struct, IFloatVector<T>
    where TRows : struct, IRowCount
{
    /// <summary>Computes a tile.</summary>
    /// <param name="left">The first row of the left operand; the tile's other rows lie beside it.</param>
    /// <param name="leftStep">Floats from a step of the depth to the next.</param>
    /// <param name="right">The first column of the right operand; the tile's other columns lie beside it.</param>
    /// <param name="rightStep">Floats from a step of the depth to the next.</param>
    /// <param name="depth">Steps of the depth: at most a depth block.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    /// <param name="rows">Rows to store, at most those of the tile.</param>
    /// <param name="adds">Whether the sums are added to what the result holds.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(
        ref float left, nint leftStep, ref float right, nint rightStep, nint depth, ref float c, nint stride, nint rows, bool adds)
    {
        RowSum sum0 = default, sum1 = default, sum2 = default, sum3 = default, sum4 = default, sum5 = default;
        RowSum sum6 = default, sum7 = default, sum8 = default, sum9 = default, sum10 = default, sum11 = default;

        // Two steps a turn: a third loop in the method made the JIT keep sums in memory.
        nint k = depth;
        for (; k >= 2; k -= 2)
        {
            Step(
                ref left, ref right, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7, ref sum8, ref sum9, ref sum10, ref sum11);
            Step(
                ref Unsafe.Add(ref left, leftStep), ref Unsafe.Add(ref right, rightStep), ref sum0, ref sum1, ref sum2,
                ref sum3, ref sum4, ref sum5, ref sum6, ref sum7, ref sum8, ref sum9, ref sum10, ref sum11);
            left = ref Unsafe.Add(ref left, 2 * leftStep);
            right = ref Unsafe.Add(ref right, 2 * rightStep);
        }

        if (k > 0)
            Step(
                ref left, ref right, ref sum0, ref sum1, ref sum2, ref sum3, ref sum4, ref sum5, ref sum6, ref sum7, ref sum8, ref sum9, ref sum10, ref sum11);

        sum0.Store(0, ref c, stride, rows, adds);
        sum1.Store(1, ref c, stride, rows, adds);
        sum2.Store(2, ref c, stride, rows, adds);
        sum3.Store(3, ref c, stride, rows, adds);
        sum4.Store(4, ref c, stride, rows, adds);
        sum5.Store(5, ref c, stride, rows, adds);
        sum6.Store(6, ref c, stride, rows, adds);
        sum7.Store(7, ref c, stride, rows, adds);
        sum8.Store(8, ref c, stride, rows, adds);
        sum9.Store(9, ref c, stride, rows, adds);
        sum10.Store(10, ref c, stride, rows, adds);
        sum11.Store(11, ref c, stride, rows, adds);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        ref float left, ref float right, ref RowSum sum0, ref RowSum sum1, ref RowSum sum2, ref RowSum sum3, ref RowSum sum4, ref RowSum sum5,
        ref RowSum sum6, ref RowSum sum7, ref RowSum sum8, ref RowSum sum9, ref RowSum sum10, ref RowSum sum11)
    {
        T right0 = T.Load(ref right, 0), right1 = T.Load(ref right, T.Lanes);
        sum0.Add(0, ref left, right0, right1);
        sum1.Add(1, ref left, right0, right1);
        sum2.Add(2, ref left, right0, right1);
        sum3.Add(3, ref left, right0, right1);
        sum4.Add(4, ref left, right0, right1);
        sum5.Add(5, ref left, right0, right1);
        sum6.Add(6, ref left, right0, right1);
        sum7.Add(7, ref left, right0, right1);
        sum8.Add(8, ref left, right0, right1);
        sum9.Add(9, ref left, right0, right1);
        sum10.Add(10, ref left, right0, right1);
        sum11.Add(11, ref left, right0, right1);
    }

    /// <summary>The sums of a row. What belongs to a row beyond the tile is removed by the compiler.</summary>
    private struct RowSum
    {
        private T sum0;
        private T sum1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(int row, ref float left, T right0, T right1)
        {
            if (row >= TRows.Rows)
                return;
            T factor = T.Create(Unsafe.Add(ref left, row));
            sum0 = T.MultiplyAdd(factor, right0, sum0);
            sum1 = T.MultiplyAdd(factor, right1, sum1);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly void Store(int row, ref float c, nint stride, nint rows, bool adds)
        {
            if (row >= TRows.Rows || row >= rows)
                return;
            ref float target = ref Unsafe.Add(ref c, row * stride);
            (adds ? T.Load(ref target, 0) + sum0 : sum0).Store(ref target, 0);
            (adds ? T.Load(ref target, T.Lanes) + sum1 : sum1).Store(ref target, T.Lanes);
        }
    }
}
