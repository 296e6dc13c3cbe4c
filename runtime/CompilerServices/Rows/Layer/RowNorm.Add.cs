using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <content>Adds the residual in the pass that sums a row for its norm.</content>
internal sealed partial class RowNorm
{
    /// <summary>
    /// sum = residual + scale · branch and target = norm(sum), row by row. Where sum and target are one place, only the norm is kept. Each of them may be
    /// the place of residual or branch.
    /// </summary>
    /// <param name="residual">First element of the first row of what the branch is added to.</param>
    /// <param name="residualStride">Floats from a row to the next.</param>
    /// <param name="branch">First element of the first row of what is added.</param>
    /// <param name="branchStride">Floats from a row to the next.</param>
    /// <param name="scale">Factor of the branch.</param>
    /// <param name="sum">Where the first row of sums goes.</param>
    /// <param name="sumStride">Floats from a row to the next.</param>
    /// <param name="target">Where the first normalised row goes.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    public void AddAndApply(
        ref float residual, nint residualStride, ref float branch, nint branchStride, float scale,
        ref float sum, nint sumStride, ref float target, nint targetStride, nint rows)
    {
        if (Vector512.IsHardwareAccelerated)
            AddAndApply<Float512>(ref residual, residualStride, ref branch, branchStride, scale, ref sum, sumStride, ref target, targetStride, rows);
        else if (Vector256.IsHardwareAccelerated)
            AddAndApply<Float256>(ref residual, residualStride, ref branch, branchStride, scale, ref sum, sumStride, ref target, targetStride, rows);
        else
            AddAndApply<Float128>(ref residual, residualStride, ref branch, branchStride, scale, ref sum, sumStride, ref target, targetStride, rows);
    }

    /// <summary>sum = residual + scale · branch and target = norm(sum) by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void AddAndApply<T>(
        ref float residual, nint residualStride, ref float branch, nint branchStride, float scale,
        ref float sum, nint sumStride, ref float target, nint targetStride, nint rows)
        where T : struct, IFloatVector<T>
    {
        nint whole = width & ~(nint)(VirtualLanes - 1);
        Span<float> tail = stackalloc float[VirtualLanes];
        ref float rest = ref MemoryMarshal.GetReference(tail);
        for (nint row = 0; row < rows; row++)
        {
            ref float left = ref Unsafe.Add(ref residual, row * residualStride);
            ref float right = ref Unsafe.Add(ref branch, row * branchStride);
            ref float to = ref Unsafe.Add(ref sum, row * sumStride);
            for (nint i = whole; i < width; i++)
                Unsafe.Add(ref to, i) = float.MultiplyAddEstimate(Unsafe.Add(ref right, i), scale, Unsafe.Add(ref left, i));
            ReadTail<T>(ref to, whole, ref rest, 0);
            float total = centres
                ? AddAndSum<T>(ref left, ref right, scale, ref to, whole, ref rest)
                : AddAndSumSquares<T>(ref left, ref right, scale, ref to, whole, ref rest);
            Finish<T>(ref to, ref Unsafe.Add(ref target, row * targetStride), whole, ref rest, total);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float AddAndSum<T>(ref float residual, ref float branch, float scale, ref float sums, nint whole, ref float tail)
        where T : struct, IFloatVector<T> => AddAndReduce<T>(ref residual, ref branch, scale, ref sums, whole, ref tail, squares: false);

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float AddAndSumSquares<T>(ref float residual, ref float branch, float scale, ref float sums, nint whole, ref float tail)
        where T : struct, IFloatVector<T> => AddAndReduce<T>(ref residual, ref branch, scale, ref sums, whole, ref tail, squares: true);

    /// <summary>Adds a row, and sums what comes out, or its squares, in the order of <see cref="Sum{T}"/> and <see cref="SumOfSquares{T}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AddAndReduce<T>(ref float residual, ref float branch, float scale, ref float sums, nint whole, ref float tail, bool squares)
        where T : struct, IFloatVector<T>
    {
        T factor = T.Create(scale), zero = T.Create(0);
        T sum0 = Include(Part<T>(ref tail, 0), zero, squares), sum1 = Include(Part<T>(ref tail, 1), zero, squares);
        T sum2 = Include(Part<T>(ref tail, 2), zero, squares), sum3 = Include(Part<T>(ref tail, 3), zero, squares);
        T sum4 = Include(Part<T>(ref tail, 4), zero, squares), sum5 = Include(Part<T>(ref tail, 5), zero, squares);
        T sum6 = Include(Part<T>(ref tail, 6), zero, squares), sum7 = Include(Part<T>(ref tail, 7), zero, squares);
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            sum0 = Include(Add(ref residual, ref branch, factor, ref sums, i), sum0, squares);
            sum1 = Include(Add(ref residual, ref branch, factor, ref sums, i + T.Lanes), sum1, squares);
            if (T.Lanes < 16)
            {
                sum2 = Include(Add(ref residual, ref branch, factor, ref sums, i + 2 * T.Lanes), sum2, squares);
                sum3 = Include(Add(ref residual, ref branch, factor, ref sums, i + 3 * T.Lanes), sum3, squares);
            }

            if (T.Lanes < 8)
            {
                sum4 = Include(Add(ref residual, ref branch, factor, ref sums, i + 4 * T.Lanes), sum4, squares);
                sum5 = Include(Add(ref residual, ref branch, factor, ref sums, i + 5 * T.Lanes), sum5, squares);
                sum6 = Include(Add(ref residual, ref branch, factor, ref sums, i + 6 * T.Lanes), sum6, squares);
                sum7 = Include(Add(ref residual, ref branch, factor, ref sums, i + 7 * T.Lanes), sum7, squares);
            }
        }

        return Fold(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Add<T>(ref float residual, ref float branch, T factor, ref float sums, nint i)
        where T : struct, IFloatVector<T>
    {
        T sum = T.MultiplyAdd(T.Load(ref branch, i), factor, T.Load(ref residual, i));
        sum.Store(ref sums, i);
        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Include<T>(T values, T sum, bool squares)
        where T : struct, IFloatVector<T> => squares ? T.MultiplyAdd(values, values, sum) : sum + values;
}
