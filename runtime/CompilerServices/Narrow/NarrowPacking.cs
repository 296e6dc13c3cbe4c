using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>Brings rows of weights from the order of files, one block after another, into that of <see cref="NarrowLayout"/>.</summary>
internal static class NarrowPacking
{
    /// <summary>Writes a matrix. Columns behind the last output have weights and scales of zero.</summary>
    /// <param name="weights">A matrix.</param>
    /// <param name="format">The format.</param>
    /// <param name="columns">All columns.</param>
    /// <returns>See <see cref="NarrowColumns.HasPlainHalves"/>.</returns>
    public static bool Write(WeightTensor weights, WeightFormat format, scoped in NarrowColumns columns)
    {
        int outputs = weights.Shape!.Value.Outputs, inputs = columns.Inputs;
        int scaleBytes = format == WeightFormat.Int8 ? Int8Row.ScaleBytes : 0;
        var row = new byte[WeightBlocks.RowBytes(format, inputs)];
        var zeros = new byte[row.Length];
        WeightBlocks.Quantize(format, new float[inputs], zeros);
        bool isPlain = true;
        for (nint group = 0; group < columns.Groups64; group++)
        {
            var width = (int)columns.Width(group);
            Span<byte> target = MemoryMarshal.CreateSpan(ref columns.Group(group), checked((int)(columns.GroupBytes / NarrowLayout.GroupColumns * width)));
            for (int column = 0; column < width; column++)
            {
                int output = ((int)group * NarrowLayout.GroupColumns) + column;
                if (output < outputs)
                    weights.CopyRow(format, output, row);
                ReadOnlySpan<byte> source = output < outputs ? row : zeros;
                isPlain &= HasPlainHalves(format, source);
                if (scaleBytes > 0)
                {
                    float scale = MemoryMarshal.Read<float>(source);
                    Unsafe.Add(ref columns.Scales, output) = scale;
                    Unsafe.Add(ref columns.WeightSums, output) = scale * Sum(MemoryMarshal.Cast<byte, sbyte>(source[scaleBytes..]));
                }

                Write(format, source[scaleBytes..], inputs, column, width, target);
            }
        }

        return isPlain;
    }

    private static bool HasPlainHalves(WeightFormat format, ReadOnlySpan<byte> row)
    {
        if (format == WeightFormat.Float16)
            return !MemoryMarshal.Cast<byte, ushort>(row).ContainsAnyInRange((ushort)0x7C00, (ushort)0x7FFF)
                && !MemoryMarshal.Cast<byte, ushort>(row).ContainsAnyInRange((ushort)0xFC00, (ushort)0xFFFF);
        bool isPlain = true;
        int blockBytes = BlockBytes(format);
        for (int block = 0; NarrowLayout.ScaleBytes(format) > 0 && block < row.Length; block += blockBytes)
        {
            Half scale = MemoryMarshal.Read<Half>(row[block..]);
            isPlain &= Half.IsNormal(scale) || scale == Half.Zero;
        }

        return isPlain;
    }

    /// <summary>Writes the weights of one output.</summary>
    /// <param name="format">The format.</param>
    /// <param name="row">The output's weights in the order of files: 16-bit numbers, or blocks with their scale first. Without a scale: bytes.</param>
    /// <param name="inputs">Inputs.</param>
    /// <param name="column">Which column of its group the output is.</param>
    /// <param name="width">Columns of the group.</param>
    /// <param name="group">The bytes of the group.</param>
    public static void Write(WeightFormat format, ReadOnlySpan<byte> row, int inputs, int column, int width, Span<byte> group)
    {
        int chunkBytes = NarrowLayout.ChunkBytes(format) * width, scaleBytes = NarrowLayout.ScaleBytes(format), blockBytes = BlockBytes(format);
        Span<byte> values = stackalloc byte[2 * NarrowLayout.ChunkInputs];
        for (int chunk = 0; chunk < NarrowLayout.Chunks(inputs); chunk++)
        {
            int count = Math.Min(NarrowLayout.ChunkInputs, inputs - (chunk * NarrowLayout.ChunkInputs));
            Span<byte> target = group.Slice(chunk * chunkBytes, chunkBytes);
            if (scaleBytes > 0)
                row.Slice(chunk * blockBytes, scaleBytes).CopyTo(target[(column * scaleBytes)..]);
            Words(format, row[(chunk * blockBytes)..], count, values);
            Span<uint> words = MemoryMarshal.Cast<byte, uint>(target[(scaleBytes * width)..]);
            ReadOnlySpan<uint> source = MemoryMarshal.Cast<byte, uint>(values);
            for (int word = 0; word < NarrowLayout.ChunkInputs / NarrowLayout.WordInputs(format); word++)
                words[(word * width) + column] = source[word];
        }
    }

    private static long Sum(ReadOnlySpan<sbyte> integers)
    {
        long sum = 0;
        foreach (sbyte integer in integers)
            sum += integer;
        return sum;
    }

    /// <summary>Bytes of a block in the order of files.</summary>
    private static int BlockBytes(WeightFormat format) =>
        WeightBlocks.RowBytes(format, NarrowLayout.ChunkInputs) - (format == WeightFormat.Int8 ? Int8Row.ScaleBytes : 0);

    /// <summary>The words of a chunk: bytes become weight + 128, so that an unsigned byte times a signed input is what instructions multiply.</summary>
    private static void Words(WeightFormat format, ReadOnlySpan<byte> block, int count, Span<byte> values)
    {
        switch (format)
        {
            case WeightFormat.BFloat16 or WeightFormat.Float16:
                values.Clear();
                block[..(2 * count)].CopyTo(values);
                break;
            case WeightFormat.Int4Blocks:
                // A file has inputs j and j + 16 in a byte; a word has inputs j and j + 4, of eight.
                ReadOnlySpan<byte> halves = block.Slice(sizeof(ushort), NarrowLayout.ChunkInputs / 2);
                for (int place = 0; place < NarrowLayout.ChunkInputs / 2; place++)
                {
                    int low = (place / 4 * 8) + (place % 4);
                    values[place] = (byte)(HalfByte(halves, low) | (HalfByte(halves, low + 4) << 4));
                }

                break;
            default:
                ReadOnlySpan<byte> bytes = format == WeightFormat.Int8Blocks ? block[sizeof(ushort)..] : block;
                for (int input = 0; input < NarrowLayout.ChunkInputs; input++)
                    values[input] = (byte)((input < count ? bytes[input] : 0) ^ 0x80);
                break;
        }
    }

    private static int HalfByte(ReadOnlySpan<byte> halves, int input) => input < 16 ? halves[input] & 15 : halves[input - 16] >> 4;
}
