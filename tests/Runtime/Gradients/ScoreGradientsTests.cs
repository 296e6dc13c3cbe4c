using AttentionGen.CompilerServices;

namespace AttentionGen.Tests.Runtime;

/// <summary>Rows of scores on their way back: against double precision, and with the same bits at every vector width.</summary>
public sealed class ScoreGradientsTests
{
    private const int Columns = 61;

    /// <summary>Whole lines, which the rows may fill with anything behind their columns.</summary>
    private const int Room = 80;

    [Fact]
    public void Rows_have_the_same_bits_at_every_width()
    {
        float[] narrow = Chain<Float128>(), middle = Chain<Float256>(), wide = Chain<Float512>();
        Compare(narrow, middle);
        Compare(narrow, wide);

        static void Compare(float[] expected, float[] actual) =>
            Assert.Equal(expected.Select(BitConverter.SingleToInt32Bits), actual.Select(BitConverter.SingleToInt32Bits));
    }

    [Fact]
    public void Rows_agree_with_double_precision()
    {
        float[] scores = Row(1), given = Row(2), probabilities = new float[Room], gradients = [.. given];
        float maximum = scores.AsSpan(5, 40).ToArray().Max();
        double sum = scores.AsSpan(5, 40).ToArray().Sum(score => Math.Exp(score - (double)maximum));
        ScoreGradients.Probabilities(ref scores[0], 5, 45, Columns, maximum, (float)sum, (float)(1 / Math.Log(2)), ref probabilities[0]);
        ScoreGradients.Gradients(ref probabilities[0], ref gradients[0], Columns, 0.3f);
        ScoreGradients.Uncap(ref scores[0], ref probabilities[0], ref gradients[0], Columns, 1.5f);
        for (int column = 0; column < Columns; column++)
        {
            double probability = column is >= 5 and < 45 ? Math.Exp(scores[column] - (double)maximum) / sum : 0;
            Assert.Equal(probability, probabilities[column], 1e-7);
            double slope = 1 - Math.Pow(Math.Tanh(scores[column] / 1.5), 2);
            Assert.Equal(probability * (given[column] - 0.3f) * slope, gradients[column], 1e-7);
        }

        double dot = Enumerable.Range(0, Columns).Sum(i => scores[i] * (double)given[i]);
        Assert.Equal(dot, ScoreGradients.Dot(ref scores[0], ref given[0], Columns), 1e-5);
    }

    /// <summary>A masked key may have any score, and a row without a key has no probability.</summary>
    [Fact]
    public void What_is_masked_stays_zero()
    {
        float[] scores = Row(1), probabilities = new float[Room], gradients = Row(2);
        scores[7] = float.NegativeInfinity;
        scores[50] = float.NaN;
        ScoreGradients.Probabilities(ref scores[0], 5, 45, Columns, scores.AsSpan(8, 30).ToArray().Max(), 3, 1, ref probabilities[0]);
        ScoreGradients.Gradients(ref probabilities[0], ref gradients[0], Columns, 0.3f);
        scores[7] = float.NaN;
        ScoreGradients.Uncap(ref scores[0], ref probabilities[0], ref gradients[0], Columns, 1.5f);
        Assert.All((int[])[0, 4, 7, 45, 50, 60], column => Assert.Equal(0, gradients[column]));
        Assert.DoesNotContain(gradients[..Columns], float.IsNaN);
        ScoreGradients.Probabilities(ref scores[0], 5, 45, Columns, float.NegativeInfinity, 0, 1, ref probabilities[0]);
        Assert.Equal(-1, probabilities.AsSpan(0, Columns).IndexOfAnyExcept(0f));
    }

    private static float[] Chain<T>()
        where T : struct, IFloatVector<T>
    {
        float[] scores = Row(1), probabilities = new float[Room], gradients = Row(2), sums = Row(3);
        ScoreGradients.Probabilities<T>(ref scores[0], 5, 45, Columns, 1.9f, 17.5f, 1.25f, ref probabilities[0]);
        ScoreGradients.Gradients<T>(ref probabilities[0], ref gradients[0], Columns, 0.3f);
        ScoreGradients.Uncap<T>(ref scores[0], ref probabilities[0], ref gradients[0], Columns, 1.5f);
        ScoreGradients.Add<T>(ref sums[0], ref gradients[0], Columns);
        ScoreGradients.Scale<T>(ref sums[0], Columns, 0.7f);
        return [.. probabilities[..Columns], .. gradients[..Columns], .. sums[..Columns], ScoreGradients.AreFinite<T>(ref sums[0], Columns) ? 1 : 0];
    }

    private static float[] Row(int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, Room).Select(_ => (4 * random.NextSingle()) - 2)];
    }
}
