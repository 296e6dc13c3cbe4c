using System.Numerics;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Rotary;

[AttentionConfig(Heads = 1, HeadDim = 12, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.Proportional,
    RotaryDim = 4, RotaryBase = 1000, RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 2)]
internal sealed partial class ProportionalFrequencies;

[AttentionConfig(Heads = 1, HeadDim = 8, Projections = false, Scale = 1, Outputs = AttentionOutputs.ScaledScores, Rotary = RotaryKind.Interleaved,
    QueryKeyNorm = QueryKeyNorm.Rms, QueryKeyNormEpsilon = 0.25f, QueryKeyNormAfterRotary = true)]
internal sealed partial class NormedRotation;

[AttentionConfig(Heads = 3, HeadDim = 4, Projections = false, Outputs = AttentionOutputs.MaskedScores, Scale = 1, Alibi = true, AlibiScale = 0.5,
    AlibiSlopes = new[] { 1 / 16.0, 1 / 256.0, 1 / 4.0 })]
internal sealed partial class SlopedAttention;

/// <summary>Which pairs are rotated, and when; and biases by distance with slopes of their own.</summary>
public sealed class RotaryOrderTests
{
    private const int Rows = 40;

    /// <summary>As Hugging Face's <c>modeling_rope_utils</c>: pairs half a head apart, frequencies over the whole head, the last ones 0.</summary>
    [Fact]
    public void Proportional_rotation_rotates_the_first_pairs_of_the_whole_head()
    {
        double[] frequencies = [.. Enumerable.Range(0, 6).Select(pair => pair < 2 ? 1 / Math.Pow(1000, 2.0 * pair / 12) / 2 : 0)];
        RotaryScores.Check(
            new ProportionalFrequencies(), RotaryScores.HalfSplit(frequencies, distance: 6), (row, pair) => row * pair.Frequency, factor: 1, Rows);
    }

    [Fact]
    public void Heads_can_be_normalised_after_the_rotation()
    {
        AttentionWeights weights = AttentionWeights.Random(NormedRotation.Shape, seed: 5);
        var random = new Random(1);
        float[] query = AttentionCase.Uniform(random, Rows * 8), key = AttentionCase.Uniform(random, Rows * 8);
        var expected = new double[Rows * Rows];
        for (int row = 0; row < Rows; row++)
        {
            double[] turnedQuery = Turned(query, row, weights.QueryNorm);
            for (int column = 0; column < Rows; column++)
                expected[(row * Rows) + column] = turnedQuery.Zip(Turned(key, column, weights.KeyNorm), (a, b) => a * b).Sum();
        }

        Compare.Close(expected, RotaryScores.Of(new NormedRotation(weights), query, key, default), Rows, "scores", 1e-5);

        static double[] Turned(float[] rows, int row, ReadOnlySpan<float> norm)
        {
            var turned = new double[8];
            for (int pair = 0; pair < 4; pair++)
            {
                Complex angle = Complex.FromPolarCoordinates(1, row * Math.Pow(10_000, -pair / 4.0));
                Complex value = new Complex(rows[(row * 8) + (2 * pair)], rows[(row * 8) + (2 * pair) + 1]) * angle;
                (turned[2 * pair], turned[(2 * pair) + 1]) = (value.Real, value.Imaginary);
            }

            double inverse = 1 / Math.Sqrt(turned.Select(value => value * value).Average() + 0.25);
            for (int element = 0; element < 8; element++)
                turned[element] *= inverse * norm[element];
            return turned;
        }
    }

    /// <summary>MPT's slopes of three heads: every second one of four, from the second on, and then the others.</summary>
    [Fact]
    public void Linear_biases_take_slopes_and_a_scale()
    {
        double[] slopes = [1 / 16.0, 1 / 256.0, 1 / 4.0];
        AttentionCase call = AttentionCase.Create(SlopedAttention.Shape, batch: 1, Rows, Rows, seed: 2);
        float[] scores = call.RunAll(new KernelAdapter<SlopedAttention>().Create(AttentionWeights.Empty)).Scores;
        var expected = new double[3 * Rows * Rows];
        for (int index = 0; index < expected.Length; index++)
        {
            int head = index / (Rows * Rows), row = index / Rows % Rows, column = index % Rows;
            double score = -0.5 * slopes[head] * Math.Abs(row - column);
            for (int element = 0; element < 4; element++)
                score += (double)call.Input[(((row * 3) + head) * 4) + element] * call.Key[(((column * 3) + head) * 4) + element];
            expected[index] = score;
        }

        Compare.Close(expected, scores, Rows, "scores", 1e-5);
    }
}
