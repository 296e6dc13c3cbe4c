using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Formats of weights against plain loops over their definitions, for every length of a row, and at the limits of what each can hold.</summary>
public sealed class WeightBlocksTests
{
    public static TheoryData<WeightFormat> Narrow => [.. Enum.GetValues<WeightFormat>().Where(format => format != WeightFormat.Float32)];

    [Theory]
    [MemberData(nameof(Narrow))]
    public void Rows_of_every_length_are_what_the_definition_says(WeightFormat format)
    {
        for (int length = 0; length <= 130; length++)
        {
            float[] row = TestNumbers.Random(length, length);
            byte[] expected = PlainWeights.Quantize(format, row), blocks = new byte[WeightBlocks.RowBytes(format, length)];
            WeightBlocks.Quantize(format, row, blocks);
            Assert.Equal(expected, blocks);

            var values = new float[length];
            WeightBlocks.Dequantize(format, blocks, values);
            Assert.Equal(PlainWeights.Dequantize(format, expected, length), values);
        }
    }

    [Fact]
    public void A_short_block_is_filled_up_with_zeros()
    {
        var blocks = new byte[2 * 18];
        WeightBlocks.Quantize(WeightFormat.Int4Blocks, [.. Enumerable.Repeat(1f, 33)], blocks);
        // The first weight of the second block is its extreme, 0; the others are 8, which stands for 0.
        Assert.Equal([0x80, .. Enumerable.Repeat((byte)0x88, 15)], blocks[20..]);
    }

