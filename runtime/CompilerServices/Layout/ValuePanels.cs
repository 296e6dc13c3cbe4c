using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Writes projected values into panels of 16 columns: key j, element d goes to <c>[d / 16][j][d % 16]</c>.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class ValuePanels
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Copies rows into panels; columns beyond <paramref name="headDim"/> in the last panel become zero.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="panels">First element of panel 0.</param>
    /// <param name="panelStride">Floats from a panel to the next.</param>
    /// <param name="firstKey">Where the first row goes.</param>
    /// <param name="headDim">Elements of a row.</param>
    public static void Write(ref float strip, nint stripStride, nint rows, ref float panels, nint panelStride, nint firstKey, nint headDim)
    {
        nint wholePanels = headDim / PanelWidth;
        int leftColumns = (int)(headDim % PanelWidth);
        for (nint panel = 0; panel < wholePanels; panel++)
        {
            ref float source = ref Unsafe.Add(ref strip, panel * PanelWidth);
            ref float target = ref Unsafe.Add(ref panels, panel * panelStride + firstKey * PanelWidth);
            for (nint row = 0; row < rows; row++)
                CopyWholeRow(ref Unsafe.Add(ref source, row * stripStride), ref Unsafe.Add(ref target, row * PanelWidth));
        }

        if (leftColumns > 0)
        {
            ref float source = ref Unsafe.Add(ref strip, wholePanels * PanelWidth);
            ref float target = ref Unsafe.Add(ref panels, wholePanels * panelStride + firstKey * PanelWidth);
            for (nint row = 0; row < rows; row++)
                CopyPartialRow(ref Unsafe.Add(ref source, row * stripStride), ref Unsafe.Add(ref target, row * PanelWidth), leftColumns);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyWholeRow(ref float source, ref float target)
    {
        Vector128<float> part0 = Vector128.LoadUnsafe(ref source);
        Vector128<float> part1 = Vector128.LoadUnsafe(ref source, 4);
        Vector128<float> part2 = Vector128.LoadUnsafe(ref source, 8);
        Vector128<float> part3 = Vector128.LoadUnsafe(ref source, 12);
        part0.StoreUnsafe(ref target);
        part1.StoreUnsafe(ref target, 4);
        part2.StoreUnsafe(ref target, 8);
        part3.StoreUnsafe(ref target, 12);
    }

    private static void CopyPartialRow(ref float source, ref float target, int columns)
    {
        Span<float> row = MemoryMarshal.CreateSpan(ref target, PanelWidth);
        MemoryMarshal.CreateReadOnlySpan(ref source, columns).CopyTo(row);
        row[columns..].Clear();
    }
}
