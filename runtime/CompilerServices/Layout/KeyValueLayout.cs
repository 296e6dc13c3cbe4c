#if ATTENTIONGEN_GENERATOR
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;
#else
namespace AttentionGen.CompilerServices;
#endif

/// <summary>
/// What a key and a value of one KV head take in each format. A panel of 16 keys is <c>[HeadDim][16]</c>; of <see cref="KeyValueFormat.Int8"/> the scales of
/// its keys stand before it, 16 floats, so that both come from memory together. Behind the value panels of a head follow the scales of its values, [key].
/// </summary>
internal static class KeyValueLayout
{
    private const int PanelWidth = PanelLayout.PanelWidth;

    /// <summary>Bytes of an element.</summary>
    public static int ElementBytes(KeyValueFormat format) => format switch
    {
        KeyValueFormat.Float32 => 4,
        KeyValueFormat.BFloat16 or KeyValueFormat.Float16 => 2,
        _ => 1,
    };

    /// <summary>Bytes of the scale of a key or a value; 0 where a format has none.</summary>
    public static int ScaleBytes(KeyValueFormat format) => format == KeyValueFormat.Int8 ? sizeof(float) : 0;

    /// <summary>Bytes of a key, or of a value whose width is a multiple of 16.</summary>
    public static int RowBytes(KeyValueFormat format, int width) => (width * ElementBytes(format)) + ScaleBytes(format);

    /// <summary>Floats that the bytes of a panel of 16 keys take; a quarter of them is what 4 keys take.</summary>
    public static int PanelFloats(KeyValueFormat format, int headDim) => PanelWidth / sizeof(float) * RowBytes(format, headDim);

    /// <summary>Floats that 16 elements of one value, or one element of 16 keys, take.</summary>
    public static int LineFloats(KeyValueFormat format) => PanelWidth / sizeof(float) * ElementBytes(format);

    /// <summary>Floats before the elements of a panel of keys: those of its scales.</summary>
    public static int ScaleFloats(KeyValueFormat format) => format == KeyValueFormat.Int8 ? PanelWidth : 0;

    /// <summary>Floats of the keys, or of the values, of one KV head.</summary>
    /// <param name="format">The format.</param>
    /// <param name="keys">How many; a multiple of 16.</param>
    /// <param name="width">Width of a key, or of a value in whole panels.</param>
    public static nint HeadFloats(KeyValueFormat format, nint keys, int width) => keys / sizeof(float) * RowBytes(format, width);
}
