using AttentionGen.Samples.Stories;
using AttentionGen.Samples.Transliterate;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>The two trained models of the test data, each read once.</summary>
internal static class ModelFiles
{
    /// <summary>What float32 may lose against the traces, which are float64 rounded to float32: error over 1 + |expected|.</summary>
    private const double Tolerance = 1e-5;

    private static readonly Lazy<StoryCheckpoint> LazyCheckpoint = new(() => StoryCheckpoint.Read(Story("stories260K.bin")));
    private static readonly Lazy<StoryTokenizer> LazyTokenizer = new(() => StoryTokenizer.Read(Story("tok512.bin")));
    private static readonly Lazy<Transliterator> LazyTransliterator = new(() => Transliterator.Load(Transliteration()));
    private static readonly Lazy<CTranslate2File> LazyTransliteration = new(() => CTranslate2File.Read(Transliteration("model.bin")));

    public static string Story(params ReadOnlySpan<string> parts) => SharedFiles.Require(["models", "stories260K", .. parts]);

    /// <summary>The same model as GGUF files.</summary>
    public static string Gguf(params ReadOnlySpan<string> parts) => SharedFiles.Require(["models", "stories260K-gguf", .. parts]);

    public static string Transliteration(params ReadOnlySpan<string> parts) => SharedFiles.Require(["models", "ct2-aren-transliteration", .. parts]);

    // The paths are asked for first: a skip must not be what a Lazy remembers.
    public static StoryCheckpoint Checkpoint => Story() is not null ? LazyCheckpoint.Value : null!;

    public static StoryTokenizer Tokenizer => Story() is not null ? LazyTokenizer.Value : null!;

    public static Transliterator Transliterator => Transliteration() is not null ? LazyTransliterator.Value : null!;

    public static CTranslate2File TransliterationFile => Transliteration() is not null ? LazyTransliteration.Value : null!;

    public static void AssertClose(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            // Written so that NaN on either side fails.
            if (!(Math.Abs((double)expected[i] - actual[i]) <= Tolerance * (1 + Math.Abs(expected[i]))))
                Assert.Fail($"{what}: element {i}: expected {expected[i]:R}, got {actual[i]:R}.");
        }
    }

    public static void AssertClose(ReadOnlySpan<float> expected, double[] actual, string what) =>
        AssertClose(expected, Array.ConvertAll(actual, value => (float)value), what);
}
