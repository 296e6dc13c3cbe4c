using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Frequencies as <c>modeling_rope_utils</c> of Hugging Face's Transformers computes them, written here the way they are written there.</summary>
public sealed class RotaryScalingTests
{
    private const int Positions = 300;

    private static readonly AttentionShape Shape = TestNumbers.Shape(heads: 1, headDim: 128, dModel: 128) with { Rotary = RotaryKind.HalfSplit };

    public static TheoryData<int, double, double, int> Lengths => new()
    {
        // RotaryDim, RotaryBase, RotaryScalingFactor, RotaryOriginalLength.
        { 128, 500_000, 8, 8192 }, { 64, 500_000, 32, 8192 }, { 128, 10_000, 4, 4096 }, { 32, 10_000, 1.5, 64 }, { 2, 10_000, 2, 2048 }, { 96, 1_000_000, 40, 32768 },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Linear_divides_every_frequency(int dim, double rotaryBase, double factor, int _)
    {
        AttentionShape shape = Of(dim, rotaryBase) with { RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = factor };
        Check(shape, pair => Inverse(dim, rotaryBase, pair) / factor);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Llama3_goes_by_wavelength(int dim, double rotaryBase, double factor, int originalLength)
    {
        const double low = 1, high = 4;
        AttentionShape shape = Of(dim, rotaryBase) with
        {
            RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = factor, RotaryOriginalLength = originalLength, RotaryLowFrequencyFactor = low, RotaryHighFrequencyFactor = high,
        };
        int stretched = 0, kept = 0;
        Check(shape, pair =>
        {
            double inverse = Inverse(dim, rotaryBase, pair);
            double wavelength = 2 * Math.PI / inverse;
            if (wavelength > originalLength / low)
            {
                stretched++;
                return inverse / factor;
            }

            if (wavelength < originalLength / high)
            {
                kept++;
                return inverse;
            }

            double smooth = ((originalLength / wavelength) - low) / (high - low);
            return ((1 - smooth) * inverse / factor) + (smooth * inverse);
        });
        Assert.True(dim < 64 || (stretched > 0 && kept > 0));
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Yarn_ramps_between_two_pairs(int dim, double rotaryBase, double factor, int originalLength)
    {
        const double fast = 32, slow = 1;
        double attention = (0.1 * Math.Log(factor)) + 1;
        AttentionShape shape = Of(dim, rotaryBase) with
        {
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = factor, RotaryOriginalLength = originalLength, RotaryBetaFast = fast, RotaryBetaSlow = slow, RotaryAttentionFactor = attention,
        };
        double first = Math.Max(Math.Floor(CorrectionDim(fast)), 0), last = Math.Min(Math.Ceiling(CorrectionDim(slow)), dim - 1);
        if (first == last)
            last += 0.001;
        Check(shape, pair =>
        {
            double power = Math.Pow(rotaryBase, 2.0 * pair / dim);
            double extrapolation = 1 / power, interpolation = 1 / (factor * power);
            double extrapolated = 1 - Math.Clamp((pair - first) / (last - first), 0, 1);
            return (interpolation * (1 - extrapolated)) + (extrapolation * extrapolated);
        }, attention);

        double CorrectionDim(double rotations) => dim * Math.Log(originalLength / (rotations * 2 * Math.PI)) / (2 * Math.Log(rotaryBase));
    }

    /// <summary>gpt-oss, whose file says truncate: false. The numbers are those of Transformers.</summary>
    [Fact]
    public void A_range_that_is_not_rounded_is_fractional()
    {
        AttentionShape shape = Of(64, 150_000) with
        {
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryBetaFast = 32, RotaryBetaSlow = 1, RotaryTruncate = false,
        };
        (int Pair, double Frequency)[] expected = [(15, 1.05260e-3), (16, 4.56484e-4), (17, 1.29319e-4)];
        double[] frequencies = RotaryFrequencies.Of(shape).ToArray();
        foreach ((int pair, double frequency) in expected)
        {
            Assert.Equal(frequency, frequencies[pair], 6e-9);
            Assert.Equal(frequency, ReferenceRotary.Frequency(shape, pair), 6e-9);
        }

        (int Pair, double Frequency)[] rounded = [(15, 1.20613e-3), (16, 5.80947e-4), (17, 2.27948e-4)];
        frequencies = RotaryFrequencies.Of(shape with { RotaryTruncate = true }).ToArray();
        foreach ((int pair, double frequency) in rounded)
            Assert.Equal(frequency, frequencies[pair], 6e-9);
    }

    [Fact]
    public void Every_parameter_makes_a_table_of_its_own()
    {
        AttentionShape shape = Of(64, 10_000) with
        {
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 4096, RotaryBetaFast = 32, RotaryBetaSlow = 1, RotaryAttentionFactor = 1.1,
        };
        AttentionShape[] shapes =
        [
            shape, shape with { RotaryDim = 32 }, shape with { RotaryBase = 500 }, shape with { RotaryScaling = RotaryScaling.Llama3 }, shape with { RotaryScalingFactor = 8 },
            shape with { RotaryOriginalLength = 2048 }, shape with { RotaryBetaFast = 16 }, shape with { RotaryBetaSlow = 2 }, shape with { RotaryAttentionFactor = 1 },
            shape with { RotaryTruncate = false }, shape with { RotaryLowFrequencyFactor = 1 }, shape with { RotaryHighFrequencyFactor = 4 },
        ];
        Assert.Equal(shapes.Length, shapes.Select(RotaryTable.Get).Distinct().Count());
        Assert.Same(RotaryTable.Get(shape), RotaryTable.Get(shape with { Heads = 7 }));
        Assert.Same(RotaryTable.Get(64, 10_000), RotaryTable.Get(Of(64, 10_000)));
    }

    [Theory]
    [InlineData(RotaryKind.HalfSplit)]
    [InlineData(RotaryKind.Interleaved)]
    public void Given_positions_are_those_of_the_rows(RotaryKind kind)
    {
        const int dim = 24, rows = 5, heads = 2, stride = 60;
        int[] positions = [7, 0, 299, 7, 1];
        var table = new RotaryTable(dim, 10_000);
        float[] strip = TestNumbers.Random(1, rows * stride), expected = [.. strip];
        ref float cosines = ref table.Ensure(positions).Reference;
        for (int row = 0; row < rows; row++)
        {
            if (kind == RotaryKind.HalfSplit)
                RotaryEmbedding.ApplyHalfSplit(ref expected[row * stride], stride, 1, heads, dim, dim, ref cosines, positions[row]);
            else
                RotaryEmbedding.ApplyInterleaved(ref expected[row * stride], stride, 1, heads, dim, dim, ref cosines, positions[row]);
        }

        if (kind == RotaryKind.HalfSplit)
            RotaryEmbedding.ApplyHalfSplit(ref strip[0], stride, rows, heads, dim, dim, ref cosines, positions);
        else
            RotaryEmbedding.ApplyInterleaved(ref strip[0], stride, rows, heads, dim, dim, ref cosines, positions);
        Assert.Equal(expected, strip);
    }

    [Fact]
    public void A_position_that_no_table_can_reach_is_refused()
    {
        var table = new RotaryTable(64, 10_000);
        Assert.True(table.Ensure([3, 999, 5]).Length >= 1000 * 64);
        Assert.Throws<ArgumentOutOfRangeException>("positions", () => table.Ensure([int.MaxValue]));
        Assert.Throws<ArgumentOutOfRangeException>("positions", () => table.Ensure([int.MaxValue - 1]));
    }

    private static AttentionShape Of(int dim, double rotaryBase) => Shape with { RotaryDim = dim, RotaryBase = rotaryBase };

    private static double Inverse(int dim, double rotaryBase, int pair) => 1 / Math.Pow(rotaryBase, 2.0 * pair / dim);

    private static void Check(AttentionShape shape, Func<int, double> frequency, double factor = 1)
    {
        int pairs = shape.RotaryDim / 2;
        AlignedMemory table = RotaryTable.Get(shape).Ensure(Positions);
        for (int pair = 0; pair < pairs; pair++)
        {
            double step = frequency(pair);
            for (int position = 0; position < Positions; position++)
            {
                // Rounded once: half a unit in the last place, and what two ways to a frequency differ by.
                Assert.Equal(Math.Cos(position * step) * factor, Unsafe.Add(ref table.Reference, (position * shape.RotaryDim) + pair), 1e-7);
                Assert.Equal(Math.Sin(position * step) * factor, Unsafe.Add(ref table.Reference, (position * shape.RotaryDim) + pairs + pair), 1e-7);
            }
        }
    }
}
