using System.Globalization;
using System.Text;

namespace AttentionGen.Samples.Sentences;

/// <summary>Two sentences, and how similar people found them.</summary>
public sealed record SentencePair(string First, string Second, double Score);

/// <summary>Reads sentence pairs from comma-separated text (RFC 4180).</summary>
public static class SentencePairs
{
    /// <summary>Reads a file.</summary>
    /// <param name="path">Each record is two sentences and a number.</param>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It has another form.</exception>
    public static SentencePair[] Read(string path)
    {
        var pairs = new List<SentencePair>();
        foreach ((int line, string[] fields) in Records(TextFile.ReadAll(path), path))
        {
            if (fields.Length != 3)
                throw new InvalidDataException($"'{path}', line {line} has {fields.Length} fields; expected 3: two sentences and a number.");
            if (!double.TryParse(fields[2], NumberStyles.Float, CultureInfo.InvariantCulture, out double score) || !double.IsFinite(score))
                throw new InvalidDataException($"'{path}', line {line}: the third field is '{fields[2]}'; expected a number with a decimal point.");
            pairs.Add(new SentencePair(fields[0], fields[1], score));
        }

        if (pairs.Select(pair => pair.Score).Distinct().Take(2).Count() < 2)
            throw new InvalidDataException($"'{path}' has {pairs.Count} pairs, and not two of them with different numbers: there is nothing to compare.");
        return [.. pairs];
    }

    /// <summary>The records of a text, and the lines at which they begin. A field in quotes may have commas, line breaks and doubled quotes.</summary>
    private static IEnumerable<(int Line, string[] Fields)> Records(string text, string path)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        int line = 1, first = 1;
        bool isQuoted = false, wasQuoted = false;
        for (int i = 0; i < text.Length; i++)
        {
            char character = text[i];
            if (character == '\n')
                line++;
            if (isQuoted)
            {
                if (character != '"')
                    field.Append(character);
                else if (i + 1 < text.Length && text[i + 1] == '"')
                    field.Append(text[i++]);
                else
                    isQuoted = false;
            }
            else if (character == '"' && field.Length == 0 && !wasQuoted)
            {
                isQuoted = wasQuoted = true;
            }
            else if (character == ',')
            {
                EndField();
            }
            else if (character == '\n')
            {
                // An empty line is no record.
                if (fields.Count > 0 || field.Length > 0 || wasQuoted)
                {
                    EndField();
                    yield return (first, [.. fields]);
                    fields.Clear();
                }

                first = line;
            }
            else if (character != '\r' || i + 1 < text.Length && text[i + 1] != '\n')
            {
                field.Append(character);
            }
        }

        if (isQuoted)
            throw new InvalidDataException($"'{path}', line {first}: a quotation mark that begins a field has none that ends it.");
        if (fields.Count > 0 || field.Length > 0 || wasQuoted)
        {
            EndField();
            yield return (first, [.. fields]);
        }

        void EndField()
        {
            fields.Add(field.ToString());
            field.Clear();
            wasQuoted = false;
        }
    }
}
