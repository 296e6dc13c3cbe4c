using System.ComponentModel;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Where the key and value panels of one sequence lie, in a cache or in scratch. Strides are in floats, whatever the format of keys and values, which
/// <see cref="KeyValueLayout"/> describes.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct KeyValuePanels
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Key panels of the first KV head, <c>[key/16][HeadDim][16]</c>.</summary>
    public readonly ref float Keys;

    /// <summary>Value panels of the first KV head, <c>[ValueHeadDim/16][key][16]</c>.</summary>
    public readonly ref float Values;

    /// <summary>Keys that there is room for; a multiple of 16. Of pages, the keys of all pages.</summary>
    public readonly nint KeyCapacity;

    /// <summary>For each page of the sequence its number among all pages; empty where the keys are not in pages.</summary>
    internal readonly ReadOnlySpan<int> Pages;

    /// <summary>From one KV head's keys to the next's.</summary>
    public readonly nint KeyHeadStride;

    /// <summary>From one KV head's values to the next's.</summary>
    public readonly nint ValueHeadStride;

    /// <summary>From one value panel of 16 columns to the next.</summary>
    public readonly nint ValuePanelStride;

    /// <summary>Panels that hold a number of keys in float32.</summary>
    /// <param name="keys">First key panel.</param>
    /// <param name="values">First value panel.</param>
    /// <param name="keyCapacity">Keys that there is room for; a multiple of 16.</param>
    /// <param name="headDim">Width of a head of keys.</param>
    /// <param name="valueHeadDimPadded">Width of a head of values, rounded up to 16.</param>
    public KeyValuePanels(ref float keys, ref float values, nint keyCapacity, nint headDim, nint valueHeadDimPadded)
    {
        Keys = ref keys;
        Values = ref values;
        KeyCapacity = keyCapacity;
        KeyHeadStride = keyCapacity * headDim;
        ValueHeadStride = keyCapacity * valueHeadDimPadded;
        ValuePanelStride = keyCapacity * PanelWidth;
    }

    /// <summary>Panels that hold a number of keys in any format: keys first, then values.</summary>
    /// <param name="format">The format.</param>
    /// <param name="start">First key panel.</param>
    /// <param name="keyCapacity">Keys that there is room for; a multiple of 16.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="headDim">Width of a head of keys.</param>
    /// <param name="valueHeadDimPadded">Width of a head of values, rounded up to 16.</param>
    internal KeyValuePanels(KeyValueFormat format, ref float start, nint keyCapacity, int kvHeads, int headDim, int valueHeadDimPadded)
        : this(
            format, ref start, ref Unsafe.Add(ref start, kvHeads * KeyValueLayout.HeadFloats(format, keyCapacity, headDim)), keyCapacity, headDim,
            valueHeadDimPadded)
    {
    }

    /// <summary>Panels that hold a number of keys in any format, keys and values apart.</summary>
    internal KeyValuePanels(
        KeyValueFormat format, ref float keys, ref float values, nint keyCapacity, int headDim, int valueHeadDimPadded, ReadOnlySpan<int> pages = default)
    {
        Pages = pages;
        Keys = ref keys;
        Values = ref values;
        KeyCapacity = keyCapacity;
        KeyHeadStride = KeyValueLayout.HeadFloats(format, keyCapacity, headDim);
        ValueHeadStride = KeyValueLayout.HeadFloats(format, keyCapacity, valueHeadDimPadded);
        ValuePanelStride = keyCapacity * KeyValueLayout.LineFloats(format);
    }

    /// <summary>Where a key lies: counted from the beginning of the memory, in its page or in the ring.</summary>
    /// <param name="key">The key, counted from the beginning of the sequence.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nint Place(nint key) => Pages.IsEmpty ? key % KeyCapacity : PlaceInPage(key);

    /// <summary>Where a key lies that is not in a ring.</summary>
    /// <param name="key">The key, counted from the beginning of the sequence.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nint PlaceInPage(nint key) =>
        Pages.IsEmpty ? key : ((nint)Pages[(int)(key / PanelLayout.KeyBlock)] * PanelLayout.KeyBlock) + (key % PanelLayout.KeyBlock);

    /// <summary>How many keys, this one included, lie one after another in memory, up to the end of the page or of the ring.</summary>
    /// <param name="key">The key, counted from the beginning of the sequence.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal nint Run(nint key) => Pages.IsEmpty ? KeyCapacity - (key % KeyCapacity) : PanelLayout.KeyBlock - (key % PanelLayout.KeyBlock);
}
