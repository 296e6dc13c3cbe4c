using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// Keys and values as rows in the format of their cache, byte for byte: for what must come back as it was. A row has its elements, and behind them its scale if
/// the format has one.
/// </summary>
internal static class StoredRows
{
    /// <summary>Bytes of the keys and values of one key, of all heads.</summary>
    public static int BytesOfKey(AttentionShape shape) => shape.KvHeads * (RowBytes(shape, true) + RowBytes(shape, false));

    /// <summary>Floats that have room for the keys and values of so many keys.</summary>
    public static nint Floats(AttentionShape shape, nint keys) => ((keys * BytesOfKey(shape)) + sizeof(float) - 1) / sizeof(float);

    /// <summary>Some floats of a memory, as bytes.</summary>
    public static Span<byte> Bytes(AlignedMemory memory, nint first, nint floats) =>
        MemoryMarshal.CreateSpan(ref Unsafe.As<float, byte>(ref Unsafe.Add(ref memory.Reference, first)), checked((int)(floats * sizeof(float))));

    /// <summary>Bytes of a row of keys, or of values, of one head.</summary>
    public static int RowBytes(AttentionShape shape, bool isKeys) => KeyValueLayout.RowBytes(shape.KeyValues, Width(shape, isKeys));

    /// <summary>Takes so many rows of one head, from a key on.</summary>
    /// <param name="shape">What the cache is of.</param>
    /// <param name="panels">Where the rows lie.</param>
    /// <param name="isKeys">Keys, or values.</param>
    /// <param name="head">The KV head.</param>
    /// <param name="firstKey">The first key.</param>
    /// <param name="rows">Where they go.</param>
    /// <param name="count">How many.</param>
    public static void Read(AttentionShape shape, in KeyValuePanels panels, bool isKeys, int head, int firstKey, Span<byte> rows, int count)
    {
        int width = Width(shape, isKeys), bytes = RowBytes(shape, isKeys);
        if (shape.KeyValues == KeyValueFormat.Float32)
        {
            Span<float> numbers = MemoryMarshal.Cast<byte, float>(rows);
            if (isKeys)
                PanelCopy.ReadKeys(shape, in panels, head, firstKey, numbers, width, count);
            else
                PanelCopy.ReadValues(shape, in panels, head, firstKey, numbers, width, count);
            return;
        }

        for (int row = 0; row < count; row++)
        {
            Span<byte> target = rows.Slice(row * bytes, bytes);
            float scale = isKeys
                ? NarrowPanels.LoadKey(shape.KeyValues, in panels, head, firstKey + row, width, target)
                : NarrowPanels.LoadValue(shape.KeyValues, in panels, head, firstKey + row, width, target);
            if (KeyValueLayout.ScaleBytes(shape.KeyValues) > 0)
                MemoryMarshal.Write(target[^sizeof(float)..], in scale);
        }
    }

    /// <summary>Puts so many rows of one head in their places, from a key on.</summary>
    /// <inheritdoc cref="Read"/>
    public static void Write(AttentionShape shape, ReadOnlySpan<byte> rows, int count, bool isKeys, in KeyValuePanels panels, int head, int firstKey)
    {
        int width = Width(shape, isKeys), bytes = RowBytes(shape, isKeys);
        if (shape.KeyValues == KeyValueFormat.Float32)
        {
            ReadOnlySpan<float> numbers = MemoryMarshal.Cast<byte, float>(rows);
            if (isKeys)
                PanelCopy.WriteKeys(shape, numbers, width, count, in panels, head, firstKey);
            else
                PanelCopy.WriteValues(shape, numbers, width, count, in panels, head, firstKey);
            return;
        }

        for (int row = 0; row < count; row++)
        {
            ReadOnlySpan<byte> source = rows.Slice(row * bytes, bytes);
            float scale = KeyValueLayout.ScaleBytes(shape.KeyValues) > 0 ? MemoryMarshal.Read<float>(source[^sizeof(float)..]) : 1;
            if (isKeys)
                NarrowPanels.StoreKey(shape.KeyValues, source, scale, in panels, head, firstKey + row, width);
            else
                NarrowPanels.StoreValue(shape.KeyValues, source, scale, in panels, head, firstKey + row, width);
        }
    }

    /// <summary>Converts rows to little-endian order, or back. Does nothing on nearly every processor.</summary>
    public static void ToLittleEndian(AttentionShape shape, bool isKeys, Span<byte> rows)
    {
        if (BitConverter.IsLittleEndian)
            return;
        int bytes = RowBytes(shape, isKeys), size = KeyValueLayout.ElementBytes(shape.KeyValues), scale = KeyValueLayout.ScaleBytes(shape.KeyValues);
        for (; rows.Length > 0; rows = rows[bytes..])
        {
            for (int element = 0; element < bytes - scale; element += size)
                rows.Slice(element, size).Reverse();
            rows.Slice(bytes - scale, scale).Reverse();
        }
    }

    private static int Width(AttentionShape shape, bool isKeys) => isKeys ? shape.HeadDim : shape.ValueHeadDim;
}
