using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// int8 with a scale for each row. The scale is the largest magnitude divided by 127, cut to 17 significant bits: then float32 holds every product of a scale
/// and an integer, and a row that is copied out and in again has the same bits.
/// </summary>
internal readonly struct Int8Numbers : INarrowNumbers
{
    private const float Largest = 127;

    /// <summary>The bits of a scale that are 0.</summary>
    private const uint CutBits = 0x7F;

    /// <summary>2^-126: a smaller scale would be subnormal, and lose bits; such rows become zeros.</summary>
    private const float SmallestScale = 1.1754943508222875e-38f;

    static int INarrowFormat.LineFloats => KeyValueLayout.LineFloats(KeyValueFormat.Int8);

    static int INarrowFormat.ScaleFloats => KeyValueLayout.ScaleFloats(KeyValueFormat.Int8);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float512 INarrowNumbers<Float512>.Load(ref float line, nint element) =>
        new(Vector512.ConvertToSingle(NarrowLanes.Load8As512(ref line, element)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float256 INarrowNumbers<Float256>.Load(ref float line, nint element) =>
        new(Vector256.ConvertToSingle(NarrowLanes.Load8As256(ref line, element)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float128 INarrowNumbers<Float128>.Load(ref float line, nint element) =>
        new(Vector128.ConvertToSingle(NarrowLanes.Load8As128(ref line, element)));

    /// <summary>Rounds a row.</summary>
    /// <param name="row">What is rounded.</param>
    /// <param name="target">Its bytes, without the scale.</param>
    /// <returns>The scale, or 1 where the format has none.</returns>
    public static float Round(ReadOnlySpan<float> row, Span<byte> target)
    {
        Span<sbyte> elements = MemoryMarshal.Cast<byte, sbyte>(target);
        float scale = Scale(row);
        if (!(scale > 0))
        {
            // 0, or NaN, which carries what is not finite to every score or sum of the row.
            elements[..row.Length].Clear();
            return scale;
        }

        for (int k = 0; k < row.Length; k++)
            elements[k] = (sbyte)MathF.Round(row[k] / scale, MidpointRounding.ToEven);
        return scale;
    }

    /// <summary>The number that an element stands for.</summary>
    /// <param name="line">Where elements lie, one after another.</param>
    /// <param name="element">Which of them.</param>
    /// <param name="scale">The scale of its row, or 1.</param>
    public static float Widen(ref float line, nint element, float scale) => scale * Unsafe.Add(ref Unsafe.As<float, sbyte>(ref line), element);

    /// <summary>0 where all elements are 0, or as good as; NaN where one is infinite or NaN.</summary>
    private static float Scale(ReadOnlySpan<float> row)
    {
        float largest = 0;
        foreach (float element in row)
            largest = MathF.Max(largest, MathF.Abs(element));
        if (!float.IsFinite(largest))
            return float.NaN;
        float scale = BitConverter.UInt32BitsToSingle(BitConverter.SingleToUInt32Bits(largest / Largest) & ~CutBits);
        return scale < SmallestScale ? 0 : scale;
    }
}
