using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Layouts against naive loops; what must not be written keeps a marker.</summary>
public sealed class PanelTests
{
    private const float Untouched = -12345.5f;

    public static readonly int[] HeadDims = [1, 2, 3, 4, 5, 7, 8, 10, 15, 16, 17, 31, 32, 40, 64, 80, 96, 128, 256];

    public static TheoryData<int, int, int> KeyCases()
    {
        var cases = new TheoryData<int, int, int>();
        foreach (int headDim in HeadDims)
        {
            foreach ((int firstKey, int rows) in new[] { (0, 0), (0, 1), (5, 1), (15, 1), (0, 16), (0, 15), (3, 13), (3, 14), (0, 48), (7, 40), (8, 8), (12, 4),
                (13, 4), (9, 23), (31, 2), (16, 20) })
                cases.Add(headDim, firstKey, rows);
        }

        return cases;
    }

    [Theory]
    [MemberData(nameof(KeyCases))]
    public void Keys_go_to_panels_of_sixteen(int headDim, int firstKey, int rows)
    {
        int stride = headDim + 5;
        const int capacity = 64;
        float[] strip = TestNumbers.Counting(rows * stride + headDim);
        float[] actual = Filled(capacity * headDim), expected = Filled(capacity * headDim);

        for (int row = 0; row < rows; row++)
        {
            int key = firstKey + row;
            for (int k = 0; k < headDim; k++)
                expected[(key / 16 * headDim + k) * 16 + key % 16] = strip[row * stride + k];
        }

        KeyPanels.Write(ref strip[0], stride, rows, ref actual[0], firstKey, headDim);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [MemberData(nameof(KeyCases))]
    public void Values_go_to_panels_of_sixteen_columns(int headDim, int firstKey, int rows)
    {
        int stride = headDim + 3;
        const int capacity = 64, panelStride = capacity * 16;
        int panels = (headDim + 15) / 16;
        float[] strip = TestNumbers.Counting(rows * stride + headDim);
        float[] actual = Filled(panels * panelStride), expected = Filled(panels * panelStride);

        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < panels * 16; column++)
                expected[column / 16 * panelStride + (firstKey + row) * 16 + column % 16] = column < headDim ? strip[row * stride + column] : 0;
        }

