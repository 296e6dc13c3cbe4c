using System.Buffers.Binary;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>
/// GGUF's Q8_0: a float16 scale d = max|w| / 127 and 32 signed bytes q; a weight is d·q. Quantising multiplies by 1/d, with d before it is rounded to
/// float16, and rounds halves away from zero.
/// </summary>
internal static class Int8Block
{
    /// <summary>Bytes of a block.</summary>
    public const int Bytes = ScaleBytes + WeightBlocks.BlockLength;

    private const int ScaleBytes = 2;

    public static void Quantize(ReadOnlySpan<float> row, Span<byte> blocks)
    {
        Span<float> copy = stackalloc float[WeightBlocks.BlockLength];
        for (int first = 0; first < row.Length; first += WeightBlocks.BlockLength, blocks = blocks[Bytes..])
        {
            ReadOnlySpan<float> weights = WeightBlocks.Block(row, first, copy);
            float scale = WeightBlocks.LargestMagnitude(weights) / Int8Row.Largest, reciprocal = WeightBlocks.Reciprocal(scale);
            BinaryPrimitives.WriteHalfLittleEndian(blocks, (Half)scale);
            Span<byte> integers = blocks.Slice(ScaleBytes, WeightBlocks.BlockLength);
            for (int index = 0; index < WeightBlocks.BlockLength; index += Vector128<sbyte>.Count)
            {
                Vector128<short> lower = Vector128.Narrow(Round(weights, index, reciprocal), Round(weights, index + 4, reciprocal));
                Vector128<short> upper = Vector128.Narrow(Round(weights, index + 8, reciprocal), Round(weights, index + 12, reciprocal));
                Vector128.Narrow(lower, upper).AsByte().CopyTo(integers[index..]);
            }
        }

        static Vector128<int> Round(ReadOnlySpan<float> weights, int index, float reciprocal)
        {
            Vector128<float> exact = Vector128.Create(weights[index..]) * reciprocal;
            Vector128<int> whole = Vector128.ConvertToInt32Native(exact);
            Vector128<float> rest = exact - Vector128.ConvertToSingle(whole);
            // All bits of a true comparison are set, which is -1.
            return whole - Vector128.GreaterThanOrEqual(rest, Vector128.Create(0.5f)).AsInt32()
                + Vector128.LessThanOrEqual(rest, Vector128.Create(-0.5f)).AsInt32();
        }
    }

    public static void Dequantize(ReadOnlySpan<byte> blocks, Span<float> row)
    {
        Span<float> copy = stackalloc float[WeightBlocks.BlockLength];
        for (int first = 0; first < row.Length; first += WeightBlocks.BlockLength, blocks = blocks[Bytes..])
        {
            Vector128<float> scale = Vector128.Create((float)BinaryPrimitives.ReadHalfLittleEndian(blocks));
            ReadOnlySpan<byte> integers = blocks.Slice(ScaleBytes, WeightBlocks.BlockLength);
            bool isWhole = row.Length - first >= WeightBlocks.BlockLength;
            Span<float> weights = isWhole ? row.Slice(first, WeightBlocks.BlockLength) : copy;
            for (int index = 0; index < WeightBlocks.BlockLength; index += Vector128<sbyte>.Count)
                Int8Row.Scale(Vector128.Create(integers[index..]).AsSByte(), scale, weights[index..]);
            if (!isWhole)
                copy[..(row.Length - first)].CopyTo(row[first..]);
        }
    }
}
