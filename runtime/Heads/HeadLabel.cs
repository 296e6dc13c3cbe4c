using System.Globalization;

namespace AttentionGen;

/// <summary>Words for what a head does.</summary>
internal static class HeadLabel
{
    // Below it, most of the attention goes elsewhere, in several directions.
    private const double Clear = 0.4;

    private const double Broad = 0.85;

    private const double Focused = 0.6;

    // With fewer, the one word that a sentence repeats would name the head.
    private const int FewestRepeats = 4;

    internal static string Describe(HeadMeasures measures)
    {
        bool repeats = measures.RepeatedQueries >= FewestRepeats;
        ReadOnlySpan<(string Words, double Strength)> patterns =
        [
            ("previous token", measures.PreviousToken),
            ("current token", measures.CurrentToken),
            ("next token", measures.NextToken),
            ("induction", repeats ? measures.PrefixMatching : 0),
            ("duplicate token", repeats ? measures.DuplicateMatching : 0),
            ("first token", measures.SinkMass),
            ("delimiters", measures.DelimiterMass),
        ];
        (string words, double strength) = ("", 0);
        foreach ((string Words, double Strength) pattern in patterns)
        {
            // Nothing is greater than NaN, and NaN greater than nothing.
            if (pattern.Strength > strength)
                (words, strength) = pattern;
        }

        if (strength >= Clear)
            return Write(words, strength);
        if (measures.IsPositional)
            return Write($"position {measures.PositionalOffset!.Value.ToString("+0;−0;0", CultureInfo.InvariantCulture)}", measures.PositionalShare);
        return measures.Entropy >= Broad ? Write("broad", measures.Entropy)
            : Write(measures.Confidence >= Focused ? "focused" : "mixed", measures.Confidence);
    }

    private static string Write(string words, double number) =>
        double.IsNaN(number) ? words : string.Create(CultureInfo.InvariantCulture, $"{words}, {number:F2}");
}
