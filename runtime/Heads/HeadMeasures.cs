namespace AttentionGen;

/// <summary>
/// What one head attends to, as <see cref="HeadStatistics"/> measured it. A measure that nothing could be measured of is NaN: one of positions in
/// cross-attention, or one of repeated tokens where none repeats.
/// </summary>
/// <remarks>
/// In the formulas, A_ij is the probability that query i gives to key j. Both are counted by their position in the sequence. Means are over all queries
/// that see a key.
/// </remarks>
public sealed class HeadMeasures
{
    internal HeadMeasures()
    {
    }

    /// <summary>The number of queries that were measured.</summary>
    public required long Queries { get; init; }

    /// <summary>How many of them have a token that has occurred before; <see cref="PrefixMatching"/> is a mean over these.</summary>
    public required long RepeatedQueries { get; init; }

    /// <summary>
    /// How sure the head is: mean over i of max_j A_ij. The end token is left out, as a query and as a key. 0 to 1 (Voita et al. 2019, arXiv 1905.09418).
    /// </summary>
    public required double Confidence { get; init; }

    /// <summary>
    /// The distance j − i that the key with the highest probability has most often; null in cross-attention. −1 is the previous token. Of equal
    /// probabilities the first counts. A distance counts if at least half of the queries have a key there (Voita et al. 2019).
    /// </summary>
    public required int? PositionalOffset { get; init; }

    /// <summary>
    /// The share of the queries whose highest probability lies at <see cref="PositionalOffset"/>, among those that have a key there. 0 to 1
    /// (Voita et al. 2019).
    /// </summary>
    public required double PositionalShare { get; init; }

    /// <summary>
    /// Whether the highest probability lies at one distance for at least 90 % of the queries: <see cref="PositionalShare"/> ≥ 0.9 (Voita et al. 2019).
    /// </summary>
    public bool IsPositional => PositionalShare >= 0.9;

    /// <summary>Σ A∘P / Σ A with P_ij = 1 at j = i − 1. 0 to 1 (TransformerLens, <c>detect_head</c>).</summary>
    public required double PreviousToken { get; init; }

    /// <summary>The same at j = i: what a token gives to itself. 0 to 1.</summary>
    public required double CurrentToken { get; init; }

    /// <summary>The same at j = i + 1. 0 to 1; 0 in causal attention (Clark et al. 2019, arXiv 1906.04341, section 3.1).</summary>
    public required double NextToken { get; init; }

    /// <summary>
    /// Σ A∘P / Σ A with P_ij = 1 where token j = token i and j &lt; i: attention to earlier occurrences of the same token. 0 to 1 (TransformerLens,
    /// <c>detect_head</c>).
    /// </summary>
    public required double DuplicateToken { get; init; }

    /// <summary>
    /// Mean over those i whose token has occurred before of Σ_j A_ij over its earlier occurrences: <see cref="DuplicateToken"/> where it can be. 0 to 1.
    /// </summary>
    public required double DuplicateMatching { get; init; }

    /// <summary>
    /// Σ A∘P / Σ A with P_ij = 1 where token j − 1 = token i and j ≤ i: attention to what followed the token before. 0 to 1; at most about a half
    /// where a sequence is repeated once (TransformerLens, <c>detect_head</c>).
    /// </summary>
    public required double Induction { get; init; }

    /// <summary>
    /// Mean over those i whose token has occurred before of Σ_j A_ij over the keys that followed its earlier occurrences. 0 to 1. On random tokens that
    /// are repeated this tells an induction head (Olsson et al. 2022, arXiv 2209.11895).
    /// </summary>
    public required double PrefixMatching { get; init; }

    /// <summary>
    /// Mean over i of −Σ_j A_ij ln A_ij / ln(keys that i sees). 0 is attention to one key, and 1 the same attention to all. A query that sees one key is left
    /// out (Clark et al. 2019, section 3.3).
    /// </summary>
    public required double Entropy { get; init; }

    /// <summary>Mean over i of A_i0: attention to the first key. 0 to 1 (Xiao et al. 2023, arXiv 2309.17453).</summary>
    public required double SinkMass { get; init; }

    /// <summary>Σ A_ij · |i − j| / Σ A: how far the head looks, in tokens (Clark et al. 2019).</summary>
    public required double MeanDistance { get; init; }

    /// <summary>Mean over i of Σ_j A_ij over the delimiters. 0 to 1 (Clark et al. 2019, section 3.2).</summary>
    public required double DelimiterMass { get; init; }

    /// <summary>
    /// What the head does, in words, with the number that shows it: "previous token, 0.93". The words are those of the strongest of
    /// <see cref="PreviousToken"/>, <see cref="CurrentToken"/>, <see cref="NextToken"/>, <see cref="DuplicateMatching"/>, <see cref="PrefixMatching"/>
    /// ("induction"), <see cref="SinkMass"/> ("first token") and <see cref="DelimiterMass"/>, if it is at least 0.4; else of a positional head;
    /// else "broad" with an entropy of at least 0.85; else "focused" with a confidence of at least 0.6, or "mixed" with a lower one.
    /// </summary>
    public string Label => HeadLabel.Describe(this);
}
