namespace AttentionGen.Samples.Sentences;

/// <summary>A piece of a text that can be an answer.</summary>
/// <param name="Line">The line at which it begins, from 1.</param>
/// <param name="Text">Its text, on one line.</param>
public sealed record Passage(int Line, string Text);

/// <summary>Cuts a text into passages.</summary>
public static class Passages
{
    // About as many tokens as the model was trained with: 128.
    private const int MaxCharacters = 500;

    /// <summary>Paragraphs, which empty lines separate; lines, where none is empty. What is too long is cut behind its sentences.</summary>
    /// <param name="lines">The lines of a file.</param>
    public static Passage[] Of(IReadOnlyList<string> lines)
    {
        ArgumentNullException.ThrowIfNull(lines);
        int last = lines.Count;
        while (last > 0 && string.IsNullOrWhiteSpace(lines[last - 1]))
            last--;
        bool hasParagraphs = lines.Take(last).Any(string.IsNullOrWhiteSpace);
        var passages = new List<Passage>();
        var sentences = new List<(int Line, string Text)>();
        for (int i = 0; i < last; i++)
        {
            sentences.AddRange(Sentences(lines[i]).Select(sentence => (i + 1, sentence)));
            if (!hasParagraphs || string.IsNullOrWhiteSpace(lines[i]))
                AddPassages(sentences, passages);
        }

        AddPassages(sentences, passages);
        return [.. passages];
    }

    /// <summary>The beginning of a text that is too long to be shown.</summary>
    /// <param name="text">Any text.</param>
    public static string Shorten(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= MaxCharacters ? text : $"{text[..EndBefore(text, 0, MaxCharacters)]}… ({text.Length} characters)";
    }

    private static void AddPassages(List<(int Line, string Text)> sentences, List<Passage> passages)
    {
        for (int first = 0, next; first < sentences.Count; first = next)
        {
            int length = sentences[first].Text.Length;
            for (next = first + 1; next < sentences.Count && length + sentences[next].Text.Length < MaxCharacters; next++)
                length += 1 + sentences[next].Text.Length;
            passages.Add(new Passage(sentences[first].Line, string.Join(' ', sentences[first..next].Select(sentence => sentence.Text))));
        }

        sentences.Clear();
    }

    /// <summary>Cuts a line behind full stops, question marks and exclamation marks, and a long sentence between words.</summary>
    private static IEnumerable<string> Sentences(string line)
    {
        int start = 0;
        while (start < line.Length)
        {
            int end = line.AsSpan(start).IndexOfAny('.', '?', '!');
            while (end >= 0 && start + end + 1 < line.Length && !char.IsWhiteSpace(line[start + end + 1]))
            {
                int further = line.AsSpan(start + end + 1).IndexOfAny('.', '?', '!');
                end = further < 0 ? -1 : end + 1 + further;
            }

            int length = end < 0 ? line.Length - start : end + 1;
            if (length > MaxCharacters)
                length = EndBefore(line, start, MaxCharacters);
            if (line.Substring(start, length).Trim() is { Length: > 0 } sentence)
                yield return sentence;
            start += length;
        }
    }

    /// <summary>The most characters of at most <paramref name="most"/> that end between words, or at least between characters.</summary>
    private static int EndBefore(string text, int start, int most)
    {
        int space = text.LastIndexOf(' ', start + most - 1, most);
        return space > start ? space - start : char.IsHighSurrogate(text[start + most - 1]) ? most - 1 : most;
    }
}
