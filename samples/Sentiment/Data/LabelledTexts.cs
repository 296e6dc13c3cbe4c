using System.Reflection;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>Sentences, and what people think of them.</summary>
/// <param name="Texts">The sentences.</param>
/// <param name="Labels">For each 1 for positive and 0 for negative.</param>
internal sealed record LabelledTexts(string[] Texts, int[] Labels)
{
    /// <summary>Reads the file that is named, or the sentences that come with the program.</summary>
    /// <exception cref="IOException">The file is missing.</exception>
    /// <exception cref="InvalidDataException">A line is of another form, or all labels are the same.</exception>
    public static LabelledTexts Read(string? path)
    {
        string name = path ?? "sentences.txt";
        string[][] lines = [.. Fields(path, name, 2, "a sentence, a tab, and 1 for positive or 0 for negative")];
        int positive = lines.Count(fields => fields[1] == "1");
        return positive > 0 && positive < lines.Length
            ? new([.. lines.Select(fields => fields[0])], [.. lines.Select(fields => fields[1] == "1" ? 1 : 0)])
            : throw new InvalidDataException(
                $"'{name}' has {positive} positive and {lines.Length - positive} negative sentences; expected some of both, to learn the difference.");
    }

    /// <summary>The lines of a file, each cut at its tabs. The last field of each is 1 or 0. Empty lines are left out.</summary>
    /// <param name="path">The file; null for one that comes with the program.</param>
    /// <param name="name">Its name.</param>
    /// <param name="count">Fields of a line.</param>
    /// <param name="expected">What a line must be, for the message.</param>
    public static IEnumerable<string[]> Fields(string? path, string name, int count, string expected)
    {
        string[] lines = path is null ? Resource(name) : TextFile.ReadLines(path);
        for (int line = 0; line < lines.Length; line++)
        {
            if (string.IsNullOrWhiteSpace(lines[line]))
                continue;
            string[] fields = lines[line].Split('\t', StringSplitOptions.TrimEntries);
            yield return fields.Length == count && !fields.Contains("") && fields[^1] is "0" or "1" ? fields : throw new InvalidDataException(
                $"'{name}', line {line + 1}: expected {expected}, but found '{Passages.Shorten(lines[line])}'.");
        }
    }

    private static string[] Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"The program has no resource {name}: build it again.");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd().ReplaceLineEndings("\n").Split('\n');
    }
}
