using System.Globalization;
using System.Text;
using System.Text.Json;
using AttentionGen.Tests.Docs;
using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Sentences;

/// <summary>samples/Sentences as a program: what it prints where, and how it ends.</summary>
[Trait("Speed", "Slow")]
public sealed class SentenceCommandTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Similar_prints_the_most_similar_text_first()
    {
        (string output, string error) = Runs("similar", "A man is eating.", "The sky is blue.", "Someone has dinner.");
        Assert.Equal("", error);
        string[] lines = [.. output.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        Assert.Equal("Similar to: A man is eating.", lines[0]);
        Assert.Equal(["0.5200   Someone has dinner.", "-0.0102   The sky is blue."], lines[^2..]);
    }

    [Fact]
    public void The_README_shows_what_similar_prints()
    {
        string shown = Snippet.Blocks("README.md", "").Single(block => block.StartsWith("Similar to:", StringComparison.Ordinal));
        (string output, _) = Runs("similar", "A man is eating.", "Someone has dinner.", "The sky is blue.");
        Assert.Equal(shown.TrimEnd(), string.Join('\n', output.Split('\n').Select(line => line.TrimEnd())).TrimEnd());
    }

    [Fact]
    public void Search_answers_a_question()
    {
        string file = folder.Write("facts.txt", "The Nile is a river in Africa.\nBread is made of flour, water and salt.\n\nA cat sleeps most of the day.\n");
        (string output, _) = Runs("search", file, "What do I need for baking?", "--top", "1");
        Assert.Contains("line 1: The Nile is a river in Africa. Bread is made of flour", output.ReplaceLineEndings(" ").Replace("               ", ""));
        Assert.DoesNotContain("cat", output);
    }

    [Fact]
    public void Embed_writes_an_array_for_each_line()
    {
        string file = folder.Write(
            "lines.txt", "\uFEFFA man is eating.\r\n\r\n" + new string('a', 1_000_000) + "\n" + string.Concat(Enumerable.Repeat("word ", 200_000)));
        string json = file + ".json";
        (string output, string error) = Runs("embed", file, "--json", json);
        Assert.Equal("", output);
        Assert.Contains("Text 4 is cut after 256 tokens", error);
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(json));
        Assert.Equal([384, 384, 384, 384], document.RootElement.EnumerateArray().Select(line => line.GetArrayLength()));
        Assert.Equal(
            SentenceFiles.Model.Embed([SentenceFiles.Model.Tokenize("A man is eating."), SentenceFiles.Model.Tokenize("")]),
            document.RootElement.EnumerateArray().Take(2).Select(line => line.EnumerateArray().Select(number => number.GetSingle()).ToArray()));
        Assert.Equal(2, Directory.GetFiles(Path.GetDirectoryName(file)!).Length);
    }

    [Fact]
    public void Sts_gives_the_published_correlation()
    {
        (string output, string error) = Runs("sts", SharedFiles.Require("data", "stsb-en-test.csv"));
        string last = output.TrimEnd().Split('\n')[^1];
        Assert.StartsWith("spearman ", last);
        Assert.InRange(double.Parse(last["spearman ".Length..], CultureInfo.InvariantCulture), 0.8198, 0.8208);
        Assert.Contains("2758 texts", error);
    }

    [Fact]
    public void A_converted_model_gives_the_same_numbers()
    {
        string directory = Path.Combine(Path.GetDirectoryName(folder.Write("x", ""))!, "model");
        Runs("unpack", directory);
        string written = Path.Combine(directory, "model.safetensors");
        byte[] unpacked = File.ReadAllBytes(written);
        File.Delete(written);
        string error = Fails("similar", "a", "b", "--model", directory);
        Assert.Contains("has no model.safetensors, which holds the weights. The command convert makes it of model.onnx.", error);
        Runs("convert", Path.Combine(directory, "model.onnx"), written);
        Assert.Equal(unpacked, File.ReadAllBytes(written));
        string[] texts = ["A man is eating.", "Someone has dinner."];
        Assert.Equal(Runs(["similar", .. texts]).Output, Runs(["similar", .. texts, "--model", directory]).Output);

        File.WriteAllText(Path.Combine(directory, "config.json"), """{"num_attention_heads": 6}""");
        Assert.Contains("num_attention_heads is 6, but this program is compiled for 12", Fails("similar", "a", "b", "--model", directory));
        File.WriteAllText(Path.Combine(directory, "config.json"), "{");
        Assert.Contains("config.json' is damaged", Fails("similar", "a", "b", "--model", directory));
        File.Delete(Path.Combine(directory, "config.json"));
        File.AppendAllText(Path.Combine(directory, "vocab.txt"), "another\n");
        Assert.Contains("has 30523 tokens, but its weights are for 30522", Fails("similar", "a", "b", "--model", directory));
        File.WriteAllText(written, "no weights");
        Assert.Contains("model.safetensors", Fails("similar", "a", "b", "--model", directory));
    }

    [Fact]
    public void Bad_input_is_an_error_that_says_what_to_do()
    {
        string text = folder.Write("text.txt", "x\n"), empty = folder.Write("empty.txt", ""), binary = folder.Write("binary.bin", [0x80, 0x81, 0xFF, 0xFE]),
        missing = text + ".missing";
        string directory = Path.GetDirectoryName(text)!;
        Assert.Contains("give two or more", Fails("similar", "x"));
        Assert.Contains("Text 2 is empty", Fails("similar", "x", " "));
        Assert.Contains($"The file '{missing}' does not exist", Fails("embed", missing, "--json", text));
        Assert.Contains("is a folder; expected a text file", Fails("embed", directory, "--json", text));
        Assert.Contains("is no text file in UTF-8", Fails("search", binary, "x"));
        Assert.Contains("has no text to search", Fails("search", empty, "x"));
        Assert.Contains("QUERY is empty", Fails("search", text, ""));
        Assert.Contains("--top must be 1 or more, but is 0", Fails("search", text, "x", "--top", "0"));
        Assert.Contains("which does not exist", Fails("embed", text, "--json", Path.Combine(missing, "out.json")));
        Assert.Contains("line 1 has 1 fields; expected 3", Fails("sts", text));
        Assert.Contains("is no ONNX model", Fails("convert", text, missing));
        Assert.Contains("does not exist", Fails("similar", "a", "b", "--model", missing));
        Assert.Contains("is a file. An ONNX file becomes such a folder", Fails("similar", "a", "b", "--model", text));
        Assert.Contains("has no model.safetensors", Fails("similar", "a", "b", "--model", directory));
        Assert.Contains("--threads must be 1 to 256, but is 0", Fails("similar", "a", "b", "--threads", "0"));
        Assert.Contains("--url must be such as", Fails("serve", "--url", "localhost"));
        Assert.Contains("--wait must be a number of seconds with a decimal point, such as 0.5, but is '0,5'.", Fails("serve", "--wait", "0,5"));
        Assert.Contains("but is 'abc'", Fails("serve", "--wait", "abc"));
        Assert.Contains("URL must be such as", Fails("load", "localhost"));
        Assert.False(File.Exists(missing));
    }

    private static (string Output, string Error) Runs(params ReadOnlySpan<string> arguments)
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run("AttentionGen.Samples.Sentences", arguments);
        Assert.True(exitCode == 0, error);
        return (Encoding.UTF8.GetString(output), error);
    }

    private static string Fails(params ReadOnlySpan<string> arguments)
    {
        (int exitCode, _, string error) = SampleProcess.Run("AttentionGen.Samples.Sentences", arguments);
        Assert.Equal(1, exitCode);
        Assert.DoesNotContain("   at ", error);
        return error;
    }
}
