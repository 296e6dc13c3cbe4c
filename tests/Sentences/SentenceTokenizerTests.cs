using System.Text;
using AttentionGen.Samples.Sentences;
using AttentionGen.Tests.Properties;
using CsCheck;

namespace AttentionGen.Tests.Sentences;

/// <summary>Tokens against those of Hugging Face, and against an own tokenizer after its algorithm.</summary>
public sealed class SentenceTokenizerTests
{
    private static readonly Lazy<BertTokenizerReference> Reference = new(() => new BertTokenizerReference());

    [Fact]
    public void All_texts_have_the_tokens_of_Hugging_Face()
    {
        foreach ((string text, int[] ids) in SentenceFiles.Texts())
        {
            Assert.Equal(ids, SentenceFiles.Tokenizer.Encode(text, 512).Ids);
            Assert.Equal(ids, Reference.Value.Encode(text));
        }
    }

    [Theory]
    [InlineData("[CLS][SEP]x[MASK]", new[] { 101, 101, 102, 1060, 103, 102 })]
    [InlineData("[cls] [PAD] [UNK]s [MASK", new[] { 101, 1031, 18856, 2015, 1033, 0, 100, 1055, 1031, 7308, 102 })]
    [InlineData("x\uD83D y \uDE00z", new[] { 101, 1060, 1061, 1062, 102 })]
    [InlineData("\0x\u0007y\uFFFD", new[] { 101, 1060, 2100, 102 })]
    public void Special_tokens_and_broken_texts_are_read(string text, int[] ids) => Assert.Equal(ids, SentenceFiles.Tokenizer.Encode(text, 256).Ids);

    [Fact]
    public void A_word_is_unknown_from_101_characters()
    {
        const int Unknown = 100;
        foreach ((string character, int most) in (ReadOnlySpan<(string, int)>)[("a", 100), ("é", 100), ("e\u0301\u0323", 100), ("한", 33), ("İ", 100),
            ("x\u200B", 100)])
        {
            string shortest = string.Concat(Enumerable.Repeat(character, most)), longer = string.Concat(Enumerable.Repeat(character, most + 1));
            int[] known = SentenceFiles.Tokenizer.Encode($"to {shortest}, or", 512).Ids, unknown = SentenceFiles.Tokenizer.Encode($"to {longer}, or", 512).Ids;
            Assert.DoesNotContain(Unknown, known);
            Assert.Equal([101, 2000, Unknown, 1010, 2030, 102], unknown);
            Assert.Equal(Reference.Value.Encode($"to {shortest}, or"), known);
            Assert.Equal(Reference.Value.Encode($"to {longer}, or"), unknown);
        }
    }

    [Fact]
    public void A_long_text_is_cut_where_the_model_ends()
    {
        string words = string.Concat(Enumerable.Repeat("eating ", 1_000_000 / 7));
        SentenceTokens tokens = SentenceFiles.Tokenizer.Encode(words, 256);
        Assert.True(tokens.IsCut);
        Assert.Equal([101, .. Enumerable.Repeat(5983, 254), 102], tokens.Ids);
        Assert.False(SentenceFiles.Tokenizer.Encode(words[..(254 * 7)] + "  ", 256).IsCut);
        Assert.True(SentenceFiles.Tokenizer.Encode(words[..(255 * 7)], 256).IsCut);
        Assert.Equal([101, 100, 102], SentenceFiles.Tokenizer.Encode(new string('a', 1_000_000), 256).Ids);
        Assert.Equal([101, .. Enumerable.Repeat(103, 254), 102], SentenceFiles.Tokenizer.Encode(string.Concat(Enumerable.Repeat("[MASK]", 200_000)), 256).Ids);
        // Cut within a word: its first pieces are read.
        int[] whole = SentenceFiles.Tokenizer.Encode("supercalifragilisticexpialidocious", 512).Ids;
        Assert.Equal([.. whole[..5], 102], SentenceFiles.Tokenizer.Encode("supercalifragilisticexpialidocious", 6).Ids);
        Assert.Equal([101, 102], SentenceFiles.Tokenizer.Encode("x", 2).Ids);
    }

    [Fact]
    public void Random_texts_have_the_tokens_of_the_algorithm()
    {
        string[] parts = ["the", "Eating", " ", "\n", "  ", ",", "...", "é", "Ł", "ß", "한", "日本", "😁", "[CLS]", "[", "]", "#", "##ing", "x\u0301", "\u200B",
            "\u00A0", "İ", "ﬁ", "1,000", "—", "\t", "$", "+", "ñ", "ώ", "ё", new string('z', 60)];
        Gen.Int[0, parts.Length - 1].Array[0, 40].Holds(chosen =>
        {
            string text = string.Concat(chosen.Select(part => parts[part]));
            Assert.Equal(Reference.Value.Encode(text), SentenceFiles.Tokenizer.Encode(text, 1 << 12).Ids);
        }, iter: 2_000);
    }

    [Theory]
    [InlineData("a\nb\n", "none of its 2 lines is [PAD]")]
    [InlineData("", "none of its 0 lines is [PAD]")]
    [InlineData("[PAD]\n[UNK]\n[CLS]\n", "none of its 3 lines is [SEP]")]
    public void What_is_no_vocabulary_is_refused(string text, string message) => Assert.Contains(message,
        Assert.Throws<InvalidDataException>(() => new SentenceTokenizer(new MemoryStream(Encoding.UTF8.GetBytes(text)), "vocab.txt")).Message);

    [Fact]
    public void A_vocabulary_that_is_no_text_is_refused() => Assert.Contains("'x' is no vocabulary: it is not UTF-8 text",
        Assert.Throws<InvalidDataException>(() => new SentenceTokenizer(new MemoryStream([0x80, 0x81, 0xFF]), "x")).Message);
}
