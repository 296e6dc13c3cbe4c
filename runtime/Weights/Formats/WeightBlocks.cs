using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen;

/// <summary>
/// Rows of weights in each <see cref="WeightFormat"/>. Blocks of 32 have the layout of GGUF's Q8_0 and Q4_0; a last short block is filled up with zeros.
/// A row of <see cref="WeightFormat.Int8"/> is its scale as a float32, and then one signed byte for each input.
/// </summary>
internal static class WeightBlocks
{
    /// <summary>Weights of a block.</summary>
    public const int BlockLength = 32;

    private const uint Magnitude = 0x7FFF_FFFF, LargestFinite = 0x7F7F_FFFF;

    /// <summary>Bytes of a row.</summary>
    /// <param name="format">A defined format.</param>
    /// <param name="inputs">Weights of the row.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is not defined.</exception>
    /// <exception cref="OverflowException">A row is longer than an array.</exception>
    public static int RowBytes(WeightFormat format, int inputs) => checked(format switch
    {
        WeightFormat.Float32 => inputs * sizeof(float),
        WeightFormat.BFloat16 or WeightFormat.Float16 => inputs * sizeof(ushort),
        WeightFormat.Int8Blocks => Blocks(inputs) * Int8Block.Bytes,
        WeightFormat.Int4Blocks => Blocks(inputs) * Int4Block.Bytes,
        WeightFormat.Int8 => Int8Row.ScaleBytes + inputs,
        _ => throw Undefined(format),
    });

    /// <summary>Rounds a row to a format. Every weight must be one that the format holds: see <see cref="FindOutside"/>.</summary>
    /// <param name="format">A defined format.</param>
    /// <param name="row">The weights.</param>
    /// <param name="blocks"><see cref="RowBytes"/> bytes.</param>
    public static void Quantize(WeightFormat format, ReadOnlySpan<float> row, Span<byte> blocks)
    {
        CheckLength(format, row.Length, blocks.Length);
        switch (format)
        {
            case WeightFormat.Float32:
                MemoryMarshal.AsBytes(row).CopyTo(blocks);
                break;
            case WeightFormat.BFloat16:
                SixteenBits.ToBFloat16(row, MemoryMarshal.Cast<byte, ushort>(blocks));
                break;
            case WeightFormat.Float16:
                SixteenBits.ToFloat16(row, MemoryMarshal.Cast<byte, Half>(blocks));
                break;
            case WeightFormat.Int8Blocks:
                Int8Block.Quantize(row, blocks);
                break;
            case WeightFormat.Int4Blocks:
                Int4Block.Quantize(row, blocks);
                break;
            default:
                Int8Row.Quantize(row, blocks);
                break;
        }
    }

