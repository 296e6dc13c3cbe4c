using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>The gradients of norms and activations against those of double precision.</summary>
public sealed class RowGradientTests
{
    private const float Epsilon = 1e-5f;

    /// <summary>Every 20,011th float32 there is, and a fine grid where the functions bend.</summary>
    private static readonly float[] Arguments =
    [
        .. Enumerable.Range(0, (int)(uint.MaxValue / 20_011)).Select(i => BitConverter.UInt32BitsToSingle((uint)i * 20_011)),
        .. Enumerable.Range(-50_000, 100_001).Select(i => i / 4096f),
        0f, -0f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.NaN,
    ];

    public static TheoryData<Norm, int, int> Norms
    {
        get
        {
            var cases = new TheoryData<Norm, int, int>();
            foreach (int width in new[] { 1, 2, 5, 16, 31, 32, 33, 64, 100, 384, 577 })
            {
                cases.Add(Norm.Rms, width, 3);
                cases.Add(Norm.Layer, width, 128);
            }

            return cases;
        }
    }

    public static TheoryData<Activation> Kinds => [.. Enum.GetValues<Activation>()];

    [Theory]
    [MemberData(nameof(Norms))]
    public void A_norm_has_the_gradients_of_double_precision(Norm kind, int width, int rows)
    {
        int stride = width + 3;
        float[] weights = TestNumbers.Random(1, width), source = TestNumbers.Random(2, rows * stride), gradient = TestNumbers.Random(3, rows * stride);
        var norm = new RowNorm(kind, weights, kind == Norm.Layer ? TestNumbers.Random(4, width) : [], Epsilon);
        double[] weightGradient = new double[width], biasGradient = kind == Norm.Layer ? new double[width] : [];
        double[] expected = ReferenceNorm.RowsBackward(
            kind, Packed(source, width, stride), weights, Epsilon, Packed(gradient, width, stride), weightGradient, biasGradient);

        (float[] chosen, float[] chosenWeights, float[] chosenBiases) = Backward(norm, source, gradient, width, rows, null);
        Close(expected, Packed(chosen, width, stride), 2e-6 * Math.Max(1, expected.Max(Math.Abs)));
        Close(weightGradient, [.. chosenWeights.Select(value => (double)value)], 2e-6 * Math.Max(1, weightGradient.Max(Math.Abs)));
        if (kind == Norm.Layer)
            Close(biasGradient, [.. chosenBiases.Select(value => (double)value)], 2e-6 * Math.Max(1, biasGradient.Max(Math.Abs)));
        // What lies between the rows is not touched.
        for (int row = 0; row < rows; row++)
            Assert.All(chosen[((row * stride) + width)..((row + 1) * stride)], value => Assert.Equal(-7, value));

        foreach (int lanes in new[] { 16, 8, 4 })
        {
            (float[] target, float[] ofWeights, float[] ofBiases) = Backward(norm, source, gradient, width, rows, lanes);
            Assert.Equal(chosen, target);
            Assert.Equal(chosenWeights, ofWeights);
            Assert.Equal(chosenBiases, ofBiases);
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Slopes_are_those_of_double_precision(Activation kind)
    {
        float[] actual = Slopes(kind, Arguments, null);
        for (int i = 0; i < Arguments.Length; i++)
        {
            float x = Arguments[i];
            double expected = ReferenceActivation.Slope(kind, x);
            if (double.IsNaN(expected) && !float.IsNaN(x))
                expected = x > 0 ? 1 : 0;
            bool isRight = kind == Activation.None ? actual[i] == 1
                : float.IsNaN(x) ? float.IsNaN(actual[i])
                : Math.Abs(actual[i] - expected) <= (kind == Activation.Relu ? 0 : 3e-7);
            Assert.True(isRight, $"{kind}'({x:R}): expected {expected:R}, got {actual[i]:R}");
        }

        foreach (int lanes in new[] { 16, 8, 4 })
            Assert.Equal(actual.Select(Bits), Slopes(kind, Arguments, lanes).Select(Bits));
    }

    /// <summary>NaN may have any sign.</summary>
    private static int Bits(float value) => float.IsNaN(value) ? int.MaxValue : BitConverter.SingleToInt32Bits(value);

    private static float[] Slopes(Activation kind, float[] arguments, int? lanes)
    {
        float[] slopes = [.. Enumerable.Repeat(1f, arguments.Length)];
        switch (lanes)
        {
            case 16:
                ActivationGradients.Multiply<Float512>(kind, slopes: true, ref arguments[0], 0, ref slopes[0], 0, 1, slopes.Length);
                break;
            case 8:
                ActivationGradients.Multiply<Float256>(kind, slopes: true, ref arguments[0], 0, ref slopes[0], 0, 1, slopes.Length);
                break;
            case 4:
                ActivationGradients.Multiply<Float128>(kind, slopes: true, ref arguments[0], 0, ref slopes[0], 0, 1, slopes.Length);
                break;
            default:
                ActivationGradients.MultiplySlopes(kind, ref arguments[0], 0, ref slopes[0], 0, 1, slopes.Length);
                break;
        }

        return slopes;
    }

    private static (float[] Target, float[] Weights, float[] Biases) Backward(RowNorm norm, float[] source, float[] gradient, int width, int rows, int? lanes)
    {
        int stride = width + 3;
        float[] target = [.. Enumerable.Repeat(-7f, rows * stride)], weights = new float[width], biases = new float[width];
        // One float more than is needed, so that an empty norm has a first one too.
        float[] sums = new float[norm.SumFloats + 1], scratch = new float[norm.BackwardFloats + 1];
        scratch.AsSpan().Fill(float.NaN);
        sums.AsSpan().Fill(float.NaN);
        switch (lanes)
        {
            case 16:
                norm.Backward<Float512>(ref source[0], stride, ref gradient[0], stride, ref target[0], stride, rows, false, ref sums[0], ref scratch[0]);
                break;
            case 8:
                norm.Backward<Float256>(ref source[0], stride, ref gradient[0], stride, ref target[0], stride, rows, false, ref sums[0], ref scratch[0]);
                break;
            case 4:
                norm.Backward<Float128>(ref source[0], stride, ref gradient[0], stride, ref target[0], stride, rows, false, ref sums[0], ref scratch[0]);
                break;
            default:
                norm.Backward(ref source[0], stride, ref gradient[0], stride, ref target[0], stride, rows, false, ref sums[0], ref scratch[0]);
                break;
        }

        norm.AddSums(ref sums[0], 1, weights, biases);
        return (target, weights, biases);
    }

    private static double[] Packed(float[] values, int width, int stride) =>
        [.. values.Where((_, index) => index % stride < width).Select(value => (double)value)];

    private static void Close(double[] expected, double[] actual, double tolerance)
    {
        for (int i = 0; i < expected.Length; i++)
            Assert.True(Math.Abs(expected[i] - actual[i]) <= tolerance, $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
    }
}
