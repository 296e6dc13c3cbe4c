namespace AttentionGen.Tests.Runtime.Heads;

/// <summary>The measures on matrices made by hand, and beside the formulas written down once more.</summary>
public class HeadStatisticsTests
{
    /// <summary>A head that looks back by one token, with a fifth of the attention elsewhere; worked out on paper.</summary>
    [Fact]
    public void MeasuresOfAPreviousTokenHead()
    {
        float[] matrix =
        [
            1.0f, 0.0f, 0.0f, 0.0f,
            0.8f, 0.2f, 0.0f, 0.0f,
            0.2f, 0.8f, 0.0f, 0.0f,
            0.0f, 0.2f, 0.8f, 0.0f,
        ];
        var statistics = new HeadStatistics(1, causal: true, endToken: 9, delimiterTokens: [6]);
        statistics.Add(matrix, [5, 6, 5, 9]);

        HeadMeasures head = statistics[0];
        Assert.Equal(4, head.Queries);
        Assert.Equal((1.0 + 0.8 + 0.8) / 3, head.Confidence, 6);
        Assert.Equal(-1, head.PositionalOffset);
        Assert.Equal(1, head.PositionalShare, 6);
        Assert.True(head.IsPositional);
        Assert.Equal(2.4 / 4, head.PreviousToken, 6);
        Assert.Equal(1.2 / 4, head.CurrentToken, 6);
        Assert.Equal(0, head.NextToken);
        // Token 5 stands at 0 and at 2: query 2 gives 0.2 to key 0, and 0.8 to key 1, which followed it.
        Assert.Equal(0.2 / 4, head.DuplicateToken, 6);
        Assert.Equal(0.2, head.DuplicateMatching, 6);
        Assert.Equal(0.8 / 4, head.Induction, 6);
        Assert.Equal(0.8, head.PrefixMatching, 6);
        double entropy = -(0.8 * Math.Log(0.8) + 0.2 * Math.Log(0.2));
        Assert.Equal(entropy * (1 / Math.Log(2) + 1 / Math.Log(3) + 1 / Math.Log(4)) / 3, head.Entropy, 6);
        Assert.Equal((1 + 0.8 + 0.2) / 4, head.SinkMass, 6);
        Assert.Equal((0.8 + 2 * 0.2 + 0.8 + 2 * 0.2 + 0.8) / 4, head.MeanDistance, 6);
        Assert.Equal((0.2 + 0.8 + 0.2) / 4, head.DelimiterMass, 6);
        Assert.Equal("previous token, 0.60", head.Label);
    }

