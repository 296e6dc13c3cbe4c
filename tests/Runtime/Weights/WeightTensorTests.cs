using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>A matrix in each format, row by row, in each other format.</summary>
public sealed class WeightTensorTests
{
    private const int Outputs = 3, Inputs = 40;

    private static WeightFormat[] All => Enum.GetValues<WeightFormat>();

    public static TheoryData<WeightFormat> Formats => [.. All];

    [Theory]
    [MemberData(nameof(Formats))]
    public void A_row_keeps_its_bits_in_its_own_format_and_is_rounded_from_its_numbers_in_others(WeightFormat format)
    {
        float[] values = TestNumbers.Random(1, Outputs * Inputs);
        WeightTensor tensor = Stored(format, values);
        for (int row = 0; row < Outputs; row++)
        {
            float[] original = values[(row * Inputs)..((row + 1) * Inputs)];
            byte[] stored = format == WeightFormat.Float32 ? MemoryMarshal.AsBytes<float>(original).ToArray() : PlainWeights.Quantize(format, original);
            float[] numbers = format == WeightFormat.Float32 ? original : PlainWeights.Dequantize(format, stored, Inputs), read = new float[Inputs];
            tensor.ReadRow(row, read);
            Assert.Equal(numbers, read);
            Assert.Equal(numbers, tensor.Values.Slice(row * Inputs, Inputs).ToArray());
            foreach (WeightFormat wanted in All)
            {
                var copy = new byte[WeightBlocks.RowBytes(wanted, Inputs)];
                tensor.CopyRow(wanted, row, copy);
                byte[] expected = wanted == format ? stored
                    : wanted == WeightFormat.Float32 ? MemoryMarshal.AsBytes<float>(numbers).ToArray()
                    : PlainWeights.Quantize(wanted, numbers);
                Assert.Equal(expected, copy);
            }
        }
    }

    [Fact]
    public void Blocks_that_quantising_would_not_write_keep_their_bits()
    {
        byte[] blocks = [.. Enumerable.Range(0, 34).Select(i => (byte)(i * 7))];
        // A NaN as the scale, and integers that do not reach 127.
        BinaryPrimitives.WriteUInt16LittleEndian(blocks, 0x7E01);
        var tensor = new WeightTensor(WeightFormat.Int8Blocks, blocks, (1, 32), "test");
        var copy = new byte[34];
        tensor.CopyRow(WeightFormat.Int8Blocks, 0, copy);
        Assert.Equal(blocks, copy);
        var refusal = Assert.Throws<InvalidDataException>(() => tensor.CopyRow(WeightFormat.Int4Blocks, 0, new byte[18]));
        Assert.Equal("The test has NaN in row 0, column 0; expected a number that Int4Blocks can hold.", refusal.Message);
        Assert.Contains("element 0", Assert.Throws<InvalidDataException>(() => tensor.CheckFinite("weight")).Message);
    }

    [Fact]
    public void Numbers_that_a_format_cannot_hold_are_refused_with_the_name_of_the_tensor()
    {
        float[] values = new float[Outputs * Inputs];
        values[Inputs + 3] = 70_000;
        var tensor = new WeightTensor(values, (Outputs, Inputs), "tensor 'up' of 'file'");
        var refusal = Assert.Throws<InvalidDataException>(() => tensor.CopyRow(WeightFormat.Float16, 1, new byte[2 * Inputs]));
        Assert.Equal("The tensor 'up' of 'file' has 70000 in row 1, column 3; expected a number that Float16 can hold.", refusal.Message);
        tensor.CopyRow(WeightFormat.Float16, 0, new byte[2 * Inputs]);
        tensor.CopyRow(WeightFormat.BFloat16, 1, new byte[2 * Inputs]);
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Parts_of_a_fused_matrix_are_its_rows_in_the_same_format(WeightFormat format)
    {
        float[] values = TestNumbers.Random(2, 6 * Inputs);
        WeightTensor tensor = Stored(format, values);
        WeightTensor part = tensor.Part(new FusedPart(1, 2, 2, 3), "key");
        Assert.Equal((format, (4, Inputs), "key part of test"), (part.Format, part.Shape!.Value, part.Source));
        float[] expected = [.. new[] { 1, 2, 4, 5 }.SelectMany(row => tensor.Values.Slice(row * Inputs, Inputs).ToArray())];
        Assert.Equal(expected, part.Values.ToArray());
    }

    [Fact]
    public void Subnormal_numbers_of_a_narrow_matrix_are_counted_and_flushed()
    {
        // 2⁻¹³³ and −2⁻¹³³ as the upper half of a float32.
        byte[] blocks = [0x01, 0x00, 0x01, 0x80, 0x80, 0x3F, 0x80, 0xBF];
        var tensor = new WeightTensor(WeightFormat.BFloat16, blocks, (2, 2), "test");
        Assert.Equal(2, tensor.CountSubnormals());
        Assert.Equal([0, 0x8000_0000, 0x3F80_0000, 0xBF80_0000], MemoryMarshal.Cast<float, uint>(tensor.FlushSubnormals().Values).ToArray());
        WeightTensor none = Stored(WeightFormat.Int8Blocks, TestNumbers.Random(3, 2 * Inputs));
        Assert.Same(none, none.FlushSubnormals());
    }

    [Fact]
    public void Elements_become_a_matrix_where_their_number_fits()
    {
        var tensor = new WeightTensor(TestNumbers.Counting(6), null, "span weight");
        var row = new float[3];
        tensor.AsMatrix(2, 3).ReadRow(1, row);
        Assert.Equal([3, 4, 5], row);
        Assert.Equal("has 6 elements", tensor.Describe());
        Assert.Throws<ArgumentException>(() => tensor.AsMatrix(4, 2));
        Assert.Throws<InvalidOperationException>(() => tensor.ReadRow(0, new float[3]));
        Assert.Throws<ArgumentException>(() => new WeightTensor(WeightFormat.Int8Blocks, new byte[33], (1, 32), "test"));
    }

    private static WeightTensor Stored(WeightFormat format, float[] values)
    {
        int outputs = values.Length / Inputs;
        return format == WeightFormat.Float32
            ? new WeightTensor(values, (outputs, Inputs), "test")
            : new WeightTensor(format, [.. values.Chunk(Inputs).SelectMany(row => PlainWeights.Quantize(format, row))], (outputs, Inputs), "test");
    }
}
