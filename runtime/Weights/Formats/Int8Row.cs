using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>
/// A row with one scale: s = max|w| / 127 as a float32, and a signed byte q for each input; a weight is s·q. q is w / s, rounded to nearest, ties to even.
/// </summary>
internal static class Int8Row
{
    /// <summary>Bytes in front of the integers.</summary>
    public const int ScaleBytes = sizeof(float);

    /// <summary>The largest integer: symmetric, so that −128 stands for nothing.</summary>
    public const int Largest = 127;

    public static void Quantize(ReadOnlySpan<float> row, Span<byte> blocks)
    {
        float scale = WeightBlocks.LargestMagnitude(row) / Largest;
        BinaryPrimitives.WriteSingleLittleEndian(blocks, scale);
        Span<byte> integers = blocks[ScaleBytes..];
        if (scale == 0)
        {
            integers.Clear();
            return;
        }

        int index = 0;
        for (; index <= row.Length - Vector128<sbyte>.Count; index += Vector128<sbyte>.Count)
        {
            Vector128<short> lower = Vector128.Narrow(Round(row, index, scale), Round(row, index + 4, scale));
            Vector128<short> upper = Vector128.Narrow(Round(row, index + 8, scale), Round(row, index + 12, scale));
            Vector128.Narrow(lower, upper).AsByte().CopyTo(integers[index..]);
        }

        for (; index < row.Length; index++)
            integers[index] = (byte)(sbyte)Math.Clamp(MathF.Round(row[index] / scale), -Largest, Largest);

        // A subnormal scale is rounded so coarsely that a quotient may leave the range.
        static Vector128<int> Round(ReadOnlySpan<float> weights, int index, float scale) => Vector128.ConvertToInt32Native(Vector128.Round(Vector128.Clamp(
            Vector128.Create(weights[index..]) / scale, Vector128.Create(-(float)Largest), Vector128.Create((float)Largest))));
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> row)
    {
        float scale = BinaryPrimitives.ReadSingleLittleEndian(blocks);
        ReadOnlySpan<byte> integers = blocks[ScaleBytes..];
        int index = 0;
        for (; index <= row.Length - Vector128<sbyte>.Count; index += Vector128<sbyte>.Count)
            Scale(Vector128.Create(integers[index..]).AsSByte(), Vector128.Create(scale), row[index..]);
        for (; index < row.Length; index++)
            row[index] = scale * (sbyte)integers[index];
    }

    /// <summary>Multiplies 16 integers by their scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Scale(Vector128<sbyte> integers, Vector128<float> scale, Span<float> weights)
    {
        (Vector128<short> lower, Vector128<short> upper) = Vector128.Widen(integers);
        (Vector128<int> first, Vector128<int> second) = Vector128.Widen(lower);
        (Vector128<int> third, Vector128<int> fourth) = Vector128.Widen(upper);
        (Vector128.ConvertToSingle(first) * scale).CopyTo(weights);
        (Vector128.ConvertToSingle(second) * scale).CopyTo(weights[4..]);
        (Vector128.ConvertToSingle(third) * scale).CopyTo(weights[8..]);
        (Vector128.ConvertToSingle(fourth) * scale).CopyTo(weights[12..]);
    }
}
