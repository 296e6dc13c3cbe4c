using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>bfloat16: the upper half of a float32.</summary>
internal readonly struct BFloat16Numbers : INarrowNumbers
{
    static int INarrowFormat.LineFloats => KeyValueLayout.LineFloats(KeyValueFormat.BFloat16);

    static int INarrowFormat.ScaleFloats => KeyValueLayout.ScaleFloats(KeyValueFormat.BFloat16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float512 INarrowNumbers<Float512>.Load(ref float line, nint element) =>
        new(Vector512.ShiftLeft(NarrowLanes.Load16As512(ref line, element), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float256 INarrowNumbers<Float256>.Load(ref float line, nint element) =>
        new(Vector256.ShiftLeft(NarrowLanes.Load16As256(ref line, element), 16).AsSingle());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    static Float128 INarrowNumbers<Float128>.Load(ref float line, nint element) =>
        new(Vector128.ShiftLeft(NarrowLanes.Load16As128(ref line, element), 16).AsSingle());

    /// <summary>Rounds a row.</summary>
    /// <param name="row">What is rounded.</param>
    /// <param name="target">Its bytes, without the scale.</param>
    /// <returns>The scale, or 1 where the format has none.</returns>
    public static float Round(ReadOnlySpan<float> row, Span<byte> target)
    {
        SixteenBits.ToBFloat16(row, MemoryMarshal.Cast<byte, ushort>(target));
        return 1;
    }

    /// <summary>The number that an element stands for.</summary>
    /// <param name="line">Where elements lie, one after another.</param>
    /// <param name="element">Which of them.</param>
    /// <param name="scale">The scale of its row, or 1.</param>
    public static float Widen(ref float line, nint element, float scale) =>
        BitConverter.UInt32BitsToSingle((uint)Unsafe.Add(ref Unsafe.As<float, ushort>(ref line), element) << 16);
}
