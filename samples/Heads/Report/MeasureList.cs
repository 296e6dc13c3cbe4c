namespace AttentionGen.Samples.Heads;

/// <summary>A number for each head, with words for a reader who meets it for the first time.</summary>
/// <param name="Key">Its name in the JSON.</param>
/// <param name="Name">Its name on the page.</param>
/// <param name="Text">What it tells, in one sentence.</param>
/// <param name="Of">The number of a head.</param>
public sealed record Measure(string Key, string Name, string Text, Func<LayerOfHeads, int, double> Of)
{
    /// <summary>The end of its colour scale; null for the largest number that there is.</summary>
    public double? Most { get; init; }

    /// <summary>Whether it may be negative, and 0 is its middle.</summary>
    public bool IsSigned { get; init; }
}

/// <summary>The measures that the page, the JSON and the terminal show.</summary>
public static class MeasureList
{
    /// <summary>All of them, the effect of an ablation first.</summary>
    /// <param name="ablationText">What removing a head changes.</param>
    public static IReadOnlyList<Measure> Create(string ablationText) =>
    [
        new("ablation", "ablation", ablationText, (layer, head) => layer.Ablation[head]) { IsSigned = true },
        Of("confidence", "confidence", "The highest probability of a query, on average: 1 means that each query looks at a single token.", m => m.Confidence),
        Of("previousToken", "previous token", "The share of the attention that goes to the token just before.", m => m.PreviousToken),
        Of("currentToken", "current token", "The share of the attention that a token gives to itself.", m => m.CurrentToken),
        Of("nextToken", "next token", "The share of the attention that goes to the token just behind.", m => m.NextToken),
        Of(
            "prefixMatching", "induction",
            "For tokens that have occurred before: the attention to what followed them then. A head that does so can copy a sequence.", m => m.PrefixMatching),
        Of(
            "duplicateMatching", "duplicate token", "For tokens that have occurred before: the attention to their earlier occurrences.",
            m => m.DuplicateMatching),
        Of(
            "sinkMass", "first token", "The attention to the first token, on average. Many heads rest there when they find nothing to do.", m => m.SinkMass),
        Of("delimiterMass", "delimiters", "The attention to separators, full stops and commas, on average.", m => m.DelimiterMass),
        Of("entropy", "entropy", "How broad the attention is: 0 means one token, 1 the same attention to all tokens.", m => m.Entropy),
        Of("meanDistance", "mean distance", "How far away the tokens are that the head looks at, in tokens.", m => m.MeanDistance) with { Most = null },
        new(
            "divergence", "unlike others", "How different the head is from the others of its layer: 0 means that they are equal, 0.69 that none looks where it "
                + "looks (Jensen-Shannon divergence).",
            (layer, head) => layer.Divergence[head]),
    ];

    private static Measure Of(string key, string name, string text, Func<HeadMeasures, double> of) =>
        new(key, name, text, (layer, head) => of(layer.Measures[head])) { Most = 1 };
}