    /// <summary>Every measure is a quotient of sums, so that several sequences are more than the mean of their measures.</summary>
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void AgreesWithTheFormulas(bool causal, bool window)
    {
        const int heads = 3, end = 2;
        int[] delimiters = [1, 3];
        var random = new Random(11);
        var statistics = new HeadStatistics(heads, causal, end, delimiters);
        var naive = Enumerable.Range(0, heads).Select(_ => new List<NaiveSequence>()).ToArray();
        foreach ((int queries, int offset) in new[] { (1, 0), (7, 0), (24, 0), (5, 9), (1, 30) })
        {
            int keys = offset + queries;
            int[] tokens = [.. Enumerable.Range(0, keys).Select(_ => random.Next(6))];
            // The third query of a window sees nothing.
            int[] visible = [.. Enumerable.Range(0, queries).Select(q => window ? q == 2 ? 0 : Math.Min(4, offset + q + 1) : causal ? offset + q + 1 : keys)];
            var probabilities = new float[heads * queries * keys];
            for (int head = 0; head < heads; head++)
            {
                double[][] matrix = [.. Enumerable.Range(0, queries).Select(q => Row(random, keys, causal ? offset + q + 1 : keys, visible[q], head == 2))];
                for (int i = 0; i < queries * keys; i++)
                    probabilities[head * queries * keys + i] = (float)matrix[i / keys][i % keys];
                naive[head].Add(new NaiveSequence([.. matrix.Select(row => row.Select(a => (double)(float)a).ToArray())], tokens, offset, visible));
            }

            statistics.Add(probabilities, tokens, offset, window ? visible : default);
        }

        for (int head = 0; head < heads; head++)
        {
            var expected = new NaiveHeads(naive[head], end, delimiters);
            HeadMeasures measured = statistics[head];
            Assert.Equal(expected.Confidence, measured.Confidence, 10);
            Assert.Equal(expected.Pattern((_, i, j) => j == i - 1), measured.PreviousToken, 10);
            Assert.Equal(expected.Pattern((_, i, j) => j == i), measured.CurrentToken, 10);
            Assert.Equal(expected.Pattern((_, i, j) => j == i + 1), measured.NextToken, 10);
            Assert.Equal(expected.Pattern(NaiveHeads.IsDuplicate), measured.DuplicateToken, 10);
            Assert.Equal(expected.Matching(NaiveHeads.IsDuplicate), measured.DuplicateMatching, 10);
            Assert.Equal(expected.Pattern(NaiveHeads.IsSuccessor), measured.Induction, 10);
            Assert.Equal(expected.Matching(NaiveHeads.IsSuccessor), measured.PrefixMatching, 10);
            Assert.Equal(expected.Entropy, measured.Entropy, 10);
            Assert.Equal(expected.SinkMass, measured.SinkMass, 10);
            Assert.Equal(expected.MeanDistance, measured.MeanDistance, 10);
            Assert.Equal(expected.DelimiterMass, measured.DelimiterMass, 10);
            double best = Enumerable.Range(-40, 81).Max(distance => expected.Share(distance) ?? 0);
            Assert.Equal(best, measured.PositionalShare, 10);
            Assert.Equal(best, expected.Share(measured.PositionalOffset!.Value)!.Value, 10);
        }
    }

    private static double[] Row(Random random, int keys, int last, int visible, bool sharp)
    {
        double[] row = [.. Enumerable.Range(0, keys).Select(key => key < last && key >= last - visible ? Math.Pow(random.NextDouble(), sharp ? 20 : 1) : 0)];
        double sum = row.Sum();
        return sum == 0 ? row : [.. row.Select(value => value / sum)];
    }

    public static TheoryData<string, Func<int, int, double>, int[]> Labels => new()
    {
        { "previous token, 0.81", (i, j) => j == (i + 7) % 8 ? 0.93 : j == (i + 4) % 8 ? 0.07 : 0, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "current token, 0.80", (i, j) => j == i ? 0.8 : j == (i + 4) % 8 ? 0.2 : 0, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "next token, 0.79", (i, j) => j == (i + 1) % 8 ? 0.9 : j == (i + 4) % 8 ? 0.1 : 0, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "induction, 0.70", (i, j) => j == i - 3 ? 0.7 : j == i ? 0.3 : i < 3 && j == 0 ? 0.7 : 0, [1, 2, 3, 4, 1, 2, 3, 4] },
        { "duplicate token, 0.75", (i, j) => j == i - 4 ? 0.75 : j == i ? 0.25 : i < 4 && j == 0 ? 0.5 : 0, [1, 2, 3, 4, 1, 2, 3, 4] },
        { "first token, 0.95", (_, j) => j == 0 ? 0.95 : 0.05 / 7, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "delimiters, 0.90", (_, j) => j is 3 or 7 ? 0.45 : 0.1 / 6, [1, 2, 3, 99, 5, 6, 7, 99] },
        { "position −2, 1.00", (i, j) => j == Math.Max(i - 2, 0) ? 0.3 : 0.7 / 7, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "broad, 1.00", (_, _) => 0.125, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "focused, 0.70", (i, j) => j == i * 3 % 8 ? 0.7 : j == (i * 5 + 2) % 8 ? 0.3 : 0, [1, 2, 3, 4, 5, 6, 7, 8] },
        { "mixed, 0.55", (i, j) => j == i * 3 % 8 ? 0.55 : j == (i * 5 + 2) % 8 ? 0.45 : 0, [1, 2, 3, 4, 5, 6, 7, 8] },
    };

