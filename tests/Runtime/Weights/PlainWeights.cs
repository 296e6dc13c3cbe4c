using System.Buffers.Binary;

namespace AttentionGen.Tests.Runtime;

/// <summary>Formats of weights by plain loops, one weight after another, in the steps that their definitions name.</summary>
internal static class PlainWeights
{
    public static byte[] Quantize(WeightFormat format, float[] row) => format switch
    {
        WeightFormat.BFloat16 => [.. row.SelectMany(value => Bytes(Nearest(value, 8)))],
        WeightFormat.Float16 => [.. row.SelectMany(value => Bytes(Nearest(value, 5)))],
        WeightFormat.Int8Blocks => [.. Blocks(row).SelectMany(Int8Block)],
        WeightFormat.Int4Blocks => [.. Blocks(row).SelectMany(Int4Block)],
        _ => Int8Row(row),
    };

    public static float[] Dequantize(WeightFormat format, byte[] blocks, int length)
    {
        var row = new float[length];
        for (int i = 0; i < length; i++)
        {
            (int block, int place) = Math.DivRem(i, 32);
            row[i] = (float)(format switch
            {
                WeightFormat.BFloat16 => Sixteen(2 * i, 8),
                WeightFormat.Float16 => Sixteen(2 * i, 5),
                WeightFormat.Int8Blocks => Sixteen(block * 34, 5) * (sbyte)blocks[(block * 34) + 2 + place],
                WeightFormat.Int4Blocks => Sixteen(block * 18, 5) * (((blocks[(block * 18) + 2 + (place % 16)] >> (place / 16 * 4)) & 15) - 8),
                _ => (double)BinaryPrimitives.ReadSingleLittleEndian(blocks) * (sbyte)blocks[4 + i],
            });
        }

        return row;

        double Sixteen(int at, int exponentBits) => Widen(BinaryPrimitives.ReadUInt16LittleEndian(blocks.AsSpan(at)), exponentBits);
    }

    /// <summary>The number that 16 bits stand for: a sign, an exponent of so many bits, and a fraction.</summary>
    public static double Widen(int bits, int exponentBits)
    {
        int fractionBits = 15 - exponentBits, exponent = (bits >> fractionBits) & ((1 << exponentBits) - 1), fraction = bits & ((1 << fractionBits) - 1);
        int bias = (1 << (exponentBits - 1)) - 1;
        double magnitude = exponent == (1 << exponentBits) - 1
            ? fraction == 0 ? double.PositiveInfinity : double.NaN
            : exponent == 0
            ? fraction * Math.Pow(2, 1 - bias - fractionBits)
            : ((1 << fractionBits) + fraction) * Math.Pow(2, exponent - bias - fractionBits);
        return (bits & 0x8000) == 0 ? magnitude : -magnitude;
    }

    /// <summary>The nearest of all numbers of 16 bits, by search; of two the even one. No number of the tests is beyond the largest.</summary>
    private static ushort Nearest(float value, int exponentBits)
    {
        (int low, int high) = (0, 0x7FFF);
        double magnitude = Math.Abs((double)value);
        while (high - low > 1)
        {
            int middle = (low + high) / 2;
            // NaN stands above all.
            (low, high) = Widen(middle, exponentBits) <= magnitude ? (middle, high) : (low, middle);
        }

        double below = magnitude - Widen(low, exponentBits), above = Widen(high, exponentBits) - magnitude;
        int nearest = below < above || (below == above && low % 2 == 0) ? low : high;
        return (ushort)(nearest | (float.IsNegative(value) ? 0x8000 : 0));
    }

    private static IEnumerable<float[]> Blocks(float[] row) =>
        row.Chunk(32).Select(chunk => (float[])[.. chunk, .. Enumerable.Repeat(0f, 32 - chunk.Length)]);

    private static byte[] Int8Block(float[] weights)
    {
        float scale = weights.Max(Math.Abs) / 127, reciprocal = scale == 0 ? 0 : 1 / scale;
        return
        [
            .. Bytes(Nearest(scale, 5)),
            .. weights.Select(weight => (byte)(sbyte)MathF.Round(weight * reciprocal, MidpointRounding.AwayFromZero)),
        ];
    }

    private static byte[] Int4Block(float[] weights)
    {
        float scale = weights.First(weight => Math.Abs(weight) == weights.Max(Math.Abs)) / -8, reciprocal = scale == 0 ? 0 : 1 / scale;
        int[] integers = [.. weights.Select(weight => Math.Min(15, (int)((weight * reciprocal) + 8.5f)))];
        return [.. Bytes(Nearest(scale, 5)), .. Enumerable.Range(0, 16).Select(j => (byte)(integers[j] | (integers[j + 16] << 4)))];
    }

    private static byte[] Int8Row(float[] row)
    {
        float scale = row.Append(0).Max(Math.Abs) / 127;
        return [.. BitConverter.GetBytes(scale), .. row.Select(weight => (byte)(sbyte)(scale == 0 ? 0 : MathF.Round(weight / scale)))];
    }

    private static byte[] Bytes(ushort bits) => [(byte)bits, (byte)(bits >> 8)];
}
