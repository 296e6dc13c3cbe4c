using System.Runtime.Intrinsics;
using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

public sealed class HeadGatesTests
{
    /// <summary>Widths with and without a rest behind whole vectors, of rows that lie apart; what lies between them is not touched.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(45)]
    public void Heads_are_multiplied_by_the_logistic_function_whatever_the_width_of_vectors(int columns)
    {
        const int Rows = 3, Stride = 50, GateStride = 48;
        float[] heads = TestNumbers.Random(1, Rows * Stride), gates = [.. TestNumbers.Random(2, Rows * GateStride).Select(value => 30 * value)];
        (gates[0], gates[GateStride], gates[2 * GateStride]) = (float.NegativeInfinity, float.PositiveInfinity, float.NaN);
        float[] expected = [.. heads], actual = [.. heads];
        for (int row = 0; row < Rows; row++)
        {
            for (int i = 0; i < columns; i++)
                expected[(row * Stride) + i] = (float)(heads[(row * Stride) + i] / (1 + Math.Exp(-gates[(row * GateStride) + i])));
        }

        HeadGates.Apply(ref actual[0], Stride, ref gates[0], GateStride, Rows, columns);

        for (int i = 0; i < expected.Length; i++)
        {
            if (float.IsNaN(expected[i]))
                Assert.True(float.IsNaN(actual[i]), $"element {i}");
            else
                Assert.True(Math.Abs(expected[i] - actual[i]) <= 5e-7 * Math.Abs(expected[i]), $"element {i}: expected {expected[i]:R}, got {actual[i]:R}");
        }

        Same(HeadGates.Apply<Float128>);
        if (Vector256.IsHardwareAccelerated)
            Same(HeadGates.Apply<Float256>);
        if (Vector512.IsHardwareAccelerated)
            Same(HeadGates.Apply<Float512>);

        void Same(Gate gate)
        {
            float[] other = [.. heads];
            gate(ref other[0], Stride, ref gates[0], GateStride, Rows, columns);
            Assert.Equal(actual.Select(BitConverter.SingleToInt32Bits), other.Select(BitConverter.SingleToInt32Bits));
        }
    }

    private delegate void Gate(ref float heads, nint stride, ref float gates, nint gateStride, nint rows, int columns);
}