    [Theory]
    [MemberData(nameof(Labels))]
    public void SaysInWordsWhatAHeadDoes(string label, Func<int, int, double> probability, int[] tokens)
    {
        int n = tokens.Length;
        var statistics = new HeadStatistics(1, delimiterTokens: [99]);
        statistics.Add([.. Enumerable.Range(0, n * n).Select(i => (float)probability(i / n, i % n))], tokens);
        Assert.Equal(label, statistics[0].Label);
    }

    [Fact]
    public void PositionsMeanNothingInCrossAttention()
    {
        var statistics = new HeadStatistics(2, endToken: 3, delimiterTokens: [3]);
        statistics.AddCross([0.5f, 0.3f, 0.2f, 0.1f, 0.1f, 0.8f, /**/ 1, 0, 0, 0, 1, 0], [1, 2, 3]);
        HeadMeasures head = statistics[0];
        Assert.Equal((0.5 + 0.1) / 2, head.Confidence, 6);
        Assert.Equal((0.2 + 0.8) / 2, head.DelimiterMass, 6);
        Assert.Equal((0.5 + 0.1) / 2, head.SinkMass, 6);
        Assert.Null(head.PositionalOffset);
        Assert.False(head.IsPositional);
        Assert.All(
            [head.PositionalShare, head.PreviousToken, head.DuplicateToken, head.Induction, head.PrefixMatching, head.MeanDistance],
            measure => Assert.True(double.IsNaN(measure)));
        Assert.Equal("delimiters, 0.50", head.Label);
        Assert.Equal(0, statistics[1].Entropy);
    }

    [Fact]
    public void OfEqualProbabilitiesTheFirstCounts()
    {
        var statistics = new HeadStatistics(1);
        statistics.Add([0.5f, 0.5f, 0.5f, 0.5f], [1, 2]);
        Assert.Equal((-1, 1.0), (statistics[0].PositionalOffset, statistics[0].PositionalShare));
    }

    [Fact]
    public void NothingMeasuredIsNoNumber()
    {
        HeadMeasures head = new HeadStatistics(1)[0];
        Assert.Equal(0, head.Queries);
        Assert.True(double.IsNaN(head.Confidence));
        Assert.Equal("mixed", head.Label);
    }

    [Fact]
    public void RefusesBadArgumentsBeforeAnythingIsAdded()
    {
        var statistics = new HeadStatistics(2, causal: true);
        AssertRefused("heads must be 1 or more", () => new HeadStatistics(0));
        AssertRefused("probabilities.Length is 7", () => statistics.Add(new float[7], [1, 2]));
        AssertRefused("probabilities[1, 0, 1] is NaN", () => statistics.Add([1, 0, 1, float.NaN], [1, 2], offset: 1));
        AssertRefused("probabilities[0, 1, 0] is 1.5", () => statistics.Add([1, 0, 1.5f, 0, 1, 0, 0, 1], [1, 2]));
        AssertRefused("probabilities[0, 0, 1] is -1", () => statistics.Add([1, -1, 1, 0, 1, 0, 0, 1], [1, 2]));
        AssertRefused("offset must be 0 to 1", () => statistics.Add(new float[4], [1, 2], offset: 2));
        AssertRefused("visibleKeys.Length is 3", () => statistics.Add(new float[8], [1, 2], visibleKeys: [1, 2, 3]));
        AssertRefused("visibleKeys[1] is 3", () => statistics.Add(new float[8], [1, 2], visibleKeys: [1, 3]));
        Assert.Throws<InvalidOperationException>(() => statistics.AddCross(new float[8], [1, 2]));
        AssertRefused("head must be 0 to 1", () => _ = statistics[2]);
        Assert.Equal(0, statistics[0].Queries);
    }

    private static void AssertRefused(string message, Action call) =>
        Assert.Contains(message, Assert.ThrowsAny<ArgumentException>(call).Message, StringComparison.Ordinal);
}
