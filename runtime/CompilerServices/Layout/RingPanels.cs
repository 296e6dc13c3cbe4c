using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Writes rows into panels of a ring or of pages, one run of keys after another: the keys of a run lie one after another, those of two runs do not. Where
/// there is neither ring nor page, this is what <see cref="KeyPanels"/> and <see cref="ValuePanels"/> do.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class RingPanels
{
    /// <summary>Transposes rows of keys into panels; of more rows than there is room for, the last stay.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="panels">Where the panels lie.</param>
    /// <param name="head">KV head.</param>
    /// <param name="firstKey">The key that the first row is.</param>
    /// <param name="headDim">Elements of a row.</param>
    public static void WriteKeys(ref float strip, nint stripStride, nint rows, in KeyValuePanels panels, nint head, nint firstKey, nint headDim)
    {
        ref float target = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);
        for (nint row = nint.Max(0, rows - panels.KeyCapacity); row < rows;)
        {
            nint place = panels.Place(firstKey + row);
            nint count = nint.Min(rows - row, panels.Run(firstKey + row));
            KeyPanels.Write(ref Unsafe.Add(ref strip, row * stripStride), stripStride, count, ref target, place, headDim);
            row += count;
        }
    }

    /// <summary>Copies rows of values into panels; of more rows than there is room for, the last stay.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to write.</param>
    /// <param name="panels">Where the panels lie.</param>
    /// <param name="head">KV head.</param>
    /// <param name="firstKey">The key that the first row is.</param>
    /// <param name="headDim">Elements of a row.</param>
    public static void WriteValues(ref float strip, nint stripStride, nint rows, in KeyValuePanels panels, nint head, nint firstKey, nint headDim)
    {
        ref float target = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);
        for (nint row = nint.Max(0, rows - panels.KeyCapacity); row < rows;)
        {
            nint place = panels.Place(firstKey + row);
            nint count = nint.Min(rows - row, panels.Run(firstKey + row));
            ValuePanels.Write(ref Unsafe.Add(ref strip, row * stripStride), stripStride, count, ref target, panels.ValuePanelStride, place, headDim);
            row += count;
        }
    }
}
