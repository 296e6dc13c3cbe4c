namespace AttentionGen.Tests.Runtime.Heads;

/// <summary>One sequence and the probabilities of one head: [query][key].</summary>
internal sealed record NaiveSequence(double[][] Matrix, int[] Tokens, int Offset, int[] Visible);

/// <summary>The formulas of the measures, written down once more: for each the pattern, and sums over all pairs.</summary>
internal sealed class NaiveHeads(IReadOnlyList<NaiveSequence> sequences, int? endToken, int[] delimiters)
{
    private IEnumerable<(NaiveSequence S, int Query, int I)> Rows =>
        sequences.SelectMany(s => s.Matrix.Select((_, query) => (s, query, s.Offset + query))).Where(row => row.s.Visible[row.query] > 0);

    private IEnumerable<(NaiveSequence S, int I, int J, double A)> Pairs =>
        Rows.SelectMany(row => row.S.Matrix[row.Query].Select((a, j) => (row.S, row.I, j, a)));

    public double Pattern(Func<int[], int, int, bool> holds) => Pairs.Where(pair => holds(pair.S.Tokens, pair.I, pair.J)).Sum(pair => pair.A) / Mass;

    public double Matching(Func<int[], int, int, bool> holds) => Rows.Where(row => row.S.Tokens.Take(row.I).Contains(row.S.Tokens[row.I]))
        .Average(row => row.S.Matrix[row.Query].Where((_, j) => holds(row.S.Tokens, row.I, j)).Sum());

    public static bool IsDuplicate(int[] tokens, int i, int j) => j < i && tokens[j] == tokens[i];

    public static bool IsSuccessor(int[] tokens, int i, int j) => j >= 1 && j <= i && tokens[j - 1] == tokens[i];

    public double Confidence => Rows.Where(row => row.S.Tokens[row.I] != endToken)
        .Average(row => row.S.Matrix[row.Query].Where((_, j) => row.S.Tokens[j] != endToken).DefaultIfEmpty(0).Max());

    public double Entropy => Rows.Where(row => row.S.Visible[row.Query] > 1)
        .Average(row => -row.S.Matrix[row.Query].Where(a => a > 0).Sum(a => a * Math.Log(a)) / Math.Log(row.S.Visible[row.Query]));

    public double SinkMass => Rows.Average(row => row.S.Matrix[row.Query][0]);

    public double MeanDistance => Pairs.Sum(pair => pair.A * Math.Abs(pair.I - pair.J)) / Mass;

    public double DelimiterMass => Rows.Average(row => row.S.Matrix[row.Query].Where((_, j) => delimiters.Contains(row.S.Tokens[j])).Sum());

    /// <summary>The share of a distance, among the queries that have a key there; no number if fewer than half of them have one.</summary>
    public double? Share(int distance)
    {
        var able = Rows.Where(row => row.I + distance >= 0 && row.I + distance < row.S.Tokens.Length).ToList();
        return 2 * able.Count < Rows.Count() ? null
            : able.Count(row => Array.IndexOf(row.S.Matrix[row.Query], row.S.Matrix[row.Query].Max()) == row.I + distance) / (double)able.Count;
    }

    private double Mass => Pairs.Sum(pair => pair.A);
}