    /// <summary>The numbers that a row in a format stands for. Each is exact in float32, except those of <see cref="WeightFormat.Int8"/>.</summary>
    /// <param name="format">A defined format.</param>
    /// <param name="blocks"><see cref="RowBytes"/> bytes.</param>
    /// <param name="row">The weights.</param>
    public static void Dequantize(WeightFormat format, ReadOnlySpan<byte> blocks, Span<float> row)
    {
        CheckLength(format, row.Length, blocks.Length);
        switch (format)
        {
            case WeightFormat.Float32:
                blocks.CopyTo(MemoryMarshal.AsBytes(row));
                break;
            case WeightFormat.BFloat16:
                SixteenBits.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(blocks), row);
                break;
            case WeightFormat.Float16:
                SixteenBits.FromFloat16(MemoryMarshal.Cast<byte, Half>(blocks), row);
                break;
            case WeightFormat.Int8Blocks:
                Int8Block.Dequantize(blocks, row);
                break;
            case WeightFormat.Int4Blocks:
                Int4Block.Dequantize(blocks, row);
                break;
            default:
                Int8Row.Dequantize(blocks, row);
                break;
        }
    }

    /// <summary>Replaces the weights of a matrix by the numbers that a format holds for them.</summary>
    /// <param name="format">A defined format.</param>
    /// <param name="matrix">[outputs, inputs].</param>
    /// <param name="inputs">Weights of a row.</param>
    public static void Round(WeightFormat format, Span<float> matrix, int inputs)
    {
        if (format == WeightFormat.Float32)
            return;
        var blocks = new byte[RowBytes(format, inputs)];
        for (int start = 0; start < matrix.Length; start += inputs)
        {
            Span<float> row = matrix.Slice(start, inputs);
            Quantize(format, row, blocks);
            Dequantize(format, blocks, row);
        }
    }

    /// <summary>
    /// The index of the first weight that a format does not hold, or -1. Formats of 16 bits hold NaN and infinities, and no finite number that rounds to an
    /// infinity. Formats of integers hold neither NaN nor infinities, and no number whose scale would be infinite.
    /// </summary>
    /// <param name="format">A defined format.</param>
    /// <param name="row">The weights.</param>
    public static int FindOutside(WeightFormat format, ReadOnlySpan<float> row)
    {
        if (format == WeightFormat.Float32)
            return -1;
        // Magnitudes are compared as their bits: these have the order of the numbers, and NaN stands above all.
        (uint from, uint to) = format switch
        {
            WeightFormat.BFloat16 => (0x7F7F_8000u, LargestFinite),
            WeightFormat.Float16 => (BitConverter.SingleToUInt32Bits(SixteenBits.Float16Overflow), LargestFinite),
            WeightFormat.Int8Blocks => (BitConverter.SingleToUInt32Bits(SixteenBits.Float16Overflow * Int8Row.Largest), Magnitude),
            WeightFormat.Int4Blocks => (BitConverter.SingleToUInt32Bits(SixteenBits.Float16Overflow * Int4Block.Offset), Magnitude),
            // Of the largest number, 127 times the rounded scale is infinite.
            WeightFormat.Int8 => (LargestFinite, Magnitude),
            _ => throw Undefined(format),
        };
        ReadOnlySpan<uint> bits = MemoryMarshal.Cast<float, uint>(row);
        int index = 0;
        for (; index <= bits.Length - Vector128<uint>.Count; index += Vector128<uint>.Count)
        {
            Vector128<uint> above = (Vector128.Create(bits[index..]) & Vector128.Create(Magnitude)) - Vector128.Create(from);
            if (Vector128.LessThanOrEqualAny(above, Vector128.Create(to - from)))
                break;
        }

        for (; index < bits.Length; index++)
        {
            if ((bits[index] & Magnitude) - from <= to - from)
                return index;
        }

        return -1;
    }

    /// <summary>The largest magnitude of some weights, none of which is NaN.</summary>
    public static float LargestMagnitude(ReadOnlySpan<float> weights)
    {
        Vector128<float> largest = default;
        int index = 0;
        for (; index <= weights.Length - Vector128<float>.Count; index += Vector128<float>.Count)
            largest = Vector128.MaxNative(largest, Vector128.Abs(Vector128.Create(weights[index..])));
        float result = Math.Max(Math.Max(largest[0], largest[1]), Math.Max(largest[2], largest[3]));
        for (; index < weights.Length; index++)
            result = Math.Max(result, Math.Abs(weights[index]));
        return result;
    }

    /// <summary>Blocks of a row, the last of which may be short.</summary>
    public static int Blocks(int inputs) => (int)(((long)inputs + BlockLength - 1) / BlockLength);

    /// <summary>The weights of a block: those of the row, or a copy that is filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReadOnlySpan<float> Block(ReadOnlySpan<float> row, int first, Span<float> copy)
    {
        if (row.Length - first >= BlockLength)
            return row.Slice(first, BlockLength);
        copy.Clear();
        row[first..].CopyTo(copy);
        return copy;
    }

    /// <summary>1/d, as GGUF's formats quantise; 0 where d is 0, or so small that the scale is 0 in float16 and every weight becomes 0.</summary>
    public static float Reciprocal(float scale) => float.IsFinite(1 / scale) ? 1 / scale : 0;

    private static void CheckLength(WeightFormat format, int inputs, int length)
    {
        if (length != RowBytes(format, inputs))
            throw new ArgumentException($"blocks.Length is {length}; expected {RowBytes(format, inputs)}, a {format} row of {inputs}.", "blocks");
    }

    private static ArgumentOutOfRangeException Undefined(WeightFormat format) =>
        new(nameof(format), format, $"format is {format}; expected a defined WeightFormat.");
}
