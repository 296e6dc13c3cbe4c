using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class HeadNormTests
{
    public static TheoryData<QueryKeyNorm, int> Cases
    {
        get
        {
            var cases = new TheoryData<QueryKeyNorm, int>();
            foreach (int headDim in new[] { 1, 2, 3, 5, 8, 12, 15, 16, 17, 20, 31, 32, 48, 64, 80, 127, 128, 255, 256, 512 })
            {
                cases.Add(QueryKeyNorm.Rms, headDim);
                cases.Add(QueryKeyNorm.Layer, headDim);
            }

            return cases;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Heads_are_normalised_as_in_double_precision(QueryKeyNorm kind, int headDim)
    {
        const double factor = 0.1803368801111204;
        const float epsilon = 1e-3f;
        (float[] strip, float[] weights, float[] biases, int stride) = Inputs(headDim);
        float[] actual = [.. strip];

        new HeadNorm(kind, weights, kind == QueryKeyNorm.Layer ? biases : [], epsilon, factor).Apply(ref actual[0], stride, 3, 2 * headDim);

        float[] expected = [.. strip];
        for (int row = 0; row < 3; row++)
        {
            for (int head = 0; head < 2; head++)
            {
                double[] x = [.. strip.AsSpan((row * stride) + (head * headDim), headDim).ToArray().Select(value => (double)value)];
                double mean = kind == QueryKeyNorm.Layer ? x.Average() : 0;
                double scale = 1 / Math.Sqrt(x.Average(value => (value - mean) * (value - mean)) + epsilon);
                for (int i = 0; i < headDim; i++)
                {
                    double value = ((x[i] - mean) * scale * weights[i]) + (kind == QueryKeyNorm.Layer ? biases[i] : 0);
                    expected[(row * stride) + (head * headDim) + i] = (float)(value * factor);
                }
            }
        }

        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= 2e-6 * (1 + Math.Abs(expected[i])), $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
        // What lies behind the normalised heads of a row is not touched.
        for (int row = 0; row < 3; row++)
            Assert.Equal(
                strip.AsSpan((row * stride) + (2 * headDim), stride - (2 * headDim)), actual.AsSpan((row * stride) + (2 * headDim), stride - (2 * headDim)));
    }

    /// <summary>The bits that every vector width must give: 16 lanes, folded 8, 4, 2 and 1 apart, and no fused multiply-add.</summary>
    [Theory]
    [MemberData(nameof(Cases))]
    public void Bits_are_those_of_sixteen_lanes(QueryKeyNorm kind, int headDim)
    {
        const float epsilon = 1e-6f;
        (float[] strip, float[] weights, float[] biases, int stride) = Inputs(headDim);
        float[] actual = [.. strip];

        new HeadNorm(kind, weights, kind == QueryKeyNorm.Layer ? biases : [], epsilon).Apply(ref actual[0], stride, 1, headDim);

        float mean = kind == QueryKeyNorm.Layer ? Lanes(i => strip[i]) / headDim : 0;
        float variance = Lanes(i =>
        {
            float centred = strip[i] - mean;
            return centred * centred;
        }) / headDim;
        float inverse = 1 / MathF.Sqrt(variance + epsilon);
        for (int i = 0; i < headDim; i++)
        {
            float product = (strip[i] - mean) * inverse;
            product *= weights[i];
            Assert.Equal(product + (kind == QueryKeyNorm.Layer ? biases[i] : 0), actual[i]);
        }

        float Lanes(Func<int, float> term)
        {
            var lanes = new float[16];
            // Lanes begin with what is left over behind the last whole group of 16.
            for (int i = headDim / 16 * 16; i < headDim; i++)
                lanes[i % 16] = term(i);
            for (int i = 0; i < headDim / 16 * 16; i++)
                lanes[i % 16] += term(i);
            for (int apart = 8; apart > 0; apart /= 2)
            {
                for (int lane = 0; lane < apart; lane++)
                    lanes[lane] += lanes[lane + apart];
            }

            return lanes[0];
        }
    }

    /// <summary>What a thread computes of a row whose other heads belong to others has the bits that the whole row has.</summary>
    [Theory]
    [InlineData(1, 0, 20, 20, 80)]
    [InlineData(3, 20, 60, 20, 80)]
    [InlineData(3, 20, 20, 60, 60)]
    [InlineData(2, 13, 26, 79, 79)]
    public void A_part_of_a_row_has_the_bits_of_the_row(int rows, int first, int floats, int width, int whole)
    {
        const int Stride = 83;
        float[] strip = TestNumbers.Random(1, rows * Stride), row = [.. strip], part = new float[rows * floats];
        var norm = new HeadNorm(QueryKeyNorm.Layer, TestNumbers.Random(2, whole), TestNumbers.Random(3, whole), 1e-3f, 0.5, width);
        norm.Apply(ref row[0], Stride, rows, whole);
        if (width == whole)
        {
            norm.ApplyPart(ref strip[0], Stride, rows, first, floats, ref part[0]);
        }
        else
        {
            for (int index = 0; index < rows; index++)
                strip.AsSpan((index * Stride) + first, floats).CopyTo(part.AsSpan(index * floats));
            norm.Apply(ref part[0], floats, rows, floats, first);
        }

        for (int index = 0; index < rows; index++)
            Assert.Equal(row.AsSpan((index * Stride) + first, floats), part.AsSpan(index * floats, floats));
    }

    [Theory]
    [InlineData(QueryKeyNorm.Rms)]
    [InlineData(QueryKeyNorm.Layer)]
    public void A_NaN_stays_in_its_head(QueryKeyNorm kind)
    {
        float[] strip = TestNumbers.Random(1, 60), weights = TestNumbers.Random(2, 20), clean = [.. strip];
        strip[25] = float.NaN;
        var norm = new HeadNorm(kind, weights, kind == QueryKeyNorm.Layer ? weights : [], 1e-6f);
        norm.Apply(ref strip[0], 60, 1, 60);
        norm.Apply(ref clean[0], 60, 1, 60);
        Assert.All(strip[20..40], value => Assert.True(float.IsNaN(value)));
        Assert.Equal(clean[..20], strip[..20]);
        Assert.Equal(clean[40..], strip[40..]);
    }

    private static (float[] Strip, float[] Weights, float[] Biases, int Stride) Inputs(int headDim)
    {
        int stride = (2 * headDim) + 7;
        float[] strip = [.. TestNumbers.Random(1, 3 * stride).Select(value => value + 0.5f)];
        return (strip, TestNumbers.Random(2, headDim), TestNumbers.Random(3, headDim), stride);
    }
}
