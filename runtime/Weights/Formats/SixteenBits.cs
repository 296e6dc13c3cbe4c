using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>Weights of 16 bits: the upper half of a float32, and IEEE half precision. Numbers are rounded to nearest, ties to even.</summary>
internal static class SixteenBits
{
    /// <summary>The smallest number that half precision rounds to an infinity: half a step above its largest, 65,504.</summary>
    public const float Float16Overflow = 65_520;

    /// <summary>Rounds to the upper half of a float32. NaN stays NaN.</summary>
    public static void ToBFloat16(ReadOnlySpan<float> source, Span<ushort> destination)
    {
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(source);
        int index = 0;
        for (; index <= bits.Length - Vector128<ushort>.Count; index += Vector128<ushort>.Count)
        {
            Vector128<uint> lower = Round(Vector128.Create(bits[index..])), upper = Round(Vector128.Create(bits[(index + Vector128<uint>.Count)..]));
            Vector128.Narrow(lower, upper).CopyTo(destination[index..]);
        }

        for (; index < bits.Length; index++)
            destination[index] = (ushort)Round(Vector128.CreateScalar(bits[index]))[0];

        static Vector128<uint> Round(Vector128<uint> value)
        {
            Vector128<uint> upper = value >>> 16;
            // A NaN's bits could round up to an infinity: it is cut, and made quiet.
            Vector128<uint> isNaN = Vector128.GreaterThan(value & Vector128.Create(0x7FFF_FFFFu), Vector128.Create(0x7F80_0000u));
            Vector128<uint> rounded = (value + Vector128.Create(0x7FFFu) + (upper & Vector128<uint>.One)) >>> 16;
            return Vector128.ConditionalSelect(isNaN, upper | Vector128.Create(0x40u), rounded);
        }
    }

    /// <summary>Widens the upper half of a float32.</summary>
    public static void FromBFloat16(ReadOnlySpan<ushort> source, Span<float> destination)
    {
        Span<uint> bits = MemoryMarshal.Cast<float, uint>(destination);
        int index = 0;
        for (; index <= source.Length - Vector128<ushort>.Count; index += Vector128<ushort>.Count)
        {
            (Vector128<uint> lower, Vector128<uint> upper) = Vector128.Widen(Vector128.Create(source[index..]));
            (lower << 16).CopyTo(bits[index..]);
            (upper << 16).CopyTo(bits[(index + Vector128<uint>.Count)..]);
        }

        for (; index < source.Length; index++)
            bits[index] = (uint)source[index] << 16;
    }

    /// <summary>Rounds to half precision.</summary>
    public static void ToFloat16(ReadOnlySpan<float> source, Span<Half> destination)
    {
        for (int index = 0; index < source.Length; index++)
            destination[index] = (Half)source[index];
    }

    /// <summary>Widens half precision.</summary>
    public static void FromFloat16(ReadOnlySpan<Half> source, Span<float> destination)
    {
        for (int index = 0; index < source.Length; index++)
            destination[index] = (float)source[index];
    }
}
