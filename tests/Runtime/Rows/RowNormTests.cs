using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class RowNormTests
{
    private const int Rows = 3;

    public static TheoryData<Norm, int> Cases
    {
        get
        {
            var cases = new TheoryData<Norm, int>();
            foreach (int width in new[] { 1, 2, 3, 5, 15, 16, 17, 31, 32, 33, 48, 63, 64, 96, 100, 384, 577, 768, 4096, 65535, 65536 })
            {
                cases.Add(Norm.Rms, width);
                cases.Add(Norm.Layer, width);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Rows_are_normalised_as_in_double_precision(Norm kind, int width)
    {
        (float[] source, float[] weights, float[] biases, int stride) = Inputs(kind, width);
        float[] actual = Target(stride);

        new RowNorm(kind, weights, biases, 1e-5f).Apply(ref source[0], stride, ref actual[0], stride, Rows);

        for (int row = 0; row < Rows; row++)
        {
            double[] expected = Expected(kind, source.AsSpan(row * stride, width), weights, biases, 1e-5f);
            for (int i = 0; i < width; i++)
            {
                double error = Math.Abs(expected[i] - actual[row * stride + i]);
                Assert.True(error <= 6e-7 * (1 + Math.Abs(expected[i])), $"row {row}, element {i}: expected {expected[i]:R}, got {actual[row * stride + i]:R}");
            }

            // What lies between the rows is not touched.
            Assert.All(actual[(row * stride + width)..((row + 1) * stride)], value => Assert.Equal(-7, value));
        }
    }

    /// <summary>A mean that is large beside the deviations: Σx² − n · mean² would have no digit left.</summary>
    [Fact]
    public void A_large_mean_does_not_swallow_the_variance()
    {
        float[] source = [.. TestNumbers.Random(1, 384).Select(value => value + 4096)], weights = [.. Enumerable.Repeat(1f, 384)], actual = new float[384];
        new RowNorm(Norm.Layer, weights, [], 0).Apply(ref source[0], 384, ref actual[0], 384, 1);
        double[] expected = Expected(Norm.Layer, source, weights, [], 0);
        Assert.All(expected.Zip(actual), pair => Assert.True(Math.Abs(pair.First - pair.Second) <= 1e-3, $"expected {pair.First:R}, got {pair.Second:R}"));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bits_are_the_same_at_every_vector_width(Norm kind, int width)
    {
        (float[] source, float[] weights, float[] biases, int stride) = Inputs(kind, width);
        var norm = new RowNorm(kind, weights, biases, 1e-5f);
        float[] chosen = Target(stride), by512 = Target(stride), by256 = Target(stride), by128 = Target(stride);
        norm.Apply(ref source[0], stride, ref chosen[0], stride, Rows);
        norm.Apply<Float512>(ref source[0], stride, ref by512[0], stride, Rows);
        norm.Apply<Float256>(ref source[0], stride, ref by256[0], stride, Rows);
        norm.Apply<Float128>(ref source[0], stride, ref by128[0], stride, Rows);
        Assert.Equal(Bits(chosen), Bits(by512));
        Assert.Equal(Bits(chosen), Bits(by256));
        Assert.Equal(Bits(chosen), Bits(by128));
    }

    /// <summary>The bits that are promised: 32 lanes that begin with what is left over, folded 16, 8, 4, 2 and 1 apart, with fused multiply-adds.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Bits_are_those_of_thirty_two_lanes(Norm kind, int width)
    {
        const float epsilon = 1e-6f;
        (float[] source, float[] weights, float[] biases, int stride) = Inputs(kind, width);
        float[] actual = Target(stride);
        new RowNorm(kind, weights, biases, epsilon).Apply(ref source[0], stride, ref actual[0], stride, 1);

        bool centres = kind == Norm.Layer;
        float mean = centres ? Lanes((i, sum) => source[i] + sum) / width : 0;
        float variance = Lanes((i, sum) => float.MultiplyAddEstimate(source[i] - mean, source[i] - mean, sum)) / width;
        float inverse = 1 / MathF.Sqrt(variance + epsilon);
        for (int i = 0; i < width; i++)
        {
            float normalised = (source[i] - mean) * inverse;
            Assert.Equal(centres ? float.MultiplyAddEstimate(normalised, weights[i], biases.Length > 0 ? biases[i] : 0) : normalised * weights[i], actual[i]);
        }

        float Lanes(Func<int, float, float> add)
        {
            var lanes = new float[32];
            for (int i = width / 32 * 32; i < width; i++)
                lanes[i % 32] = add(i, 0);
            for (int i = 0; i < width / 32 * 32; i++)
                lanes[i % 32] = add(i, lanes[i % 32]);
            for (int apart = 16; apart > 0; apart /= 2)
            {
                for (int lane = 0; lane < apart; lane++)
                    lanes[lane] += lanes[lane + apart];
            }

            return lanes[0];
        }
    }

    [Theory]
    [InlineData(Norm.Layer, 1f)]
    [InlineData(Norm.Rms, 0.22f)]
    public void A_sum_and_its_norm_are_the_sum_and_then_the_norm(Norm kind, float scale)
    {
        foreach (int width in new[] { 1, 7, 31, 64, 100, 384 })
        {
            (float[] residual, float[] weights, float[] biases, int stride) = Inputs(kind, width);
            float[] branch = TestNumbers.Random(9, Rows * stride), sums = Target(stride), expected = Target(stride), expectedSums = Target(stride),
            actual = Target(stride);
            var norm = new RowNorm(kind, weights, biases, 1e-5f);
            for (int row = 0; row < Rows; row++)
            {
                for (int i = row * stride; i < row * stride + width; i++)
                    expectedSums[i] = scale == 1 ? residual[i] + branch[i] : float.MultiplyAddEstimate(scale, branch[i], residual[i]);
            }

            norm.Apply(ref expectedSums[0], stride, ref expected[0], stride, Rows);

            norm.AddAndApply(ref residual[0], stride, ref branch[0], stride, scale, ref sums[0], stride, ref actual[0], stride, Rows);
            Assert.Equal(expectedSums, sums);
            Assert.Equal(expected, actual);

            // Everything in one place.
            float[] inPlace = [.. residual];
            norm.AddAndApply(ref inPlace[0], stride, ref branch[0], stride, scale, ref inPlace[0], stride, ref inPlace[0], stride, Rows);
            float[] added = Target(stride);
            RowSums.Add(ref residual[0], stride, ref branch[0], stride, scale, ref added[0], stride, Rows, width);
            Assert.Equal(expectedSums, added);
            for (int row = 0; row < Rows; row++)
                Assert.Equal(expected.AsSpan(row * stride, width), inPlace.AsSpan(row * stride, width));

            foreach (int lanes in new[] { 4, 8, 16 })
            {
                float[] sum = Target(stride);
                Action<float[]> add = lanes switch
                {
                    4 => to => RowSums.Add<Float128>(ref residual[0], stride, ref branch[0], stride, scale, ref to[0], stride, Rows, width),
                    8 => to => RowSums.Add<Float256>(ref residual[0], stride, ref branch[0], stride, scale, ref to[0], stride, Rows, width),
                    _ => to => RowSums.Add<Float512>(ref residual[0], stride, ref branch[0], stride, scale, ref to[0], stride, Rows, width),
                };
                add(sum);
                Assert.Equal(expectedSums, sum);

                float[] both = Target(stride), normed = Target(stride);
                Action apply = lanes switch
                {
                    4 => () => norm.AddAndApply<Float128>(
                        ref residual[0], stride, ref branch[0], stride, scale, ref both[0], stride, ref normed[0], stride, Rows),
                    8 => () => norm.AddAndApply<Float256>(
                        ref residual[0], stride, ref branch[0], stride, scale, ref both[0], stride, ref normed[0], stride, Rows),
                    _ => () => norm.AddAndApply<Float512>(
                        ref residual[0], stride, ref branch[0], stride, scale, ref both[0], stride, ref normed[0], stride, Rows),
                };
                apply();
                Assert.Equal(expectedSums, both);
                Assert.Equal(expected, normed);
            }
        }
    }

    [Theory]
    [InlineData(Norm.Layer)]
    [InlineData(Norm.Rms)]
    public void A_NaN_stays_in_its_row_and_zeros_become_the_bias(Norm kind)
    {
        foreach (int width in new[] { 20, 40, 96 })
        {
            (float[] source, float[] weights, float[] biases, int stride) = Inputs(kind, width);
            float[] clean = Target(stride), actual = Target(stride);
            var norm = new RowNorm(kind, weights, biases, 1e-6f);
            source.AsSpan(2 * stride, width).Clear();
            norm.Apply(ref source[0], stride, ref clean[0], stride, Rows);
            source[stride + width - 1] = float.NaN;
            norm.Apply(ref source[0], stride, ref actual[0], stride, Rows);
            Assert.Equal(clean[..width], actual[..width]);
            Assert.All(actual[stride..(stride + width)], value => Assert.True(float.IsNaN(value)));
            Assert.Equal(kind == Norm.Layer ? biases : new float[width], actual[(2 * stride)..(2 * stride + width)]);
        }
    }

    private static double[] Expected(Norm kind, ReadOnlySpan<float> row, float[] weights, float[] biases, float epsilon)
    {
        double[] x = [.. row.ToArray().Select(value => (double)value)];
        double mean = kind == Norm.Layer ? x.Average() : 0;
        double scale = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + epsilon);
        return [.. x.Select((value, i) => (value - mean) * scale * weights[i] + (biases.Length > 0 ? biases[i] : 0))];
    }

    private static float[] Target(int stride) => [.. Enumerable.Repeat(-7f, Rows * stride)];

    private static uint[] Bits(float[] values) => [.. values.Select(BitConverter.SingleToUInt32Bits)];

    private static (float[] Source, float[] Weights, float[] Biases, int Stride) Inputs(Norm kind, int width)
    {
        int stride = width + 7;
        float[] source = [.. TestNumbers.Random(1, Rows * stride).Select(value => value + 0.5f)];
        return (source, TestNumbers.Random(2, width), kind == Norm.Layer ? TestNumbers.Random(3, width) : [], stride);
    }
}
