using System.Text.Json;
using AttentionGen.Samples.Sentences;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Sentences;

/// <summary>The model that the sample carries, loaded once, and what others computed with it.</summary>
internal static class SentenceFiles
{
    private static readonly Lazy<SentenceModel> LazyModel = new(() => SentenceModel.LoadPackaged());
    private static readonly Lazy<SafetensorsFile> LazyWeights = new(PackagedModel.OpenWeights);
    private static readonly Lazy<SentenceEncoder> LazyEncoder = new(() => new SentenceEncoder(LazyWeights.Value));
    private static readonly Lazy<SentenceTokenizer> LazyTokenizer = new(() => new SentenceTokenizer(PackagedModel.OpenVocabulary(), "vocab.txt"));

    public static SentenceModel Model => LazyModel.Value;

    public static SafetensorsFile Weights => LazyWeights.Value;

    public static SentenceEncoder Encoder => LazyEncoder.Value;

    public static SentenceTokenizer Tokenizer => LazyTokenizer.Value;

    public static string Shared(params ReadOnlySpan<string> parts) => SharedFiles.Require(["models", "minilm", .. parts]);

    /// <summary>88 texts with their tokens.</summary>
    public static (string Text, int[] Ids)[] Texts()
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(Shared("tokens.json")));
        return [.. document.RootElement.EnumerateArray().Select(item => (item.GetProperty("text").GetString()!,
            item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32()).ToArray()))];
    }

    /// <summary>Texts of many lengths, without anything beside the repository.</summary>
    public static SentenceTokens[] Mixed() =>
        [.. Enumerable.Range(0, 24).Select(i => Tokenizer.Encode(string.Join(' ', Enumerable.Repeat($"a naïve test of {i} words", 1 + i * i % 17)), 256))];

    /// <summary>The tokens of texts one after the other, and where each begins.</summary>
    public static (int[] Ids, int[] RowOffsets) Ragged(params ReadOnlySpan<int[]> texts)
    {
        var ids = new List<int>();
        var offsets = new List<int> { 0 };
        foreach (int[] text in texts)
        {
            ids.AddRange(text);
            offsets.Add(ids.Count);
        }

        return ([.. ids], [.. offsets]);
    }
}
