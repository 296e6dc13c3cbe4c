using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>
/// GGUF's Q4_0: a float16 scale d, which is the weight of the largest magnitude (the first of several) divided by −8, and 32 integers q from 0 to 15; a
/// weight is d·(q − 8). Byte j holds weight j in its lower half and weight j + 16 in its upper half. Quantising multiplies by 1/d, with d before it is
/// rounded to float16, adds 8.5 and cuts off.
/// </summary>
internal static class Int4Block
{
    /// <summary>Bytes of a block.</summary>
    public const int Bytes = ScaleBytes + HalfLength;

    /// <summary>The integer that stands for 0.</summary>
    public const int Offset = 8;

    private const int ScaleBytes = 2, HalfLength = WeightBlocks.BlockLength / 2;

    public static void Quantize(ReadOnlySpan<float> row, Span<byte> blocks)
    {
        Span<float> copy = stackalloc float[WeightBlocks.BlockLength];
        for (int first = 0; first < row.Length; first += WeightBlocks.BlockLength, blocks = blocks[Bytes..])
        {
            ReadOnlySpan<float> weights = WeightBlocks.Block(row, first, copy);
            float scale = FirstOfLargestMagnitude(weights) / -Offset, reciprocal = WeightBlocks.Reciprocal(scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            Vector128<short> lower = Vector128.Narrow(Both(weights, 0, reciprocal), Both(weights, 4, reciprocal));
            Vector128<short> upper = Vector128.Narrow(Both(weights, 8, reciprocal), Both(weights, 12, reciprocal));
            Vector128.Narrow(lower.AsUInt16(), upper.AsUInt16()).CopyTo(blocks[ScaleBytes..]);
        }

        static Vector128<int> Both(ReadOnlySpan<float> weights, int index, float reciprocal) =>
            Round(weights, index, reciprocal) | (Round(weights, index + HalfLength, reciprocal) << 4);

        static Vector128<int> Round(ReadOnlySpan<float> weights, int index, float reciprocal) => Vector128.Min(
            Vector128.Create(15), Vector128.ConvertToInt32Native((Vector128.Create(weights[index..]) * reciprocal) + Vector128.Create(Offset + 0.5f)));
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> row)
    {
        Span<float> copy = stackalloc float[WeightBlocks.BlockLength];
        for (int first = 0; first < row.Length; first += WeightBlocks.BlockLength, blocks = blocks[Bytes..])
        {
            Vector128<float> scale = Vector128.Create((float)BinaryPrimitives.ReadHalfLittleEndian(blocks));
            Vector128<byte> pairs = Vector128.Create(blocks.Slice(ScaleBytes, HalfLength));
            bool isWhole = row.Length - first >= WeightBlocks.BlockLength;
            Span<float> weights = isWhole ? row.Slice(first, WeightBlocks.BlockLength) : copy;
            Int8Row.Scale((pairs & Vector128.Create((byte)15)).AsSByte() - Vector128.Create((sbyte)Offset), scale, weights);
            Int8Row.Scale((pairs >>> 4).AsSByte() - Vector128.Create((sbyte)Offset), scale, weights[HalfLength..]);
            if (!isWhole)
                copy[..(row.Length - first)].CopyTo(row[first..]);
        }
    }

    private static float FirstOfLargestMagnitude(ReadOnlySpan<float> weights)
    {
        float largest = WeightBlocks.LargestMagnitude(weights);
        int index = 0;
        while (Math.Abs(weights[index]) != largest)
            index++;
        return weights[index];
    }
}
