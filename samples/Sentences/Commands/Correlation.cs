namespace AttentionGen.Samples.Sentences;

/// <summary>How far two lists of numbers go together, from -1 to 1.</summary>
public static class Correlation
{
    /// <summary>Of the numbers themselves.</summary>
    /// <param name="first">Numbers.</param>
    /// <param name="second">As many.</param>
    public static double Pearson(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        double firstMean = first.Average(), secondMean = second.Average();
        double product = 0, firstSquares = 0, secondSquares = 0;
        for (int i = 0; i < first.Count; i++)
        {
            double x = first[i] - firstMean, y = second[i] - secondMean;
            product += x * y;
            firstSquares += x * x;
            secondSquares += y * y;
        }

        return product / Math.Sqrt(firstSquares * secondSquares);
    }

    /// <summary>Of their ranks; equal numbers share the mean of their ranks.</summary>
    /// <param name="first">Numbers.</param>
    /// <param name="second">As many.</param>
    public static double Spearman(IReadOnlyList<double> first, IReadOnlyList<double> second) => Pearson(Ranks(first), Ranks(second));

    private static double[] Ranks(IReadOnlyList<double> values)
    {
        int[] order = [.. Enumerable.Range(0, values.Count).OrderBy(i => values[i])];
        var ranks = new double[values.Count];
        for (int start = 0, next; start < order.Length; start = next)
        {
            for (next = start + 1; next < order.Length && values[order[next]] == values[order[start]]; next++)
                continue;
            for (int i = start; i < next; i++)
                ranks[order[i]] = (start + next - 1) / 2.0;
        }

        return ranks;
    }
}
