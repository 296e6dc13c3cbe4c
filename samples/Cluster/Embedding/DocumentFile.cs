using System.Text;

namespace AttentionGen.Samples.Cluster;

/// <summary>A file with a document in each line, of any size: it is read as far as the silos have come.</summary>
internal static class DocumentFile
{
    // A call has to be worth its message, and short enough for many silos to share a file.
    private const int MaxDocuments = 32;
    private const int MaxCharacters = 16_384;

    /// <summary>The documents in batches, in the order of the file.</summary>
    /// <param name="path">A text file in UTF-8.</param>
    /// <param name="skipped">Documents at the beginning that are left out.</param>
    public static IEnumerable<(long First, string[] Documents)> ReadBatches(string path, long skipped)
    {
        var batch = new List<string>(MaxDocuments);
        long next = 0;
        int characters = 0;
        foreach (string document in ReadDocuments(path))
        {
            if (next++ < skipped)
                continue;
            if (batch.Count == MaxDocuments || (batch.Count > 0 && characters + document.Length > MaxCharacters))
            {
                yield return (next - 1 - batch.Count, [.. batch]);
                (characters, batch) = (0, new(MaxDocuments));
            }

            batch.Add(document);
            characters += document.Length;
        }

        if (batch.Count > 0)
            yield return (next - batch.Count, [.. batch]);
    }

    /// <summary>The documents, one after the other.</summary>
    /// <param name="path">A text file in UTF-8.</param>
    /// <exception cref="IOException">The file is missing, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">The file is not UTF-8.</exception>
    public static IEnumerable<string> ReadDocuments(string path)
    {
        using var reader = new StreamReader(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
        while (Read() is { } line)
            yield return line;

        string? Read()
        {
            try
            {
                return reader.ReadLine();
            }
            catch (DecoderFallbackException)
            {
                throw new InvalidDataException($"'{path}' is no text file in UTF-8. Save it in that encoding.");
            }
        }
    }
}
