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
        { 128, 500_000, 8, 8192 }, { 64, 500_000, 32, 8192 }, { 128, 10_000, 4, 4096 }, { 32, 10_000, 1.5, 64 }, { 2, 10_000, 2, 2048 },
        { 96, 1_000_000, 40, 32768 },
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
            RotaryScaling = RotaryScaling.Llama3, RotaryScalingFactor = factor, RotaryOriginalLength = originalLength, RotaryLowFrequencyFactor = low,
            RotaryHighFrequencyFactor = high,
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
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = factor, RotaryOriginalLength = originalLength, RotaryBetaFast = fast,
            RotaryBetaSlow = slow, RotaryAttentionFactor = attention,
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
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 32, RotaryOriginalLength = 4096, RotaryBetaFast = 32, RotaryBetaSlow = 1,
            RotaryTruncate = false,
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
            RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 4096, RotaryBetaFast = 32, RotaryBetaSlow = 1,
            RotaryAttentionFactor = 1.1,
        };
        AttentionShape[] shapes =
        [
            shape, shape with { RotaryDim = 32 }, shape with { RotaryBase = 500 }, shape with { RotaryScaling = RotaryScaling.Llama3 },
            shape with { RotaryScalingFactor = 8 },
            shape with { RotaryOriginalLength = 2048 }, shape with { RotaryBetaFast = 16 }, shape with { RotaryBetaSlow = 2 },
            shape with { RotaryAttentionFactor = 1 },
            shape with { RotaryTruncate = false }, shape with { RotaryLowFrequencyFactor = 1 }, shape with { RotaryHighFrequencyFactor = 4 },
            shape with { RotaryFrequencies = new double[32] }, shape with { RotaryScaling = RotaryScaling.DynamicNtk, RotaryLength = 5000 },
            shape with { RotaryScaling = RotaryScaling.LongRope, RotaryShortFactors = Factors(1), RotaryLongFactors = Factors(2) },
            shape with { RotaryScaling = RotaryScaling.LongRope, RotaryShortFactors = Factors(1), RotaryLongFactors = Factors(2), RotaryLength = 5000 },
        ];
        RotaryTable[] tables = [.. shapes.Select(RotaryTable.Get)];
        Assert.Equal(shapes.Length, tables.Distinct().Count());
        Assert.Same(RotaryTable.Get(shape), RotaryTable.Get(shape with { Heads = 7 }));

        static double[] Factors(double factor) => [.. Enumerable.Repeat(factor, 32)];
        Assert.Same(RotaryTable.Get(64, 10_000), RotaryTable.Get(Of(64, 10_000)));
    }

    /// <summary>Near and far positions, in order and in none: the bits of a table that reaches them.</summary>
    [Theory]
    [InlineData(RotaryKind.HalfSplit)]
    [InlineData(RotaryKind.Interleaved)]
    public void Rows_have_the_bits_of_a_table_however_far_they_are(RotaryKind kind)
    {
        const int dim = 256, rows = 9, heads = 2, stride = 600;
        RotaryTable table = RotaryTable.Get(Of(dim, 10_000));
        int limit = table.Limit;
        Assert.Equal(16_384, limit);
        var whole = new RotaryTable(dim, 10_000);
        ref float cosines = ref whole.Ensure(limit + 20).Reference;
        int[] given = [7, limit + 3, 0, limit - 1, limit, 299, 7, limit + 19, 1];
        foreach (int[] positions in (int[][])[given, [.. Enumerable.Range(limit - 4, rows)], [.. Enumerable.Range(limit + 5, rows)],
            [.. Enumerable.Range(3, rows)]])
        {
            float[] strip = TestNumbers.Random(1, rows * stride), expected = [.. strip], successive = [.. strip];
            for (int row = 0; row < rows; row++)
            {
                if (kind == RotaryKind.HalfSplit)
                    RotaryEmbedding.ApplyHalfSplit(ref expected[row * stride], stride, 1, heads, dim, dim, ref cosines, positions[row]);
                else
                    RotaryEmbedding.ApplyInterleaved(ref expected[row * stride], stride, 1, heads, dim, dim, ref cosines, positions[row]);
            }

            table.Prepare(positions);
            table.Apply(kind == RotaryKind.Interleaved, ref strip[0], stride, rows, heads, dim, positions);
            Assert.Equal(expected, strip);
            table.Apply(kind == RotaryKind.Interleaved, ref successive[0], stride, rows, heads, dim, positions[0]);
            if (positions[1] == positions[0] + 1)
                Assert.Equal(expected, successive);
        }
    }

    /// <summary>Whoever names a position must not thereby take memory: a table has 16 MB at most, and goes with its last owner.</summary>
    [Fact]
    public void No_position_and_no_capacity_makes_a_table_without_a_bound()
    {
        var table = new RotaryTable(128, 10_000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        table.Prepare([0, 10_000_000, int.MaxValue]);
        table.Prepare([5, 60]);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 200_000);
        table.Prepare(4_000_000);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 1, 18_000_000);
        float[] row = TestNumbers.Random(1, 128), same = [.. row];
        table.Apply(false, ref row[0], 128, 1, 1, 128, int.MaxValue);
        Assert.NotEqual(same, row);

        WeakReference dropped = Drop();
        for (int round = 0; round < 10 && dropped.IsAlive; round++)
            GC.Collect();
        Assert.False(dropped.IsAlive);

        [MethodImpl(MethodImplOptions.NoInlining)]
        static WeakReference Drop() => new(RotaryTable.Get(Of(62, 12_345)));
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
