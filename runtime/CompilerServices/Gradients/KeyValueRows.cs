using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>Turns panels of keys and values back into rows, for products whose operands they are the other way round.</summary>
internal static class KeyValueRows
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Reads keys: the inverse of <see cref="KeyPanels.Write"/>.</summary>
    /// <param name="panels">The panel whose first key is the first row.</param>
    /// <param name="keys">Keys; rows up to a whole panel are written.</param>
    /// <param name="headDim">Elements of a key.</param>
    /// <param name="rows">[keys][headDim].</param>
    public static void ReadKeys(ref float panels, nint keys, nint headDim, ref float rows)
    {
        for (nint key = 0; key < keys; key += PanelWidth)
        {
            ref float panel = ref Unsafe.Add(ref panels, key * headDim);
            ref float target = ref Unsafe.Add(ref rows, key * headDim);
            nint element = 0;
            if (Avx.IsSupported)
            {
                for (; element <= headDim - 8; element += 8)
                    KeyPanels.TransposeEight(
                        ref Unsafe.Add(ref panel, element * PanelWidth), PanelWidth, ref Unsafe.Add(ref target, element), headDim, PanelWidth);
            }

            if (Sse.IsSupported || AdvSimd.Arm64.IsSupported)
            {
                for (; element <= headDim - 4; element += 4)
                    KeyPanels.TransposeFour(
                        ref Unsafe.Add(ref panel, element * PanelWidth), PanelWidth, ref Unsafe.Add(ref target, element), headDim, PanelWidth);
            }

            for (; element < headDim; element++)
            {
                for (nint lane = 0; lane < PanelWidth; lane++)
                    Unsafe.Add(ref target, (lane * headDim) + element) = Unsafe.Add(ref panel, (element * PanelWidth) + lane);
            }
        }

        Finish(ref rows, keys * headDim);
    }

    /// <summary>Reads values: the inverse of <see cref="ValuePanels.Write"/>.</summary>
    /// <param name="panels">The value of the first row in the first panel.</param>
    /// <param name="panelStride">Floats from a panel to the next.</param>
    /// <param name="keys">Values.</param>
    /// <param name="headDim">Elements of a value.</param>
    /// <param name="rows">[keys][headDim].</param>
    public static void ReadValues(ref float panels, nint panelStride, nint keys, nint headDim, ref float rows)
    {
        for (nint element = 0; element < headDim; element += PanelWidth)
            StridedRows.Copy(
                ref Unsafe.Add(ref panels, element / PanelWidth * panelStride), PanelWidth, ref Unsafe.Add(ref rows, element), headDim, keys,
                (int)nint.Min(PanelWidth, headDim - element));
        Finish(ref rows, keys * headDim);
    }

    /// <summary>
    /// Zero in place of each number that is not finite. Whoever sees such a key has a NaN in its probabilities already; for the others 0 times NaN must be 0.
    /// </summary>
    private static void Finish(ref float rows, nint count)
    {
        if (ScoreGradients.AreFinite(ref rows, count))
            return;
        foreach (ref float value in MemoryMarshal.CreateSpan(ref rows, (int)count))
            value = float.IsFinite(value) ? value : 0;
    }
}
