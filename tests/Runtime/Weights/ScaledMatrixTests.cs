using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>Matrices of 8 bits with scales beside them, as Hugging Face's quantised models have them.</summary>
public sealed class ScaledMatrixTests : IDisposable
{
    private const int Outputs = 130, Inputs = 260;

    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string, long[]> Layouts()
    {
        var data = new TheoryData<string, string, long[]>();
        foreach (string type in new[] { "I8", "F8_E4M3", "F8_E5M2" })
        {
            foreach (string end in new[] { "_scale", "_scale_inv" })
            {
                foreach (long[] shape in new long[][] { [], [1], [1, 1], [Outputs], [Outputs, 1], [2, 3] })
                    data.Add(type, end, shape);
            }
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Layouts))]
    public void Weights_are_multiplied_by_their_scale(string type, string end, long[] shape)
    {
        byte[] stored = Stored();
        float[] scales = [.. TestNumbers.Random(2, (int)shape.Aggregate(1L, (product, dimension) => product * dimension)).Select(scale => scale + 1.5f)];
        using SafetensorsFile file = Open(new SafetensorsWriter().Add("x.weight", type, [Outputs, Inputs], stored).AddF32("x.weight" + end, shape, scales));
        WeightTensor weight = LinearWeights.From(file, "x.weight").Projection.Weight;
        Assert.Equal(type == "I8" && shape is not [2, 3] ? WeightFormat.Int8 : WeightFormat.Float32, weight.Format);
        for (int row = 0; row < Outputs; row++)
        {
            for (int column = 0; column < Inputs; column++)
            {
                int place = shape switch { [2, 3] => (row / 128 * 3) + (column / 128), [Outputs, ..] => row, _ => 0 };
                float expected = scales[place] * Number(type, stored[(row * Inputs) + column]);
                Assert.Equal(expected, weight.Values[(row * Inputs) + column]);
            }
        }

        // Into any other format, from these numbers.
        var copy = new byte[WeightBlocks.RowBytes(WeightFormat.Int4Blocks, Inputs)];
        weight.CopyRow(WeightFormat.Int4Blocks, 7, copy);
        Assert.Equal(PlainWeights.Quantize(WeightFormat.Int4Blocks, weight.Values.Slice(7 * Inputs, Inputs).ToArray()), copy);
    }

    [Fact]
    public void An_integer_without_a_counterpart_is_read_as_float32()
    {
        using SafetensorsFile file = Open(new SafetensorsWriter().Add("x", "I8", [1, 2], [0x80, 0x7F]).AddF32("x_scale", [1], 0.5f));
        WeightTensor weight = LinearWeights.From(file, "x").Projection.Weight;
        Assert.Equal(WeightFormat.Float32, weight.Format);
        Assert.Equal([-64, 63.5f], weight.Values.ToArray());
    }

    [Fact]
    public void A_preset_takes_the_scales_of_its_matrices_and_refuses_others()
    {
        SafetensorsWriter Writer()
        {
            var writer = new SafetensorsWriter();
            foreach (string name in new[] { "q", "k", "v", "o" })
                writer.Add($"a.{name}_proj.weight", "I8", [2, 2], [1, 2, 3, 4]).AddF32($"a.{name}_proj.weight_scale", [2, 1], 0.5f, 2);
            return writer;
        }

        using (SafetensorsFile file = Open(Writer().AddF32("a.q_proj.input_scale", [], 1)))
            Assert.Equal([0.5f, 1, 6, 8], AttentionWeights.From(file, AttentionTensorNames.Llama("a")).Query.ToArray());
        using (SafetensorsFile file = Open(Writer().AddF32("a.q_proj.weight_zero_point", [1], 0)))
            Assert.Contains(
                "weight_zero_point", Assert.Throws<NotSupportedException>(() => AttentionWeights.From(file, AttentionTensorNames.Llama("a"))).Message);
        // A scale beside weights that need none means something else.
        using (SafetensorsFile file = Open(Writer().AddF32("a.q_proj.bias", [2], 0, 0).AddF32("a.q_proj.bias_scale", [1], 2)))
            Assert.Contains("bias_scale", Assert.Throws<NotSupportedException>(() => AttentionWeights.From(file, AttentionTensorNames.Llama("a"))).Message);
    }

    [Fact]
    public void Scales_of_another_shape_and_integers_without_any_are_refused()
    {
        using (SafetensorsFile file = Open(new SafetensorsWriter().Add("x", "I8", [3, 2], new byte[6]).AddF32("x_scale", [2], 1, 1)))
            Assert.Contains(
                "tensor 'x_scale' has shape [2]; expected the scales of 'x' [3, 2]: one, [3], [3, 1], or [1, 1] for blocks of 128",
                Assert.Throws<InvalidDataException>(() => LinearWeights.From(file, "x")).Message);
        using (SafetensorsFile file = Open(new SafetensorsWriter().Add("x", "I8", [3, 2], new byte[6])))
            Assert.Contains("dtype I8", Assert.Throws<NotSupportedException>(() => LinearWeights.From(file, "x")).Message);
        using (SafetensorsFile file = Open(new SafetensorsWriter().Add("x", "I8", [3, 2], new byte[6]).AddF32("x_scale", [1], 1)))
            Assert.Contains("'x_scale' has its scales", Assert.Throws<NotSupportedException>(() => LinearWeights.From(file, "x", isTransposed: true)).Message);
    }

    private static byte[] Stored()
    {
        var bytes = new byte[Outputs * Inputs];
        new Random(5).NextBytes(bytes);
        // No NaN or infinity of either type of 8 bits, and no −128.
        return [.. bytes.Select(value => (value & 0x7C) == 0x7C || value is 0x80 ? (byte)3 : value)];
    }

    private static float Number(string type, byte value)
    {
        (int exponentBits, int bias) = type == "F8_E4M3" ? (4, 7) : (5, 15);
        int fractionBits = 7 - exponentBits, exponent = (value & 127) >> fractionBits, fraction = value & ((1 << fractionBits) - 1);
        double magnitude = exponent == 0
            ? fraction * Math.Pow(2, 1 - bias - fractionBits)
            : ((1 << fractionBits) + fraction) * Math.Pow(2, exponent - bias - fractionBits);
        return type == "I8" ? (sbyte)value : (float)(value < 128 ? magnitude : -magnitude);
    }

    private SafetensorsFile Open(SafetensorsWriter writer) => SafetensorsFile.Open(folder.Write("file.safetensors", writer.ToArray()));
}
