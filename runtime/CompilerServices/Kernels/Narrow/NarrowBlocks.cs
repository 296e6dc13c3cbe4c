using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Widens the keys and values of a key block to float32, for many query rows: then the float32 kernels run on it. Scales come after.</summary>
internal static class NarrowBlocks
{
    private const int PanelWidth = PanelLayout.PanelWidth;
    private const MethodImplOptions Kernel = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Widens panels of keys.</summary>
    /// <param name="format">The format.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="keys">The first panel.</param>
    /// <param name="panels">Panels.</param>
    /// <param name="target">[panels][HeadDim][16].</param>
    public static void WidenKeys(KeyValueFormat format, nint headDim, ref float keys, nint panels, ref float target)
    {
        nint panelFloats = KeyValueLayout.PanelFloats(format, (int)headDim);
        for (nint panel = 0; panel < panels; panel++)
            Widen(
                format, ref Unsafe.Add(ref keys, (panel * panelFloats) + KeyValueLayout.ScaleFloats(format)), headDim,
                ref Unsafe.Add(ref target, panel * (headDim * PanelWidth)));
    }

    /// <summary>Widens values.</summary>
    /// <param name="format">The format.</param>
    /// <param name="values">The first key's values in the first panel.</param>
    /// <param name="panelStride">Floats from a panel to the next.</param>
    /// <param name="panels">Panels.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="target">[panels][keys][16].</param>
    /// <param name="targetStride">Floats from a panel of the target to the next.</param>
    public static void WidenValues(
        KeyValueFormat format, ref float values, nint panelStride, nint panels, nint keys, ref float target, nint targetStride)
    {
        for (nint panel = 0; panel < panels; panel++)
            Widen(format, ref Unsafe.Add(ref values, panel * panelStride), keys, ref Unsafe.Add(ref target, panel * targetStride));
    }

    private static void Widen(KeyValueFormat format, ref float source, nint lines, ref float target)
    {
        if (format == KeyValueFormat.BFloat16)
            Widen<BFloat16Numbers>(ref source, lines, ref target);
        else if (format == KeyValueFormat.Float16)
            Widen<Float16Numbers>(ref source, lines, ref target);
        else
            Widen<Int8Numbers>(ref source, lines, ref target);
    }

    private static void Widen<TNumbers>(ref float source, nint lines, ref float target)
        where TNumbers : struct, INarrowNumbers
    {
        if (Vector512.IsHardwareAccelerated)
            Widen<Float512, TNumbers>(ref source, lines, ref target);
        else if (Vector256.IsHardwareAccelerated)
            Widen<Float256, TNumbers>(ref source, lines, ref target);
        else
            Widen<Float128, TNumbers>(ref source, lines, ref target);
    }

    /// <summary>Widens lines of 16 elements.</summary>
    [MethodImpl(Kernel)]
    internal static void Widen<T, TNumbers>(ref float source, nint lines, ref float target)
        where T : struct, IFloatVector<T>
        where TNumbers : struct, INarrowFormat, INarrowNumbers<T>
    {
        for (nint line = 0; line < lines; line++)
        {
            for (nint element = 0; element < PanelWidth; element += T.Lanes)
                TNumbers.Load(ref Unsafe.Add(ref source, line * TNumbers.LineFloats), element).Store(ref target, (line * PanelWidth) + element);
        }
    }
}