        ValuePanels.Write(ref strip[0], stride, rows, ref actual[0], panelStride, firstKey, headDim);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(1, 1, 1, 1)]
    [InlineData(3, 2, 4, 5)]
    [InlineData(5, 1, 8, 64)]
    [InlineData(2, 4, 1, 3)]
    [InlineData(0, 2, 2, 16)]
    public void Queries_of_one_kv_head_stand_together_times_a_factor(int rows, int kvHeads, int group, int headDim)
    {
        const float factor = 0.18033688f;
        int stride = kvHeads * group * headDim + 7;
        int kvHeadStride = rows * group * headDim + 11;
        float[] strip = TestNumbers.Counting(rows * stride + 1);
        float[] actual = Filled(kvHeads * kvHeadStride), expected = Filled(kvHeads * kvHeadStride);

        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < kvHeads * group; head++)
            {
                for (int k = 0; k < headDim; k++)
                    expected[head / group * kvHeadStride + (row * group + head % group) * headDim + k] = strip[row * stride + head * headDim + k] * factor;
            }
        }

        QueryRows.Write(ref strip[0], stride, rows, ref actual[0], kvHeadStride, kvHeads, group, headDim, factor);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(1, 1, 1, false)]
    [InlineData(3, 4, 5, false)]
    [InlineData(3, 4, 5, true)]
    [InlineData(5, 1, 64, true)]
    [InlineData(2, 2, 20, true)]
    [InlineData(0, 2, 16, false)]
    public void Queries_are_gathered_from_either_layout_times_a_factor(int rows, int group, int headDim, bool headsFirst)
    {
        const float factor = 0.3f;
        (int rowStride, int headStride) = headsFirst ? (headDim, (rows + 2) * headDim) : (group * headDim + 9, headDim);
        float[] source = TestNumbers.Random(1, (rows + 3) * (group + 2) * headDim + 50);
        float[] actual = Filled(rows * group * headDim + 5), expected = Filled(rows * group * headDim + 5);
        for (int row = 0; row < rows; row++)
        {
            for (int head = 0; head < group; head++)
            {
                for (int k = 0; k < headDim; k++)
                    expected[(row * group + head) * headDim + k] = source[row * rowStride + head * headStride + k] * factor;
            }
        }

        QueryRows.Gather(ref source[0], rowStride, headStride, rows, ref actual[0], group, headDim, factor);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Rows_are_copied_between_strides()
    {
        float[] source = TestNumbers.Counting(60), actual = Filled(40), expected = Filled(40);
        for (int row = 0; row < 4; row++)
            source.AsSpan(row * 13, 5).CopyTo(expected.AsSpan(row * 9));
        StridedRows.Copy(ref source[0], 13, ref actual[0], 9, 4, 5);
        Assert.Equal(expected, actual);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(16, 8, 1)]
    [InlineData(17, 3, 1)]
    [InlineData(17, 3, 2)]
    [InlineData(40, 37, 3)]
    [InlineData(64, 64, 2)]
    public void A_packed_matrix_has_panels_of_sixteen_outputs(int outputs, int inputs, int interleaved)
    {
        float[] weights = TestNumbers.Random(1, outputs * inputs), bias = TestNumbers.Random(2, outputs);

        var packed = PackedMatrix.Pack(weights, bias, outputs, inputs, interleaved);

        Assert.Equal((outputs + 15) / 16, packed.PanelCount);
        for (int output = 0; output < packed.PanelCount * 16; output++)
        {
            bool exists = output < outputs;
            Assert.Equal(exists ? bias[output] : 0, Unsafe.Add(ref packed.Bias, output));
            for (int k = 0; k < inputs; k++)
            {
                float expected = exists ? weights[output * inputs + k] : 0;
                int wide = 16 * interleaved;
                Assert.Equal(expected, Unsafe.Add(ref packed.Panels, (output / wide * inputs + k) * wide + output % wide));
            }
        }
    }

    [Fact]
    public void A_packed_matrix_without_bias_keeps_the_bits()
    {
        float[] weights = [float.NaN, -0f, float.Epsilon, float.PositiveInfinity];
        var packed = PackedMatrix.Pack(weights, default, 2, 2, 1);

        for (int output = 0; output < 16; output++)
        {
            Assert.Equal(0u, BitConverter.SingleToUInt32Bits(Unsafe.Add(ref packed.Bias, output)));
            for (int k = 0; k < 2; k++)
            {
                float expected = output < 2 ? weights[output * 2 + k] : 0;
                Assert.Equal(BitConverter.SingleToUInt32Bits(expected), BitConverter.SingleToUInt32Bits(Unsafe.Add(ref packed.Panels, k * 16 + output)));
            }
        }
    }

    [Fact]
    public void A_packed_matrix_refuses_wrong_lengths()
    {
        Assert.Contains("[2, 3] matrix has 6", Assert.Throws<ArgumentException>("weights", () => PackedMatrix.Pack(new float[5], default, 2, 3, 1)).Message);
        Assert.Contains("expected 2", Assert.Throws<ArgumentException>("bias", () => PackedMatrix.Pack(new float[6], new float[3], 2, 3, 1)).Message);
        Assert.Throws<ArgumentOutOfRangeException>("outputs", () => PackedMatrix.Pack([], default, 0, 3, 1));
        Assert.Contains(
            "must divide the 3 panels",
            Assert.Throws<ArgumentException>("interleavedPanels", () => PackedMatrix.Pack(new float[40], default, 40, 1, 2)).Message);
        Assert.Throws<ArgumentOutOfRangeException>("interleavedPanels", () => PackedMatrix.Pack(new float[3], default, 1, 3, 0));
        Assert.Throws<ArgumentOutOfRangeException>("inputs", () => PackedMatrix.Pack([], default, 3, 0, 1));
    }

    private static float[] Filled(int count)
    {
        var values = new float[count + 1];
        Array.Fill(values, Untouched);
        return values;
    }
}