    [Fact]
    public void Every_number_of_16_bits_is_widened_and_comes_back()
    {
        ushort[] all = [.. Enumerable.Range(0, 65_536).Select(bits => (ushort)bits)];
        byte[] stored = MemoryMarshal.AsBytes<ushort>(all).ToArray();
        foreach ((WeightFormat format, int exponentBits) in new[] { (WeightFormat.BFloat16, 8), (WeightFormat.Float16, 5) })
        {
            var values = new float[all.Length];
            WeightBlocks.Dequantize(format, stored, values);
            for (int bits = 0; bits < all.Length; bits++)
                Assert.Equal(PlainWeights.Widen(bits, exponentBits), values[bits]);
            Assert.True(float.IsNegative(values[0x8000]));
            var back = new byte[stored.Length];
            WeightBlocks.Quantize(format, values, back);
            for (int bits = 0; bits < all.Length; bits++)
            {
                ushort actual = BinaryPrimitives.ReadUInt16LittleEndian(back.AsSpan(2 * bits));
                Assert.True(float.IsNaN(values[bits]) ? double.IsNaN(PlainWeights.Widen(actual, exponentBits)) : actual == bits, $"{format}: {bits:x}");
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.BFloat16, 3.3961775e38f, 8)]
    [InlineData(WeightFormat.Float16, 65_520f, 5)]
    public void Numbers_are_rounded_to_the_nearest_of_16_bits_and_ties_to_the_even_one(WeightFormat format, float overflow, int exponentBits)
    {
        var random = new Random(7);
        var row = new float[100_000];
        foreach (ref float value in row.AsSpan())
        {
            // Uniform in the exponent; every fourth is half way between two neighbours.
            do
            {
                value = BitConverter.Int32BitsToSingle(random.Next(int.MinValue, int.MaxValue));
            }
            while (!(Math.Abs(value) < overflow));
            if (random.Next(4) == 0)
            {
                int step = format == WeightFormat.BFloat16 ? 16 : 13;
                value = BitConverter.Int32BitsToSingle((BitConverter.SingleToInt32Bits(value) >> step << step) | (1 << (step - 1)));
                value = Math.Abs(value) < overflow ? value : 1;
            }
        }

        var blocks = new byte[2 * row.Length];
        WeightBlocks.Quantize(format, row, blocks);
        for (int i = 0; i < row.Length; i++)
        {
            int bits = BinaryPrimitives.ReadUInt16LittleEndian(blocks.AsSpan(2 * i));
            double distance = Distance(bits), up = Distance(bits + 1), down = (bits & 0x7FFF) == 0 ? double.PositiveInfinity : Distance(bits - 1);
            bool isNearest = distance < Math.Min(up, down) || (distance == Math.Min(up, down) && bits % 2 == 0);
            Assert.True(isNearest && bits >> 15 == (float.IsNegative(row[i]) ? 1 : 0), $"{row[i]:R} became {bits:x}");

            double Distance(int candidate)
            {
                double value = PlainWeights.Widen(candidate, exponentBits);
                // What is beyond the largest number stands where the next one would.
                return Math.Abs(row[i] - (double.IsInfinity(value) ? Math.CopySign(exponentBits == 8 ? Math.Pow(2, 128) : 65_536, value) : value));
            }
        }
    }

    [Theory]
    [InlineData(WeightFormat.BFloat16, 3.3961774e38f, true)]
    [InlineData(WeightFormat.Float16, 65_519.996f, true)]
    [InlineData(WeightFormat.Int8Blocks, 8_321_039.5f, false)]
    [InlineData(WeightFormat.Int4Blocks, 524_159.97f, false)]
    [InlineData(WeightFormat.Int8, 3.4028233e38f, false)]
    public void What_a_format_cannot_hold_is_found(WeightFormat format, float largest, bool holdsInfinity)
    {
        float next = MathF.BitIncrement(largest);
        foreach (int length in new[] { 1, 3, 4, 5, 32, 41 })
        {
            for (int place = 0; place < length; place++)
            {
                Assert.Equal(-1, Find(length, place, largest));
                Assert.Equal(-1, Find(length, place, -largest));
                Assert.Equal(float.IsFinite(next) || !holdsInfinity ? place : -1, Find(length, place, next));
                Assert.Equal(float.IsFinite(next) || !holdsInfinity ? place : -1, Find(length, place, -next));
                Assert.Equal(holdsInfinity ? -1 : place, Find(length, place, float.NegativeInfinity));
                Assert.Equal(holdsInfinity ? -1 : place, Find(length, place, float.NaN));
            }
        }

        // The limits are those of the format: what is found would not come back as a finite number.
        Assert.True(float.IsFinite(RoundTrip(largest)));
        if (float.IsFinite(next))
            Assert.False(float.IsFinite(RoundTrip(next)));

        int Find(int length, int place, float value)
        {
            float[] row = TestNumbers.Random(3, length);
            row[place] = value;
            return WeightBlocks.FindOutside(format, row);
        }

        float RoundTrip(float value)
        {
            var blocks = new byte[WeightBlocks.RowBytes(format, 1)];
            WeightBlocks.Quantize(format, [value], blocks);
            var row = new float[1];
            WeightBlocks.Dequantize(format, blocks, row);
            return row[0];
        }
    }

    [Theory]
    [MemberData(nameof(Narrow))]
    public void Weights_near_zero_are_rounded_like_others_or_to_zero(WeightFormat format)
    {
        foreach (float scale in new[] { 0f, float.Epsilon, 1e-40f, 1e-38f, 1e-30f, 1e-8f })
        {
            float[] row = [.. TestNumbers.Random(4, 64).Select(value => value * scale)];
            var blocks = new byte[WeightBlocks.RowBytes(format, row.Length)];
            WeightBlocks.Quantize(format, row, blocks);
            var values = new float[row.Length];
            WeightBlocks.Dequantize(format, blocks, values);
            for (int i = 0; i < row.Length; i++)
                Assert.InRange(Math.Abs(values[i] - row[i]), 0, Math.Max(scale / 7, format == WeightFormat.Int8Blocks ? 127 * 6e-8f : 1e-6f));
        }
    }

    [Fact]
    public void Lengths_that_do_not_fit_are_refused()
    {
        Assert.Throws<ArgumentException>(() => WeightBlocks.Quantize(WeightFormat.Int8Blocks, new float[33], new byte[34]));
        Assert.Throws<ArgumentException>(() => WeightBlocks.Dequantize(WeightFormat.Float16, new byte[3], new float[1]));
        Assert.Throws<ArgumentOutOfRangeException>(() => WeightBlocks.RowBytes((WeightFormat)99, 1));
        Assert.Throws<OverflowException>(() => WeightBlocks.RowBytes(WeightFormat.Float32, int.MaxValue));
    }
}
