using AttentionGen.Samples.Sentiment;
using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Sentiment;

/// <summary>samples/Sentiment as a program: what it says of bad input.</summary>
[Trait("Speed", "Slow")]
public sealed class SentimentCommandTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Bad_input_is_an_error_that_says_what_to_do()
    {
        string text = folder.Write("text.txt", "Fine.\t1\nAwful.\t0\n"), model = folder.Write("other.safetensors", [8, 0, 0, 0, 0, 0, 0, 0, .. "{}      "u8]);
        string missing = text + ".missing";
        Assert.Contains($"The file '{missing}' does not exist.", Fails("train", missing));
        Assert.Contains("--folds is 3; expected at most 1, the number of texts with the label 0.", Fails("train", text, "--folds", "3"));
        Assert.Contains("--folds must be 2 to 1000, but is 1.", Fails("train", text, "--folds", "1", "--epochs", "2"));
        Assert.Contains("which does not exist", Fails("train", text, "--out", Path.Combine(missing, "x.safetensors")));
        Assert.Contains("does not exist. The command train writes it", Fails("classify", "x", "--model", missing));
        Assert.Contains("has no tensor classifier.weight of [2, 384]: expected a file that the command train wrote.", Fails("classify", "x", "--model", model));
        Assert.Contains("A TEXT is empty", Fails("classify", " ", "--threads", "2"));
        Assert.Contains("line 1: expected a sentence, a tab, its negation", Fails("heads", "--pairs", text));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(text)!).Length);
    }

    [Theory]
    [InlineData("Fine.\t1\n\nNo tab", "line 3: expected a sentence, a tab, and 1 for positive or 0 for negative, but found 'No tab'.")]
    [InlineData("Fine.\t2", "but found 'Fine.\t2'.")]
    [InlineData("\t1", "line 1")]
    [InlineData("Fine.\t1\t0", "line 1")]
    [InlineData("Fine.\t1\nGood.\t1", "has 2 positive and 0 negative sentences; expected some of both")]
    [InlineData("", "has 0 positive and 0 negative sentences")]
    public void A_file_of_another_form_is_refused(string content, string message) => Assert.Contains(
        message, Assert.Throws<InvalidDataException>(() => LabelledTexts.Read(folder.Write("texts.txt", content))).Message);

    [Fact]
    public void The_program_has_sentences_and_pairs_of_its_own()
    {
        LabelledTexts texts = LabelledTexts.Read(null);
        Assert.Equal((60, 30), (texts.Texts.Distinct().Count(), texts.Labels.Sum()));
        Assert.All(NegatedPair.Read(null), pair => Assert.Contains(" not ", pair.Negated));
    }

    private static string Fails(params ReadOnlySpan<string> arguments)
    {
        (int exitCode, _, string error) = SampleProcess.Run("AttentionGen.Samples.Sentiment", arguments);
        Assert.True(exitCode == 1, $"It ended with {exitCode}.");
        Assert.DoesNotContain("   at ", error);
        return error;
    }
}
