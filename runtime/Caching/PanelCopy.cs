using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>Moves keys and values between panels, and between panels and plain rows.</summary>
/// <remarks>A run is a stretch of keys that lie one after another: it ends at the end of the ring or of a page.</remarks>
internal static class PanelCopy
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>
    /// Copies the keys <paramref name="first"/> to <paramref name="end"/> − 1 of every head, in whole panels, to the places that they have in the target.
    /// </summary>
    public static void Copy(AttentionShape shape, in KeyValuePanels source, in KeyValuePanels target, nint first, nint end)
    {
        nint last = (end + PanelWidth - 1) / PanelWidth * PanelWidth;
        nint panelFloats = KeyValueLayout.PanelFloats(shape.KeyValues, shape.HeadDim), lineFloats = KeyValueLayout.LineFloats(shape.KeyValues);
        int valuePanels = (shape.ValueHeadDim + PanelWidth - 1) / PanelWidth;
        for (nint key = first / PanelWidth * PanelWidth; key < last;)
        {
            nint from = source.Place(key), to = target.Place(key);
            nint count = nint.Min(last - key, nint.Min(source.Run(key), target.Run(key)));
            for (nint head = 0; head < shape.KvHeads; head++)
            {
                ref float values = ref Unsafe.Add(ref source.Values, head * source.ValueHeadStride);
                ref float targetValues = ref Unsafe.Add(ref target.Values, head * target.ValueHeadStride);
                Copy(
                    ref Unsafe.Add(ref source.Keys, (head * source.KeyHeadStride) + (from / PanelWidth * panelFloats)),
                    ref Unsafe.Add(ref target.Keys, (head * target.KeyHeadStride) + (to / PanelWidth * panelFloats)),
                    count / PanelWidth * panelFloats);
                for (nint panel = 0; panel < valuePanels; panel++)
                {
                    Copy(
                        ref Unsafe.Add(ref values, (panel * source.ValuePanelStride) + (from * lineFloats)),
                        ref Unsafe.Add(ref targetValues, (panel * target.ValuePanelStride) + (to * lineFloats)),
                        count * lineFloats);
                }

                // The scales of the values are behind their panels.
                if (KeyValueLayout.ScaleBytes(shape.KeyValues) > 0)
                    Copy(
                        ref Unsafe.Add(ref values, (valuePanels * source.ValuePanelStride) + from),
                        ref Unsafe.Add(ref targetValues, (valuePanels * target.ValuePanelStride) + to),
                        count);
            }

            key += count;
        }
    }

    /// <summary>Writes so many rows of keys of one head, from a key on.</summary>
    public static void WriteKeys(AttentionShape shape, ReadOnlySpan<float> rows, int stride, int count, in KeyValuePanels panels, nint head, nint firstKey)
    {
        ref float first = ref MemoryMarshal.GetReference(rows);
        if (shape.KeyValues == KeyValueFormat.Float32)
            RingPanels.WriteKeys(ref first, stride, count, in panels, head, firstKey, shape.HeadDim);
        else
            NarrowPanels.WriteKeys(shape.KeyValues, ref first, stride, count, in panels, head, firstKey, shape.HeadDim);
    }

    /// <summary>Writes so many rows of values of one head, from a key on.</summary>
    public static void WriteValues(AttentionShape shape, ReadOnlySpan<float> rows, int stride, int count, in KeyValuePanels panels, nint head, nint firstKey)
    {
        ref float first = ref MemoryMarshal.GetReference(rows);
        if (shape.KeyValues == KeyValueFormat.Float32)
            RingPanels.WriteValues(ref first, stride, count, in panels, head, firstKey, shape.ValueHeadDim);
        else
            NarrowPanels.WriteValues(shape.KeyValues, ref first, stride, count, in panels, head, firstKey, shape.ValueHeadDim);
    }

    /// <summary>Reads so many rows of keys of one head, from a key on.</summary>
    public static void ReadKeys(AttentionShape shape, in KeyValuePanels panels, nint head, nint firstKey, Span<float> rows, int stride, int count)
    {
        if (shape.KeyValues != KeyValueFormat.Float32)
        {
            Span<byte> rounded = stackalloc byte[ShapeLimits.MaxCoreHeadDim * sizeof(ushort)];
            for (int row = 0; row < count; row++)
            {
                float scale = NarrowPanels.LoadKey(shape.KeyValues, in panels, head, firstKey + row, shape.HeadDim, rounded);
                NarrowPanels.Widen(shape.KeyValues, rounded, scale, rows.Slice(row * stride, shape.HeadDim));
            }

            return;
        }

        ref float first = ref Unsafe.Add(ref panels.Keys, head * panels.KeyHeadStride);
        for (int row = 0; row < count; row++)
        {
            nint place = panels.Place(firstKey + row);
            ref float key = ref Unsafe.Add(ref first, (place - place % PanelWidth) * shape.HeadDim + place % PanelWidth);
            Span<float> target = rows.Slice(row * stride, shape.HeadDim);
            for (int k = 0; k < target.Length; k++)
                target[k] = Unsafe.Add(ref key, (nint)k * PanelWidth);
        }
    }

    /// <summary>Reads so many rows of values of one head, from a key on.</summary>
    public static void ReadValues(AttentionShape shape, in KeyValuePanels panels, nint head, nint firstKey, Span<float> rows, int stride, int count)
    {
        if (shape.KeyValues != KeyValueFormat.Float32)
        {
            Span<byte> rounded = stackalloc byte[ShapeLimits.MaxCoreHeadDim * sizeof(ushort)];
            for (int row = 0; row < count; row++)
            {
                float scale = NarrowPanels.LoadValue(shape.KeyValues, in panels, head, firstKey + row, shape.ValueHeadDim, rounded);
                NarrowPanels.Widen(shape.KeyValues, rounded, scale, rows.Slice(row * stride, shape.ValueHeadDim));
            }

            return;
        }

        ref float first = ref Unsafe.Add(ref panels.Values, head * panels.ValueHeadStride);
        for (int row = 0; row < count; row++)
        {
            ref float value = ref Unsafe.Add(ref first, panels.Place(firstKey + row) * PanelWidth);
            Span<float> target = rows.Slice(row * stride, shape.ValueHeadDim);
            for (int column = 0; column < target.Length; column += PanelWidth)
            {
                int width = Math.Min(PanelWidth, target.Length - column);
                MemoryMarshal.CreateReadOnlySpan(
                    ref Unsafe.Add(ref value, column / PanelWidth * panels.ValuePanelStride), width).CopyTo(target.Slice(column, width));
            }
        }
    }

    private static void Copy(ref float source, ref float target, nint floats) =>
        MemoryMarshal.CreateReadOnlySpan(ref source, (int)floats).CopyTo(MemoryMarshal.CreateSpan(ref target, (int)floats));
}
