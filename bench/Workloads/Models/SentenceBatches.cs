namespace AttentionGen.Bench.Workloads;

/// <summary>The sentences that MiniLM encodes: those of shared/data beside the repository, or generated ones of like lengths where it is not there.</summary>
internal static class SentenceBatches
{
    private const int Seed = 20_19;
    private const int BatchSize = 32;
    private const int GeneratedSentences = 1024;
    private const int LongestGenerated = 43;

    // As in the file, where half of the sentences have 12 tokens or fewer.
    private const int ShortestGenerated = 6;
    private const double MeanBeyondShortest = 8.4;

    private static readonly Lazy<int[][]> Sentences = new(Read);

    /// <summary>Where the sentences come from, for the report.</summary>
    public static string Source => File is null
        ? "There is no ../shared/data/sentences.txt beside the repository: MiniLM encodes generated tokens of like lengths."
        : "MiniLM encodes sentences of ../shared/data/sentences.txt.";

    private static string? File => Find(AppContext.BaseDirectory) ?? Find(Environment.CurrentDirectory);

    /// <summary>One text of so many tokens: the first sentences, cut at the end.</summary>
    public static IReadOnlyList<SentenceBatch> OneOf(int tokens)
    {
        int[] all = [.. Sentences.Value.SelectMany(ids => ids[1..^1]).Take(tokens - 2)];
        return [SentenceBatch.Of([[MiniLm.Begin, .. all, MiniLm.End]])];
    }

    /// <summary>Two batches of 32 sentences in the order in which they come.</summary>
    public static IReadOnlyList<SentenceBatch> Mixed() => Quartiles(Sentences.Value);

    /// <summary>Two batches of 32 of all sentences sorted by length.</summary>
    public static IReadOnlyList<SentenceBatch> Sorted() => Quartiles([.. Sentences.Value.OrderBy(ids => ids.Length)]);

    /// <summary>The batches at a quarter and at three quarters of all sentences.</summary>
    private static SentenceBatch[] Quartiles(int[][] sentences)
    {
        int batches = sentences.Length / BatchSize;
        return [BatchAt(batches / 4), BatchAt(3 * batches / 4)];

        SentenceBatch BatchAt(int batch) => SentenceBatch.Of(sentences[(batch * BatchSize)..((batch + 1) * BatchSize)]);
    }

    private static string? Find(string start)
    {
        for (DirectoryInfo? folder = new(start); folder is not null; folder = folder.Parent)
        {
            string path = Path.Combine(folder.FullName, "shared", "data", "sentences.txt");
            if (System.IO.File.Exists(path))
                return path;
        }
        return null;
    }

    private static int[][] Read() =>
        File is { } path ? [.. System.IO.File.ReadLines(path).Select(MiniLm.Instance.Tokenize)] : [.. Generate()];

    private static IEnumerable<int[]> Generate()
    {
        var random = new Random(Seed);
        for (int sentence = 0; sentence < GeneratedSentences; sentence++)
        {
            int length = Math.Min(LongestGenerated, ShortestGenerated + (int)(-MeanBeyondShortest * Math.Log(1 - random.NextDouble())));
            IEnumerable<int> words = Enumerable.Range(0, length - 2).Select(_ => random.Next(MiniLm.FirstWord, MiniLm.Instance.VocabularySize));
            yield return [MiniLm.Begin, .. words, MiniLm.End];
        }
    }
}
