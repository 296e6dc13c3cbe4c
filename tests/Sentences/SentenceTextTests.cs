using System.Text;
using AttentionGen.Samples.Sentences;
using AttentionGen.Tests.Models;

namespace AttentionGen.Tests.Sentences;

/// <summary>What the sample does with text files beside the model.</summary>
public sealed class SentenceTextTests
{
    [Fact]
    public void Passages_are_paragraphs_or_lines()
    {
        Assert.Equal([new Passage(1, "One. Two"), new Passage(4, "Three.")], Passages.Of(["One.", "Two", " ", "Three.", "", ""]));
        Assert.Equal([new Passage(1, "One."), new Passage(2, "Two"), new Passage(3, "Three.")], Passages.Of(["One.", "Two", "Three.", ""]));
        Assert.Empty(Passages.Of(["", " "]));
    }

    [Fact]
    public void A_long_paragraph_is_cut_behind_sentences_and_a_long_sentence_between_words()
    {
        string sentence = new string('x', 98) + ".";
        Passage[] passages = Passages.Of([string.Join(' ', Enumerable.Repeat(sentence, 12))]);
        Assert.Equal([5, 5, 2], passages.Select(passage => passage.Text.Split(' ').Length));

        string words = string.Join(' ', Enumerable.Repeat("word", 300));
        Assert.Equal(words, string.Join(' ', Passages.Of([words]).Select(passage => passage.Text)));
        Assert.All(Passages.Of([words]), passage => Assert.InRange(passage.Text.Length, 1, 500));
        Assert.Equal(3, Passages.Of([string.Concat(Enumerable.Repeat("😁", 700))]).Length);
        // A number, or a name with a point, ends no sentence.
        Assert.Equal("Version 1.5 of x.y is here.", Assert.Single(Passages.Of(["Version 1.5 of x.y is here."])).Text);
        Assert.Equal("xx", Passages.Shorten("xx"));
        Assert.Equal(new string('y', 500) + "… (501 characters)", Passages.Shorten(new string('y', 501)));
    }

    [Fact]
    public void Pairs_are_read_with_quotes_commas_and_line_breaks()
    {
        SentencePair[] pairs = Pairs("a,b,1\r\n\"c, \"\"d\"\"\",\"e\nf\",2.5\n\n\"\",,0");
        Assert.Equal([new SentencePair("a", "b", 1), new SentencePair("c, \"d\"", "e\nf", 2.5), new SentencePair("", "", 0)], pairs);
    }

    [Theory]
    [InlineData("a,b,1\nc,d\n", "line 2 has 2 fields; expected 3")]
    [InlineData("a,b,1\n\"x\ny\",d,e\n", "line 2: the third field is 'e'")]
    [InlineData("a,b,1\nc,\"d,2\n", "line 2: a quotation mark that begins a field has none that ends it")]
    [InlineData("a,b,1\nc,d,1\n", "not two of them with different numbers")]
    [InlineData("", "has 0 pairs")]
    [InlineData("a,b,NaN", "the third field is 'NaN'")]
    public void Wrong_pairs_are_refused_with_their_line(string text, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => Pairs(text)).Message);

    [Fact]
    public void Ranks_of_equal_numbers_are_shared()
    {
        Assert.Equal(1, Correlation.Spearman([1, 2, 3], [10, 100, 1000]), 1e-12);
        Assert.Equal(-1, Correlation.Spearman([1, 2, 3], [3, 2, 1]), 1e-12);
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 1 - 0.5 / 10 with the correction for ties, 0.9487.
        Assert.Equal(0.9486832980505138, Correlation.Spearman([1, 5, 5, 9], [1, 2, 3, 4]), 1e-12);
    }

    private static SentencePair[] Pairs(string text) => StoryFiles.WithFile(Encoding.UTF8.GetBytes(text), SentencePairs.Read);
}
