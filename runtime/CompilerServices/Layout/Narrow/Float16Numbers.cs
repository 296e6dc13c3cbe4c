using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>float16: IEEE half precision. .NET has no instruction that widens it: a product moves the exponents, of subnormal numbers too.</summary>
internal readonly struct Float16Numbers : INarrowNumbers
{
    /// <summary>Sign, and the other bits where float32 has its exponent and mantissa.</summary>
    internal const int SignAndMagnitude = unchecked((int)0x8FFFE000);

    /// <summary>The bits that an infinite exponent has there; and what makes it float32's.</summary>
    private const int InfiniteExponent = 0x0F800000;
    private const int MissingExponent = 0x70000000;

    /// <summary>2^112: what exponents of the two formats differ by.</summary>
    internal const float ExponentStep = 5.192296858534828e33f;

    static int INarrowFormat.LineFloats => KeyValueLayout.LineFloats(KeyValueFormat.Float16);

    static int INarrowFormat.ScaleFloats => KeyValueLayout.ScaleFloats(KeyValueFormat.Float16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float512 INarrowNumbers<Float512>.Load(ref float line, nint element)
    {
        // The sign is extended, so that one mask keeps it and the magnitude.
        Vector512<int> bits = Vector512.ShiftLeft(NarrowLanes.Load16As512(ref line, element), 13) & Vector512.Create(SignAndMagnitude);
        Vector512<int> infinite = Vector512.Equals(bits & Vector512.Create(InfiniteExponent), Vector512.Create(InfiniteExponent));
        Vector512<float> finite = bits.AsSingle() * Vector512.Create(ExponentStep);
        return new(Vector512.ConditionalSelect(infinite, bits | Vector512.Create(MissingExponent), finite.AsInt32()).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float256 INarrowNumbers<Float256>.Load(ref float line, nint element)
    {
        Vector256<int> bits = Vector256.ShiftLeft(NarrowLanes.Load16As256(ref line, element), 13) & Vector256.Create(SignAndMagnitude);
        Vector256<int> infinite = Vector256.Equals(bits & Vector256.Create(InfiniteExponent), Vector256.Create(InfiniteExponent));
        Vector256<float> finite = bits.AsSingle() * Vector256.Create(ExponentStep);
        return new(Vector256.ConditionalSelect(infinite, bits | Vector256.Create(MissingExponent), finite.AsInt32()).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float128 INarrowNumbers<Float128>.Load(ref float line, nint element)
    {
        Vector128<int> bits = Vector128.ShiftLeft(NarrowLanes.Load16As128(ref line, element), 13) & Vector128.Create(SignAndMagnitude);
        Vector128<int> infinite = Vector128.Equals(bits & Vector128.Create(InfiniteExponent), Vector128.Create(InfiniteExponent));
        Vector128<float> finite = bits.AsSingle() * Vector128.Create(ExponentStep);
        return new(Vector128.ConditionalSelect(infinite, bits | Vector128.Create(MissingExponent), finite.AsInt32()).AsSingle());
    }

    /// <summary>Rounds a row.</summary>
    /// <param name="row">What is rounded.</param>
    /// <param name="target">Its bytes, without the scale.</param>
    /// <returns>The scale, or 1 where the format has none.</returns>
    public static float Round(ReadOnlySpan<float> row, Span<byte> target)
    {
        SixteenBits.ToFloat16(row, MemoryMarshal.Cast<byte, Half>(target));
        return 1;
    }

    /// <summary>The number that an element stands for.</summary>
    /// <param name="line">Where elements lie, one after another.</param>
    /// <param name="element">Which of them.</param>
    /// <param name="scale">The scale of its row, or 1.</param>
    public static float Widen(ref float line, nint element, float scale) => (float)Unsafe.Add(ref Unsafe.As<float, Half>(ref line), element);
}
