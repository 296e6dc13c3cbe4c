using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Rotary;

/// <summary>
/// The scores of a core whose scale is 1, and what they must be by the definition: a pair of a query at position m and of a key at n, as complex numbers,
/// gives the real part of q · conj(k) · e^(i(m − n)f), times the square of the factor of cosines and sines; an element that is not rotated gives q · k.
/// </summary>
internal static class RotaryScores
{
    /// <summary>A pair of elements, with the radians from one position to the next.</summary>
    public readonly record struct Pair(int First, int Second, double Frequency);

    /// <summary>Half-split pairs of a head.</summary>
    public static Pair[] HalfSplit(double[] frequencies, int distance) => [.. frequencies.Select((one, pair) => new Pair(pair, pair + distance, one))];

    /// <summary>Neighbours.</summary>
    public static Pair[] Interleaved(double[] frequencies) => [.. frequencies.Select((one, pair) => new Pair(2 * pair, (2 * pair) + 1, one))];

    /// <summary>The scores of a kernel with one head, [rows, keys].</summary>
    public static float[] Of<T>(T kernel, float[] query, float[] key, AttentionArguments declared)
        where T : class, IAttentionKernel<T>
    {
        int rows = query.Length / T.Shape.HeadDim, keys = key.Length / T.Shape.HeadDim;
        var scores = new float[rows * keys];
        kernel.Forward(declared with { Input = query, Key = key, Value = key, Output = new float[query.Length], Scores = scores, Batch = 1 });
        return scores;
    }

    /// <summary>Compares the scores of a kernel with those of the definition; each row has an angle at each pair.</summary>
    public static void Check<T>(T kernel, Pair[] pairs, Func<int, Pair, double> angle, double factor, int rows, AttentionArguments declared = default)
        where T : class, IAttentionKernel<T>
    {
        int width = T.Shape.HeadDim;
        var random = new Random(rows);
        float[] query = AttentionCase.Uniform(random, rows * width), key = AttentionCase.Uniform(random, rows * width);
        var expected = new double[rows * rows];
        int[] still = [.. Enumerable.Range(0, width).Where(element => !pairs.Any(pair => pair.First == element || pair.Second == element))];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < rows; column++)
            {
                double Query(int element) => query[(row * width) + element];
                double Key(int element) => key[(column * width) + element];
                double score = still.Sum(element => Query(element) * Key(element));
                foreach (Pair pair in pairs)
                {
                    (double sine, double cosine) = Math.SinCos(angle(row, pair) - angle(column, pair));
                    double real = (Query(pair.First) * Key(pair.First)) + (Query(pair.Second) * Key(pair.Second));
                    double imaginary = (Query(pair.Second) * Key(pair.First)) - (Query(pair.First) * Key(pair.Second));
                    score += factor * factor * ((real * cosine) - (imaginary * sine));
                }

                expected[(row * rows) + column] = score;
            }
        }

        Compare.Close(expected, Of(kernel, query, key, declared), rows, typeof(T).Name, 1e-5);
    }
}
