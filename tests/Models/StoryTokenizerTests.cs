using System.Text;
using System.Text.Json;
using AttentionGen.Samples.Stories;

namespace AttentionGen.Tests.Models;

[Trait("Speed", "Slow")]
public sealed class StoryTokenizerTests
{
    [Fact]
    public void Encodes_the_golden_texts()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(ModelFiles.Story("golden_tokenizer.json")));
        foreach (JsonProperty text in golden.RootElement.EnumerateObject())
            Assert.Equal(text.Value.EnumerateArray().Select(token => token.GetInt32()), ModelFiles.Tokenizer.Encode(text.Name));
    }

    [Theory]
    [InlineData("Once upon a time, there was a cat.")]
    [InlineData(" leading space, and\n\ttabs")]
    [InlineData("日本語 and 😀 by their bytes")]
    [InlineData("<0x41> is not a byte here, nor <s>")]
    public void Decodes_what_it_encoded(string text)
    {
        int[] tokens = ModelFiles.Tokenizer.Encode(text);
        using var decoded = new MemoryStream();
        for (int i = 1; i < tokens.Length; i++)
            decoded.Write(ModelFiles.Tokenizer.Decode(tokens[i - 1], tokens[i]));
        Assert.Equal(text, Encoding.UTF8.GetString(decoded.ToArray()));
    }

    [Fact]
    public void Merges_the_best_pair_first()
    {
        // ab scores better than bc, so that abc becomes ab + c.
        StoryTokenizer tokenizer = Read(StoryFiles.Tokenizer(("a", -1), ("b", -2), ("c", -3), ("ab", 2), ("bc", 1), (" ", -4)));
        int first = StoryFiles.FirstOwnToken;
        Assert.Equal([1, first + 5, first + 3, first + 2], tokenizer.Encode("abc"));
    }

    [Fact]
    public void The_first_of_two_tokens_with_one_text_is_taken()
    {
        StoryTokenizer tokenizer = Read(StoryFiles.Tokenizer(("b", -1), ("a", -2), ("a", -3), ("ab", 2), ("ab", 3), (" ", -4)));
        int first = StoryFiles.FirstOwnToken;
        Assert.Equal([1, first + 5, first + 3], tokenizer.Encode("ab"));
        Assert.Equal([1, first + 5, first + 1, first + 1, 3 + 'c'], tokenizer.Encode("aac"));
    }

    [Fact]
    public void Refuses_malformed_files()
    {
        byte[] good = StoryFiles.Tokenizer(("a", -1), ("b", -2));
        Assert.Equal(StoryFiles.FirstOwnToken + 2, Read(good).VocabularySize);
        foreach (int length in new[] { 0, 3, 4, 5, 11, good.Length - 1, good.Length - 8 })
            Refuse(good[..length]);
        Refuse([.. good, 0]);
        // The length of the first token.
        Refuse(StoryFiles.With(good, 8, -1));
        Refuse(StoryFiles.With(good, 8, int.MaxValue));
        Refuse(StoryFiles.With(good, 4, BitConverter.SingleToInt32Bits(float.NaN)));
        // A million empty tokens more.
        Refuse([.. good, .. new byte[8 << 20]]);

        static void Refuse(byte[] file) => Assert.Throws<InvalidDataException>(() => Read(file));
    }

    private static StoryTokenizer Read(byte[] file) => StoryFiles.WithFile(file, StoryTokenizer.Read);
}
