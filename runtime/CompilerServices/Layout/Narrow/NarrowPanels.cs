using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Writes rows of float32 into panels of a narrow format, rounded, and reads them. Every element is written by itself, so that threads may write neighbouring
/// keys of a panel.
/// </summary>
internal static class NarrowPanels
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Rounds rows of keys into the panels of a head; of more rows than there is room for, the last stay.</summary>
    /// <param name="format">The format.</param>
    /// <param name="rows">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="panels">Where the panels lie.</param>
    /// <param name="head">KV head.</param>
    /// <param name="firstKey">The key that the first row is.</param>
    /// <param name="headDim">Elements of a row.</param>
    public static void WriteKeys(
        KeyValueFormat format, ref float rows, nint stride, nint count, in KeyValuePanels panels, nint head, nint firstKey, int headDim)
    {
        Span<byte> rounded = stackalloc byte[ShapeLimits.MaxCoreHeadDim * sizeof(ushort)];
        for (nint row = nint.Max(0, count - panels.KeyCapacity); row < count; row++)
        {
            float scale = Round(format, MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref rows, row * stride), headDim), rounded);
            StoreKey(format, rounded, scale, in panels, head, firstKey + row, headDim);
        }
    }

    /// <summary>Rounds rows of values into the panels of a head; of more rows than there is room for, the last stay.</summary>
    /// <inheritdoc cref="WriteKeys"/>
    public static void WriteValues(
        KeyValueFormat format, ref float rows, nint stride, nint count, in KeyValuePanels panels, nint head, nint firstKey, int headDim)
    {
        Span<byte> rounded = stackalloc byte[ShapeLimits.MaxCoreHeadDim * sizeof(ushort)];
        for (nint row = nint.Max(0, count - panels.KeyCapacity); row < count; row++)
        {
            float scale = Round(format, MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref rows, row * stride), headDim), rounded);
            StoreValue(format, rounded, scale, in panels, head, firstKey + row, headDim);
        }
    }

    /// <summary>Makes the keys and values from one key to another zero; of more than there is room for, the last.</summary>
    public static void Clear(AttentionShape shape, in KeyValuePanels panels, nint first, nint end)
    {
        Span<byte> zeros = stackalloc byte[ShapeLimits.MaxCoreHeadDim * sizeof(ushort)];
        zeros.Clear();
        for (nint key = nint.Max(first, end - panels.KeyCapacity); key < end; key++)
        {
            for (nint head = 0; head < shape.KvHeads; head++)
            {
                StoreKey(shape.KeyValues, zeros, 0, in panels, head, key, shape.HeadDim);
                StoreValue(shape.KeyValues, zeros, 0, in panels, head, key, shape.ValueHeadDim);
            }
        }
    }

    /// <summary>Puts a rounded key in its place.</summary>
    public static void StoreKey(
        KeyValueFormat format, ReadOnlySpan<byte> rounded, float scale, in KeyValuePanels panels, nint head, nint key, int headDim)
    {
        ref float panel = ref KeyPanel(format, in panels, head, key, headDim, out nint lane);
        ref float line = ref Unsafe.Add(ref panel, KeyValueLayout.ScaleFloats(format));
        ref byte source = ref MemoryMarshal.GetReference(rounded);
        if (format == KeyValueFormat.Int8)
        {
            Unsafe.Add(ref panel, lane) = scale;
            ref byte target = ref Unsafe.Add(ref Unsafe.As<float, byte>(ref line), lane);
            for (nint k = 0; k < headDim; k++)
                Unsafe.Add(ref target, k * PanelWidth) = Unsafe.Add(ref source, k);
        }
        else
        {
            ref ushort target = ref Unsafe.Add(ref Unsafe.As<float, ushort>(ref line), lane);
            for (nint k = 0; k < headDim; k++)
                Unsafe.Add(ref target, k * PanelWidth) = Unsafe.Add(ref Unsafe.As<byte, ushort>(ref source), k);
        }
    }

    /// <summary>Puts a rounded value in its place; columns behind it, up to the end of its last panel, become zero.</summary>
    public static void StoreValue(
        KeyValueFormat format, ReadOnlySpan<byte> rounded, float scale, in KeyValuePanels panels, nint head, nint key, int valueHeadDim)
    {
        ref float line = ref ValueLine(format, in panels, head, key, valueHeadDim, out nint scalePlace);
        if (format == KeyValueFormat.Int8)
            Unsafe.Add(ref line, scalePlace) = scale;
        int size = KeyValueLayout.ElementBytes(format), width = PanelWidth * size;
        for (int first = 0, bytes = valueHeadDim * size; first < bytes; first += width)
        {
            Span<byte> target = Bytes(ref Unsafe.Add(ref line, first / width * panels.ValuePanelStride), width);
            int count = Math.Min(width, bytes - first);
            rounded.Slice(first, count).CopyTo(target);
            target[count..].Clear();
        }
    }

    /// <summary>Takes a key from its place, in its format.</summary>
    /// <returns>Its scale, or 1.</returns>
    public static float LoadKey(KeyValueFormat format, in KeyValuePanels panels, nint head, nint key, int headDim, Span<byte> rounded)
    {
        ref float panel = ref KeyPanel(format, in panels, head, key, headDim, out nint lane);
        ref float line = ref Unsafe.Add(ref panel, KeyValueLayout.ScaleFloats(format));
        ref byte target = ref MemoryMarshal.GetReference(rounded);
        if (format == KeyValueFormat.Int8)
        {
            ref byte elements = ref Unsafe.Add(ref Unsafe.As<float, byte>(ref line), lane);
            for (nint k = 0; k < headDim; k++)
                Unsafe.Add(ref target, k) = Unsafe.Add(ref elements, k * PanelWidth);
            return Unsafe.Add(ref panel, lane);
        }

        ref ushort source = ref Unsafe.Add(ref Unsafe.As<float, ushort>(ref line), lane);
        for (nint k = 0; k < headDim; k++)
            Unsafe.Add(ref Unsafe.As<byte, ushort>(ref target), k) = Unsafe.Add(ref source, k * PanelWidth);
        return 1;
    }

    /// <summary>Takes a value from its place, in its format.</summary>
    /// <returns>Its scale, or 1.</returns>
    public static float LoadValue(KeyValueFormat format, in KeyValuePanels panels, nint head, nint key, int valueHeadDim, Span<byte> rounded)
    {
        ref float line = ref ValueLine(format, in panels, head, key, valueHeadDim, out nint scalePlace);
        int size = KeyValueLayout.ElementBytes(format), width = PanelWidth * size;
        for (int first = 0, bytes = valueHeadDim * size; first < bytes; first += width)
        {
            int count = Math.Min(width, bytes - first);
            Bytes(ref Unsafe.Add(ref line, first / width * panels.ValuePanelStride), count).CopyTo(rounded[first..]);
        }

        return format == KeyValueFormat.Int8 ? Unsafe.Add(ref line, scalePlace) : 1;
    }

    /// <summary>Rounds a row.</summary>
    /// <returns>Its scale, or 1.</returns>
    public static float Round(KeyValueFormat format, ReadOnlySpan<float> row, Span<byte> rounded) => format switch
    {
        KeyValueFormat.BFloat16 => BFloat16Numbers.Round(row, rounded),
        KeyValueFormat.Float16 => Float16Numbers.Round(row, rounded),
        _ => Int8Numbers.Round(row, rounded),
    };

    /// <summary>The numbers that a rounded row stands for.</summary>
    public static void Widen(KeyValueFormat format, ReadOnlySpan<byte> rounded, float scale, Span<float> row)
    {
        ref float elements = ref Unsafe.As<byte, float>(ref MemoryMarshal.GetReference(rounded));
        for (int k = 0; k < row.Length; k++)
        {
            row[k] = format switch
            {
                KeyValueFormat.BFloat16 => BFloat16Numbers.Widen(ref elements, k, scale),
                KeyValueFormat.Float16 => Float16Numbers.Widen(ref elements, k, scale),
                _ => Int8Numbers.Widen(ref elements, k, scale),
            };
        }
    }

    /// <summary>The panel of 16 keys that holds a key, and which of them it is.</summary>
    private static ref float KeyPanel(KeyValueFormat format, in KeyValuePanels panels, nint head, nint key, int headDim, out nint lane)
    {
        nint place = panels.Place(key);
        lane = place % PanelWidth;
        return ref Unsafe.Add(ref panels.Keys, (head * panels.KeyHeadStride) + (place / PanelWidth * KeyValueLayout.PanelFloats(format, headDim)));
    }

    /// <summary>The first 16 elements of a value, and how many floats behind them its scale lies.</summary>
    private static ref float ValueLine(KeyValueFormat format, in KeyValuePanels panels, nint head, nint key, int valueHeadDim, out nint scale)
    {
        nint place = panels.Place(key), line = place * KeyValueLayout.LineFloats(format);
        scale = ((valueHeadDim + PanelWidth - 1) / PanelWidth * panels.ValuePanelStride) + place - line;
        return ref Unsafe.Add(ref panels.Values, (head * panels.ValueHeadStride) + line);
    }

    private static Span<byte> Bytes(ref float start, int count) => MemoryMarshal.CreateSpan(ref Unsafe.As<float, byte>(ref start), count);
}
