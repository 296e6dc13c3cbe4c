using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class ActivationTests
{
    /// <summary>Every 4,999th float32 there is, denormals and NaNs among them, and a fine grid where the functions bend.</summary>
    private static readonly float[] Arguments = WholeVectors(
    [
        .. Enumerable.Range(0, (int)(uint.MaxValue / 4999)).Select(i => BitConverter.UInt32BitsToSingle((uint)i * 4999)),
        .. Enumerable.Range(-200_000, 400_001).Select(i => i / 16384f),
        0f, -0f, float.Epsilon, -float.Epsilon, float.MaxValue, float.MinValue, float.PositiveInfinity, float.NegativeInfinity, float.NaN, -float.NaN,
    ]);

    private static bool IsFused => float.MultiplyAddEstimate(1.0001f, 1.0001f, -1.0001f * 1.0001f) != 0;

    public static TheoryData<Activation> Kinds => [.. Enum.GetValues<Activation>()];

    /// <summary>
    /// Where nothing cancels, an error is a few ulp of the result. The exponent that makes a negative tail is rounded too: there it counts relatively.
    /// </summary>
    [Theory]
    [InlineData(Activation.None, 0, 0)]
    [InlineData(Activation.Relu, 0, 0)]
    [InlineData(Activation.Gelu, 2.5, 7e-6)]
    [InlineData(Activation.GeluTanh, 2.25, 1e-5)]
    [InlineData(Activation.QuickGelu, 2.5, 3e-7)]
    [InlineData(Activation.Silu, 2.5, 3e-7)]
    public void Results_are_those_of_double_precision(Activation kind, double ulps, double tail)
    {
        // Beyond, GELU by the error function is less than 1e-7 of its argument, and all others are below what float32 tells from 0.
        float furthest = kind == Activation.Gelu ? -5.6f : kind == Activation.GeluTanh ? -10 : kind == Activation.QuickGelu ? -51 : -87;
        float[] actual = [.. Arguments];
        Activations.Apply(kind, ref actual[0], 0, 1, actual.Length);
        // Where a multiply-add rounds twice, the fraction of the exponent has the error of the exponent, which is 127 at most.
        if (!IsFused && ulps > 0)
            (ulps, tail) = (100, 3e-5);

        for (int i = 0; i < Arguments.Length; i++)
        {
            float x = Arguments[i];
            double expected = ReferenceActivation.Of(kind, x);
            double error = Math.Abs(actual[i] - expected);
            string message = $"{kind}({x:R}): expected {expected:R}, got {actual[i]:R}";
            if (float.IsNaN(x))
                Assert.True(float.IsNaN(actual[i]), message);
            else if (float.IsInfinity((float)expected))
                Assert.True(actual[i] == expected || expected > float.MaxValue, message);
            else if (ulps == 0)
                Assert.True(error == 0, message);
            else if (x >= -1)
                Assert.True(error <= ulps * Ulp(expected), message);
            else if (x >= furthest)
                Assert.True(error <= tail * Math.Abs(expected) + Ulp(0), message);
            else
                Assert.True(error <= (kind == Activation.Gelu ? 1e-11 : 1e-35), message);
        }
    }

    /// <summary>GELU is as good as ½x · (1 + erf(x / √2)) with the error function to 2 ulp would be, whose ulp is 2⁻²⁴ beside 1.</summary>
    [Fact]
    public void Gelu_implies_an_error_function_to_two_ulp()
    {
        Assert.SkipUnless(IsFused, "Without fused multiply-add the results have fewer digits.");
        float[] actual = [.. Arguments];
        Activations.Apply(Activation.Gelu, ref actual[0], 0, 1, actual.Length);
        for (int i = 0; i < Arguments.Length; i++)
        {
            if (Arguments[i] is < -1e-30f and > -1e30f)
            {
                double erf = 2 * (double)actual[i] / Arguments[i] - 1, expected = ReferenceActivation.Erf(Arguments[i] / Math.Sqrt(2));
                Assert.True(Math.Abs(erf - expected) <= 2 * Math.Pow(2, -24), $"x = {Arguments[i]:R}: expected {expected:R}, got {erf:R}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Limits_are_exact(Activation kind)
    {
        float[] values = [float.PositiveInfinity, float.NegativeInfinity, 0f, -0f, float.NaN, 1e30f, -1e30f, .. new float[9]];
        Activations.Apply(kind, ref values[0], 0, 1, 16);
        Assert.Equal(float.PositiveInfinity, values[0]);
        Assert.Equal(kind == Activation.None ? float.NegativeInfinity : 0, values[1]);
        Assert.Equal(BitConverter.SingleToUInt32Bits(0f), BitConverter.SingleToUInt32Bits(values[2]));
        Assert.Equal(BitConverter.SingleToUInt32Bits(-0f), BitConverter.SingleToUInt32Bits(values[3]));
        Assert.Equal(float.NaN, values[4]);
        Assert.Equal(1e30f, values[5]);
        Assert.Equal(kind == Activation.None ? -1e30f : 0, values[6]);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Bits_are_the_same_at_every_vector_width(Activation kind)
    {
        int length = Arguments.Length;
        float[] chosen = [.. Arguments], by512 = [.. Arguments], by256 = [.. Arguments], by128 = [.. Arguments];
        Activations.Apply(kind, ref chosen[0], 0, 1, length);
        Activations.Apply<Float512, WithoutGate>(kind, ref by512[0], 0, ref by512[0], 0, 1, length);
        Activations.Apply<Float256, WithoutGate>(kind, ref by256[0], 0, ref by256[0], 0, 1, length);
        Activations.Apply<Float128, WithoutGate>(kind, ref by128[0], 0, ref by128[0], 0, 1, length);
        AssertSameBits(chosen, by512);
        AssertSameBits(chosen, by256);
        AssertSameBits(chosen, by128);

        float[] up = TestNumbers.Random(1, length), gated = [.. Arguments], gated512 = [.. Arguments], gated256 = [.. Arguments], gated128 = [.. Arguments];
        Activations.ApplyGate(kind, ref gated[0], 0, ref up[0], 0, 1, length);
        Activations.Apply<Float512, WithGate>(kind, ref gated512[0], 0, ref up[0], 0, 1, length);
        Activations.Apply<Float256, WithGate>(kind, ref gated256[0], 0, ref up[0], 0, 1, length);
        Activations.Apply<Float128, WithGate>(kind, ref gated128[0], 0, ref up[0], 0, 1, length);
        AssertSameBits([.. chosen.Zip(up, (value, factor) => value * factor)], gated);
        AssertSameBits(gated, gated512);
        AssertSameBits(gated, gated256);
        AssertSameBits(gated, gated128);
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void What_lies_between_rows_is_not_touched(Activation kind)
    {
        const int rows = 3, columns = 48, stride = 53;
        float[] values = TestNumbers.Random(2, rows * stride), up = TestNumbers.Random(3, rows * stride), applied = [.. values], gated = [.. values];
        Activations.Apply(kind, ref applied[0], stride, rows, columns);
        Activations.ApplyGate(kind, ref gated[0], stride, ref up[0], stride, rows, columns);
        for (int i = 0; i < values.Length; i++)
        {
            double activated = ReferenceActivation.Of(kind, values[i]);
            Assert.Equal(i % stride < columns ? activated : values[i], applied[i], 1e-6);
            Assert.Equal(i % stride < columns ? activated * up[i] : values[i], gated[i], 1e-6);
        }
    }

    [Fact]
    public void An_unknown_activation_is_refused()
    {
        float[] values = new float[16];
        Assert.Throws<ArgumentOutOfRangeException>(() => Activations.Apply((Activation)17, ref values[0], 16, 1, 16));
        Assert.Throws<ArgumentOutOfRangeException>(() => Activations.ApplyGate((Activation)17, ref values[0], 16, ref values[0], 16, 1, 16));
    }

    private static double Ulp(double x)
    {
        float magnitude = Math.Min(MathF.Abs((float)x), MathF.BitDecrement(float.MaxValue));
        return MathF.BitIncrement(magnitude) - (double)magnitude;
    }

    private static void AssertSameBits(float[] expected, float[] actual)
    {
        for (int i = 0; i < expected.Length; i++)
        {
            if (BitConverter.SingleToUInt32Bits(expected[i]) != BitConverter.SingleToUInt32Bits(actual[i])
                && !(float.IsNaN(expected[i]) && float.IsNaN(actual[i])))
                Assert.Fail($"act({Arguments[i]:R}): expected {expected[i]:R}, got {actual[i]:R}");
        }
    }

    private static float[] WholeVectors(float[] values) => values[..(values.Length / 16 * 16)];
}
