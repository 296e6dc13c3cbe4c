using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.Samples.Train;

/// <summary>The products of the vocabulary's head. An element is one ascending chain of fused multiply-adds, so its bits depend on no processor.</summary>
internal static class Products
{
    /// <summary>result = result + left · right.</summary>
    /// <param name="left">[rows, depth] by strides.</param>
    /// <param name="rowStride">Elements from a row of the left to the next.</param>
    /// <param name="depthStride">Elements from a step of the depth to the next.</param>
    /// <param name="right">[depth, columns].</param>
    /// <param name="result">[rows, columns].</param>
    /// <param name="rows">Rows of the result.</param>
    /// <param name="columns">Columns of the result: a multiple of 64.</param>
    /// <param name="depth">Steps of the depth.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(
        ReadOnlySpan<float> left, int rowStride, int depthStride, ReadOnlySpan<float> right, Span<float> result, int rows, int columns, int depth)
    {
        int step = Vector<float>.Count;
        ref float to = ref MemoryMarshal.GetReference(result), from = ref MemoryMarshal.GetReference(right);
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column += 4 * step)
            {
                ref float sums = ref Unsafe.Add(ref to, (row * columns) + column);
                Vector<float> sum0 = Vector.LoadUnsafe(ref sums), sum1 = Vector.LoadUnsafe(ref Unsafe.Add(ref sums, step));
                Vector<float> sum2 = Vector.LoadUnsafe(ref Unsafe.Add(ref sums, 2 * step)), sum3 = Vector.LoadUnsafe(ref Unsafe.Add(ref sums, 3 * step));
                for (int k = 0; k < depth; k++)
                {
                    var factor = new Vector<float>(left[(row * rowStride) + (k * depthStride)]);
                    ref float line = ref Unsafe.Add(ref from, (k * columns) + column);
                    sum0 = Vector.FusedMultiplyAdd(factor, Vector.LoadUnsafe(ref line), sum0);
                    sum1 = Vector.FusedMultiplyAdd(factor, Vector.LoadUnsafe(ref Unsafe.Add(ref line, step)), sum1);
                    sum2 = Vector.FusedMultiplyAdd(factor, Vector.LoadUnsafe(ref Unsafe.Add(ref line, 2 * step)), sum2);
                    sum3 = Vector.FusedMultiplyAdd(factor, Vector.LoadUnsafe(ref Unsafe.Add(ref line, 3 * step)), sum3);
                }

                sum0.StoreUnsafe(ref sums);
                sum1.StoreUnsafe(ref Unsafe.Add(ref sums, step));
                sum2.StoreUnsafe(ref Unsafe.Add(ref sums, 2 * step));
                sum3.StoreUnsafe(ref Unsafe.Add(ref sums, 3 * step));
            }
        }
    }
}
