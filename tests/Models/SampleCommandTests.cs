using System.Text;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Models;

/// <summary>The samples as programs: what they print where, and how they end.</summary>
[Trait("Speed", "Slow")]
public sealed class SampleCommandTests
{
    private const string Stories = "AttentionGen.Samples.Stories";
    private const string Transliterate = "AttentionGen.Samples.Transliterate";

    [Fact]
    public void Stories_prints_its_text_and_nothing_else()
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run(
            Stories, "--model", ModelFiles.Story("stories260K.bin"), "--tokenizer", ModelFiles.Story("tok512.bin"), "--temperature", "0", "--steps", "200");
        Assert.Equal(0, exitCode);
        Assert.Equal(File.ReadAllBytes(ModelFiles.Story("expected_stdout_llama2c_test_all.txt")), output);
        Assert.Contains("tokens/s", error);
    }

    [Fact]
    public void Stories_reads_a_gguf_file_with_its_tokenizer()
    {
        string model = ModelFiles.Gguf("stories260K-f32.gguf");
        (int exitCode, byte[] output, string error) = SampleProcess.Run(Stories, "--model", model, "--temperature", "0", "--steps", "200");
        Assert.Equal((0, File.ReadAllText(ModelFiles.Story("expected_stdout_llama2c_test_all.txt"))), (exitCode, Encoding.UTF8.GetString(output)));
        Assert.Contains("tokens/s", error);

        (exitCode, _, error) = SampleProcess.Run(Stories, "--model", model, "--tokenizer", ModelFiles.Story("tok512.bin"));
        Assert.Equal((1, "--tokenizer is for llama2.c checkpoints; a GGUF file has its own: leave the option out."), (exitCode, error.Trim()));
        (exitCode, _, error) = SampleProcess.Run(Stories, "--model", ModelFiles.Story("stories260K.bin"));
        Assert.Equal((1, "--tokenizer is missing; a llama2.c checkpoint needs the file with its tokens, such as tok512.bin."), (exitCode, error.Trim()));
    }

    [Fact]
    public void Stories_starts_with_its_prompt_and_counts_its_tokens()
    {
        string[] files = ["--model", ModelFiles.Story("stories260K.bin"), "--tokenizer", ModelFiles.Story("tok512.bin")];
        // Five tokens, four of them behind the mark that begins every text.
        (int exitCode, byte[] output, _) = SampleProcess.Run(Stories, [.. files, "--prompt", "Once upon a time", "--steps", "4"]);
        Assert.Equal((0, "Once upon a time"), (exitCode, Encoding.UTF8.GetString(output)));

        (_, byte[] first, _) = SampleProcess.Run(Stories, [.. files, "--prompt", "Lily", "--steps", "40", "--seed", "4"]);
        (_, byte[] second, _) = SampleProcess.Run(Stories, [.. files, "--prompt", "Lily", "--steps", "40", "--seed", "4"]);
        Assert.StartsWith("Lily", Encoding.UTF8.GetString(first));
        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("--steps", "513", "--steps must be 0 to 512")]
    [InlineData("--temperature", "-1", "--temperature must be 0 or a positive number with a decimal point, such as 0.5, but is '-1'")]
    [InlineData("--temperature", "0,5", "--temperature must be 0 or a positive number with a decimal point, such as 0.5, but is '0,5'")]
    [InlineData("--temperature", "1,000", "but is '1,000'")]
    [InlineData("--temperature", "abc", "but is 'abc'")]
    [InlineData("--temperature", "1e39", "but is '1e39'")]
    [InlineData("--temperature", "NaN", "but is 'NaN'")]
    public void Stories_refuses_options_out_of_range(string option, string value, string message)
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run(
            Stories, "--model", ModelFiles.Story("stories260K.bin"), "--tokenizer", ModelFiles.Story("tok512.bin"), option, value);
        Assert.Equal(1, exitCode);
        Assert.Contains(message, error);
        Assert.DoesNotContain("   at ", error);
        if (option == "--steps")
            Assert.Empty(output);
    }

    [Fact]
    public void Stories_says_what_it_cannot_read_of_a_prompt()
    {
        string[] files = ["--model", ModelFiles.Story("stories260K.bin"), "--tokenizer", ModelFiles.Story("tok512.bin")];
        (int exitCode, byte[] output, string error) = SampleProcess.Run(Stories, [.. files, "--prompt", "Once upon a time", "--steps", "3"]);
        Assert.Equal((0, "Once upon a"), (exitCode, Encoding.UTF8.GetString(output)));
        Assert.Contains("The prompt has 4 tokens, but only 3 are written: it is cut. Give more --steps.", error);

        (exitCode, output, error) = SampleProcess.Run(Stories, [.. files, "--prompt", "Żółw ż 猫", "--steps", "30", "--temperature", "0.5", "--seed", "1"]);
        Assert.Equal(0, exitCode);
        Assert.StartsWith("Żółw ż 猫", Encoding.UTF8.GetString(output));
        Assert.Contains("The tokenizer does not know 'Ż', 'ó', 'ł', 'ż', '猫': the model reads single bytes", error);

        (_, _, error) = SampleProcess.Run(Stories, [.. files, "--prompt", "Lily", "--steps", "10", "--temperature", "0"]);
        Assert.DoesNotContain("The ", error);
    }

    [Fact]
    public void Stories_refuses_a_file_that_is_no_model()
    {
        byte[] other = StoryFiles.Checkpoint(dim: 32, hidden: 8, layers: 1, heads: 4, kvHeads: 4, vocabulary: 261, positions: 8);
        byte[] tokenizer = StoryFiles.Tokenizer(("a", 0), ("b", 0));
        Assert.Contains("compiled for DModel = 64", Fails(other));
        Assert.Contains("describes a file of", Fails(other[..^1]));
        Assert.Contains("starts with 28 bytes", Fails([]));

        string Fails(byte[] model) => StoryFiles.WithFile(model, modelPath => StoryFiles.WithFile(tokenizer, tokenizerPath =>
        {
            (int exitCode, byte[] output, string error) = SampleProcess.Run(Stories, "--model", modelPath, "--tokenizer", tokenizerPath);
            Assert.Equal(1, exitCode);
            Assert.Empty(output);
            Assert.DoesNotContain("   at ", error);
            return error;
        }));
    }

    [Fact]
    public void Transliterate_prints_a_line_for_each_word()
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), "آتزمون", "آتشيسون", "آزا");
        Assert.Equal((0, "atzmon\nachison\nazza\n", ""), (exitCode, Encoding.UTF8.GetString(output), error));
    }

    [Fact]
    public void Transliterate_prints_scores()
    {
        (int exitCode, byte[] output, _) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), "--scores", "آتزمون=atzmon");
        Assert.Equal(0, exitCode);
        string[] lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(7, lines.Length);
        Assert.StartsWith("a\t-0.1060", lines[0]);
        Assert.StartsWith("</s>\t-0.0634", lines[^1]);

        (exitCode, _, string error) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), "--scores", "آتزمون");
        Assert.Equal(1, exitCode);
        Assert.Contains("SOURCE=TARGET", error);
    }

    [Fact]
    public void Transliterate_says_which_letters_it_does_not_know()
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), "xآزاx😀", "آزا");
        Assert.Equal(0, exitCode);
        Assert.Equal(2, Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries).Length);
        Assert.Equal("xآزاx😀: the model does not know 'x', '😀', and reads one mark in place of each.", error.Trim());

        (_, _, error) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), "--scores", "آزا=az#a");
        Assert.Contains("az#a: the model does not know '#'", error);
    }

    [Theory]
    [InlineData("", 1, "A word is empty: give at least one character.")]
    [InlineData("x", 100_000, "A word has 100000 characters; the model is made for words, so at most 512 are read.")]
    [InlineData("--bogus", 1, "--bogus is no option of this program; --help lists them.")]
    public void Transliterate_refuses_what_is_no_word(string part, int times, string message)
    {
        string word = string.Concat(Enumerable.Repeat(part, times));
        (int exitCode, _, string error) = SampleProcess.Run(Transliterate, "--model", ModelFiles.Transliteration(), word, "آزا");
        Assert.Equal(1, exitCode);
        Assert.Contains(message, error);
        Assert.DoesNotContain("   at ", error);
    }

    [Fact]
    public void Transliterate_refuses_a_directory_without_model()
    {
        (int exitCode, byte[] output, string error) = SampleProcess.Run(Transliterate, "--model", AppContext.BaseDirectory, "x");
        Assert.Equal(1, exitCode);
        Assert.Empty(output);
        Assert.Contains("model.bin", error);
        Assert.DoesNotContain("   at ", error);
    }
}
