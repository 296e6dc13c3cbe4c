using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Packs the operands of a product: lines (rows of the left one, columns of the right one) stand side by side in panels, so that a register tile reads one
/// step of the depth after another in order. Lines beyond the last one are zero.
/// </summary>
internal static class ProductPanels
{
    /// <summary>Rows of a panel of the left operand: one register tile of 512 bits, two of 256.</summary>
    public const int LeftLines = 12;

    /// <summary>Columns of a panel of the right operand: two vectors of 512 bits.</summary>
    public const int RightLines = 32;

    /// <summary>Lines side by side that are packed together, in whole panels. On Zen 5 a product of few columns takes 0.87 of the time with it.</summary>
    private const int GroupLines = 128;

    /// <summary>Floats of the panels of some rows of a left operand.</summary>
    public static nint LeftFloats(nint rows, nint depth) => (rows + LeftLines - 1) / LeftLines * LeftLines * depth;

    /// <summary>Floats of the panels of some columns of a right operand.</summary>
    public static nint RightFloats(nint depth, nint columns) => (columns + RightLines - 1) / RightLines * RightLines * depth;

    /// <summary>Packs a left operand: element (i, k) goes to <c>[i / 12][k][i % 12]</c>.</summary>
    /// <param name="left">[rows, depth].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="depth">Columns.</param>
    /// <param name="panels">Where the panels go: <see cref="LeftFloats"/>.</param>
    public static void PackLeft(StridedMatrix left, nint rows, nint depth, ref float panels) => Pack(left, rows, depth, LeftLines, ref panels);

    /// <summary>Packs a right operand: element (k, j) goes to <c>[j / 32][k][j % 32]</c>.</summary>
    /// <param name="right">[depth, columns].</param>
    /// <param name="depth">Rows.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="panels">Where the panels go: <see cref="RightFloats"/>.</param>
    public static void PackRight(StridedMatrix right, nint depth, nint columns, ref float panels) =>
        Pack(right.Transposed, columns, depth, RightLines, ref panels);

    /// <summary>Packs lines: the rows of a matrix.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Pack(StridedMatrix matrix, nint lines, nint depth, nint panelLines, ref float panels)
    {
        // Panels that lie side by side are packed together, so that a cache line is read once and not for each panel that it reaches into.
        nint step = matrix.RowStride == 1 ? GroupLines / panelLines * panelLines : panelLines;
        for (nint line = 0; line < lines; line += step)
        {
            ref float panel = ref Unsafe.Add(ref panels, line * depth);
            nint count = nint.Min(step, lines - line), last = count % panelLines;
            if (last > 0)
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref panel, (count - last) * depth), (int)(panelLines * depth)).Clear();
            StridedMatrix rows = matrix.From(line, 0);
            if (rows.RowStride == 1)
                CopySteps(ref rows.Start, rows.ColumnStride, count, depth, panelLines, ref panel);
            else if (rows.ColumnStride == 1)
                TransposeLines(ref rows.Start, rows.RowStride, count, depth, panelLines, ref panel);
            else
                CopyElements(rows, count, depth, panelLines, ref panel);
        }
    }

    /// <summary>Lines that lie side by side already: for each step of the depth a run of floats for each panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopySteps(ref float source, nint stride, nint lines, nint depth, nint panelLines, ref float panels)
    {
        for (nint k = 0; k < depth; k++)
        {
            ref float from = ref Unsafe.Add(ref source, k * stride);
            ref float to = ref Unsafe.Add(ref panels, k * panelLines);
            for (nint line = 0; line < lines; line += panelLines)
                CopyRun(ref Unsafe.Add(ref from, line), ref Unsafe.Add(ref to, line * depth), nint.Min(panelLines, lines - line));
        }
    }

    /// <summary>Copies the lines of one panel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyRun(ref float from, ref float to, nint lines)
    {
        if (lines == RightLines)
        {
            CopyVector<Vector256<float>>(ref from, ref to, 0);
            CopyVector<Vector256<float>>(ref from, ref to, 8);
            CopyVector<Vector256<float>>(ref from, ref to, 16);
            CopyVector<Vector256<float>>(ref from, ref to, 24);
            return;
        }

        if (lines == LeftLines)
        {
            CopyVector<Vector256<float>>(ref from, ref to, 0);
            CopyVector<Vector128<float>>(ref from, ref to, 8);
            return;
        }

        nint line = 0;
        for (; line <= lines - 4; line += 4)
            CopyVector<Vector128<float>>(ref from, ref to, line);
        for (; line < lines; line++)
            Unsafe.Add(ref to, line) = Unsafe.Add(ref from, line);
    }

    /// <summary>Copies as many floats as a vector has.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyVector<TVector>(ref float source, ref float target, nint place) =>
        Unsafe.WriteUnaligned(
            ref Unsafe.As<float, byte>(ref Unsafe.Add(ref target, place)),
            Unsafe.ReadUnaligned<TVector>(ref Unsafe.As<float, byte>(ref Unsafe.Add(ref source, place))));

    /// <summary>Lines that lie one after another.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void TransposeLines(ref float source, nint stride, nint lines, nint depth, nint panelLines, ref float panel)
    {
        for (nint line = 0; line < lines;)
        {
            ref float from = ref Unsafe.Add(ref source, line * stride);
            ref float to = ref Unsafe.Add(ref panel, line);
            if (lines - line >= 8 && Avx.IsSupported)
            {
                KeyPanels.TransposeEight(ref from, stride, ref to, panelLines, depth);
                line += 8;
            }
            else if (lines - line >= 4 && (Sse.IsSupported || AdvSimd.Arm64.IsSupported))
            {
                KeyPanels.TransposeFour(ref from, stride, ref to, panelLines, depth);
                line += 4;
            }
            else
            {
                for (nint k = 0; k < depth; k++)
                    Unsafe.Add(ref to, k * panelLines) = Unsafe.Add(ref from, k);
                line++;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void CopyElements(StridedMatrix rows, nint lines, nint depth, nint panelLines, ref float panel)
    {
        for (nint line = 0; line < lines; line++)
        {
            for (nint k = 0; k < depth; k++)
                Unsafe.Add(ref panel, (k * panelLines) + line) = rows.From(line, k).Start;
        }
    }
}
