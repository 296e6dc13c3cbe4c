using System.Text;

namespace AttentionGen.Samples.Sentences;

/// <summary>Reads text files, and says which fault a file has that is none.</summary>
public static class TextFile
{
    /// <summary>The lines of a file.</summary>
    /// <param name="path">A file in UTF-8.</param>
    /// <exception cref="IOException">It is missing, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is not UTF-8.</exception>
    public static string[] ReadLines(string path)
    {
        var lines = new List<string>();
        using TextReader reader = new StringReader(ReadAll(path));
        while (reader.ReadLine() is { } line)
            lines.Add(line);
        return [.. lines];
    }

    /// <summary>The whole text of a file.</summary>
    /// <param name="path">A file in UTF-8.</param>
    /// <exception cref="IOException">It is missing, cannot be read, or is too large.</exception>
    /// <exception cref="InvalidDataException">It is not UTF-8.</exception>
    public static string ReadAll(string path)
    {
        if (Directory.Exists(path))
            throw new FileNotFoundException($"'{path}' is a folder; expected a text file.");
        if (!File.Exists(path))
            throw new FileNotFoundException($"The file '{path}' does not exist.");
        try
        {
            string text = File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            return text.Contains('\0') ? throw new InvalidDataException($"'{path}' is no text file: it has zero bytes.") : text;
        }
        catch (DecoderFallbackException)
        {
            throw new InvalidDataException($"'{path}' is no text file in UTF-8. Save it in that encoding.");
        }
    }
}
