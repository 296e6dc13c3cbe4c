using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Writes rows into panels of 16: row r, element k goes to <c>[r / 16][k][r % 16]</c>. Projected keys are kept so,
/// and weight matrices too, so that a product reads 16 columns at once without a transpose.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class KeyPanels
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Transposes rows into panels; other rows of a panel that is only partly written stay as they are.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="panels">First element of panel 0.</param>
    /// <param name="firstKey">Where the first row goes; need not be the start of a panel.</param>
    /// <param name="headDim">Elements of a row.</param>
    public static void Write(ref float strip, nint stripStride, nint rows, ref float panels, nint firstKey, nint headDim)
    {
        for (nint row = 0; row < rows;)
        {
            nint key = firstKey + row;
            nint lane = key % PanelWidth;
            nint left = nint.Min(rows - row, PanelWidth - lane);
            ref float source = ref Unsafe.Add(ref strip, row * stripStride);
            ref float target = ref Unsafe.Add(ref panels, (key - lane) * headDim + lane);
            if (left >= 8 && Avx.IsSupported)
            {
                TransposeEight(ref source, stripStride, ref target, PanelWidth, headDim);
                row += 8;
            }
            else if (left >= 4 && (Sse.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                TransposeFour(ref source, stripStride, ref target, PanelWidth, headDim);
                row += 4;
            }
            else
            {
                WriteOne(ref source, ref target, PanelWidth, 0, headDim);
                row++;
            }
        }
    }

    private static void WriteOne(ref float source, ref float target, nint targetStride, nint from, nint count)
    {
        for (nint k = from; k < count; k++)
            Unsafe.Add(ref target, k * targetStride) = Unsafe.Add(ref source, k);
    }

    /// <summary>Element k of row r goes to k target strides and r floats behind <paramref name="target"/>, for four rows.</summary>
    internal static void TransposeFour(ref float source, nint stride, ref float target, nint targetStride, nint count)
    {
        nint k = 0;
        for (; k <= count - 4; k += 4)
        {
            ref float block = ref Unsafe.Add(ref source, k);
            Vector128<float> row0 = Vector128.LoadUnsafe(ref block);
            Vector128<float> row1 = Vector128.LoadUnsafe(ref Unsafe.Add(ref block, stride));
            Vector128<float> row2 = Vector128.LoadUnsafe(ref Unsafe.Add(ref block, 2 * stride));
            Vector128<float> row3 = Vector128.LoadUnsafe(ref Unsafe.Add(ref block, 3 * stride));

            // Two rounds of zipping, (0,2) and (1,3) and then their results, transpose a 4×4 block.
            Vector128<float> low02 = ZipLow(row0, row2), high02 = ZipHigh(row0, row2);
            Vector128<float> low13 = ZipLow(row1, row3), high13 = ZipHigh(row1, row3);
            ref float column = ref Unsafe.Add(ref target, k * targetStride);
            ZipLow(low02, low13).StoreUnsafe(ref column);
            ZipHigh(low02, low13).StoreUnsafe(ref Unsafe.Add(ref column, targetStride));
            ZipLow(high02, high13).StoreUnsafe(ref Unsafe.Add(ref column, 2 * targetStride));
            ZipHigh(high02, high13).StoreUnsafe(ref Unsafe.Add(ref column, 3 * targetStride));
        }

        for (nint row = 0; row < 4; row++)
            WriteOne(ref Unsafe.Add(ref source, row * stride), ref Unsafe.Add(ref target, row), targetStride, k, count);
    }

    /// <summary>Element k of row r goes to k target strides and r floats behind <paramref name="target"/>, for eight rows.</summary>
    internal static void TransposeEight(ref float source, nint stride, ref float target, nint targetStride, nint count)
    {
        nint k = 0;
        for (; k <= count - 4; k += 4)
        {
            // Rows 0 to 3 stand in the lower halves, rows 4 to 7 in the upper ones: each half is a 4×4 block of its own.
            ref float block = ref Unsafe.Add(ref source, k);
            Vector256<float> row0 = LoadPair(ref block, 4 * stride);
            Vector256<float> row1 = LoadPair(ref Unsafe.Add(ref block, stride), 4 * stride);
            Vector256<float> row2 = LoadPair(ref Unsafe.Add(ref block, 2 * stride), 4 * stride);
            Vector256<float> row3 = LoadPair(ref Unsafe.Add(ref block, 3 * stride), 4 * stride);

            Vector256<float> low02 = Avx.UnpackLow(row0, row2), high02 = Avx.UnpackHigh(row0, row2);
            Vector256<float> low13 = Avx.UnpackLow(row1, row3), high13 = Avx.UnpackHigh(row1, row3);
            ref float column = ref Unsafe.Add(ref target, k * targetStride);
            Avx.UnpackLow(low02, low13).StoreUnsafe(ref column);
            Avx.UnpackHigh(low02, low13).StoreUnsafe(ref Unsafe.Add(ref column, targetStride));
            Avx.UnpackLow(high02, high13).StoreUnsafe(ref Unsafe.Add(ref column, 2 * targetStride));
            Avx.UnpackHigh(high02, high13).StoreUnsafe(ref Unsafe.Add(ref column, 3 * targetStride));
        }

        for (nint row = 0; row < 8; row++)
            WriteOne(ref Unsafe.Add(ref source, row * stride), ref Unsafe.Add(ref target, row), targetStride, k, count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> LoadPair(ref float lower, nint distance) =>
        Vector256.Create(Vector128.LoadUnsafe(ref lower), Vector128.LoadUnsafe(ref Unsafe.Add(ref lower, distance)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
