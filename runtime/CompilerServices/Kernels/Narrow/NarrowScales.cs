using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The scales of int8 keys and values. A score is multiplied by its key's after the product, and a probability by its value's before the product: once each,
/// whoever computes the products.
/// </summary>
internal static class NarrowScales
{
    private const int PanelWidth = PanelLayout.PanelWidth;
    private const MethodImplOptions Kernel = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Multiplies scores by the scales of their keys, which stand before each panel.</summary>
    /// <param name="scores">The first row's.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="keys">The first key panel.</param>
    /// <param name="panelFloats">Floats from a key panel to the next.</param>
    /// <param name="panels">Panels of 16 keys.</param>
    public static void MultiplyScores(ref float scores, nint rows, nint stride, ref float keys, nint panelFloats, nint panels)
    {
        for (nint panel = 0; panel < panels; panel++)
            Multiply(ref Unsafe.Add(ref scores, panel * PanelWidth), rows, stride, ref Unsafe.Add(ref keys, panel * panelFloats), PanelWidth);
    }

    /// <summary>Multiplies rows, column by column.</summary>
    /// <param name="rows">The first row.</param>
    /// <param name="count">Rows.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="scales">A scale for each column.</param>
    /// <param name="columns">Columns.</param>
    public static void Multiply(ref float rows, nint count, nint stride, ref float scales, nint columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<Float512>(ref rows, count, stride, ref scales, columns);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<Float256>(ref rows, count, stride, ref scales, columns);
        else
            Multiply<Float128>(ref rows, count, stride, ref scales, columns);
    }

    /// <summary>Copies the scales of keys that are seen, and zeros for the others, whatever they are.</summary>
    /// <param name="scores">Final scores of the keys; −∞ where one is masked.</param>
    /// <param name="keys">How many.</param>
    /// <param name="scales">Their scales.</param>
    /// <param name="target">Where the copy goes.</param>
    public static void CopySeen(ref float scores, nint keys, ref float scales, ref float target)
    {
        for (nint key = 0; key < keys; key++)
            Unsafe.Add(ref target, key) = float.IsNegativeInfinity(Unsafe.Add(ref scores, key)) ? 0 : Unsafe.Add(ref scales, key);
    }

    [MethodImpl(Kernel)]
    private static void Multiply<T>(ref float rows, nint count, nint stride, ref float scales, nint columns)
        where T : struct, IFloatVector<T>
    {
        for (nint row = 0; row < count; row++)
        {
            ref float line = ref Unsafe.Add(ref rows, row * stride);
            nint column = 0;
            for (; column <= columns - T.Lanes; column += T.Lanes)
                (T.Load(ref line, column) * T.Load(ref scales, column)).Store(ref line, column);
            for (; column < columns; column++)
                Unsafe.Add(ref line, column) *= Unsafe.Add(ref scales, column);
        }
    }
}
