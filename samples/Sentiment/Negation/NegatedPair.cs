using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>A sentence and its negation.</summary>
/// <param name="Plain">Such as "The food is good."</param>
/// <param name="Negated">Such as "The food is not good."</param>
/// <param name="IsPraise">Whether the plain one is praise.</param>
internal sealed record NegatedPair(string Plain, string Negated, bool IsPraise)
{
    /// <summary>Reads the file that is named, or the pairs that come with the program.</summary>
    /// <exception cref="IOException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">A line is of another form, or there is none.</exception>
    public static NegatedPair[] Read(string? path)
    {
        string name = path ?? "pairs.txt";
        NegatedPair[] pairs = [.. LabelledTexts.Fields(path, name, 3, "a sentence, a tab, its negation, a tab, and 1 if the first is praise or 0 if not")
            .Select(fields => new NegatedPair(fields[0], fields[1], fields[2] == "1"))];
        return pairs.Length > 0 ? pairs : throw new InvalidDataException($"'{name}' is empty; expected a pair of sentences on each line.");
    }
}
