using System.Text;
using AttentionGen.Samples.Transliterate;

namespace AttentionGen.Tests.Models;

/// <summary>Reading CTranslate2 files; none of this needs the trained model.</summary>
[Trait("Speed", "Slow")]
public sealed class CTranslate2FileTests
{
    [Fact]
    public void Reads_a_well_formed_file()
    {
        CTranslate2File file = Read(Write(("a/weight", [2, 3], [1, 2, 3, 4, 5, 6]), ("b", [], [7])));
        Assert.Equal("TransformerBase", file.Specification);
        Assert.Equal([2, 3], file.GetShape("a/weight"));
        Assert.Equal([1, 2, 3, 4, 5, 6], file.Get("a/weight", 2, 3));
        Assert.Equal([7], file.Get("b"));
        Assert.False(file.Contains("c"));
    }

    [Fact]
    public void Says_what_is_missing_or_of_another_shape()
    {
        CTranslate2File file = Read(Write(("a/weight", [2, 3], [1, 2, 3, 4, 5, 6])));
        Assert.Contains("no variable c", Assert.Throws<InvalidDataException>(() => file.Get("c", 1)).Message);
        string message = Assert.Throws<InvalidDataException>(() => file.Get("a/weight", 3, 2)).Message;
        Assert.Contains("must be [3, 2], but is [2, 3]", message);
    }

    [Fact]
    public void Refuses_every_truncation()
    {
        byte[] good = Write(("a", [1], [1]), ("b", [2], [2, 3]));
        for (int length = 0; length < good.Length; length++)
            Assert.Throws<InvalidDataException>(() => Read(good[..length]));
        Assert.Throws<InvalidDataException>(() => Read([.. good, 0]));
    }

    [Fact]
    public void Refuses_files_that_lie()
    {
        Refuse("version", writer => writer.Write(3u));
        Refuse("NUL", writer =>
        {
            writer.Write(2u);
            writer.Write((ushort)1);
            writer.Write((byte)'x');
        });
        Refuse("twice", writer => writer.Write(Write(("a", [1], [1]), ("a", [1], [1]))));
        Refuse("elements", writer => WriteVariable(writer, [2, 3], itemSize: 4, count: 5));
        Refuse("elements", writer => WriteVariable(writer, [uint.MaxValue, uint.MaxValue], itemSize: 4, count: 1));
        Refuse("2 bytes", writer => WriteVariable(writer, [1], itemSize: 2, count: 1));
        Refuse("2147483591 elements", writer => WriteVariable(writer, [0, uint.MaxValue], itemSize: 4, count: 0));
        Refuse("at most 4096 variables", writer => WriteHeader(writer, 4097));
        Refuse("200 dimensions", writer => WriteVariable(writer, new uint[200], itemSize: 4, count: 0));

        static void Refuse(string reason, Action<BinaryWriter> write)
        {
            using var stream = new MemoryStream();
            using var writer = new BinaryWriter(stream);
            write(writer);
            Assert.Contains(reason, Assert.Throws<InvalidDataException>(() => Read(stream.ToArray())).Message);
        }
    }

    [Fact]
    public void Vocabularies_start_with_their_markers()
    {
        Vocabulary vocabulary = StoryFiles.WithFile("<blank>\n<s>\n</s>\na\nb\n"u8.ToArray(), Vocabulary.Read);
        Assert.Equal(6, vocabulary.Count);
        Assert.Equal([4, 3, 5], vocabulary.Encode("ba?"));
        Assert.Equal("ab<unk>", vocabulary.Decode([3, 4, 5, Vocabulary.End, 3]));
        vocabulary = StoryFiles.WithFile("<blank>\n<s>\n</s>\nb\n\nа\na\nb\nab"u8.ToArray(), Vocabulary.Read);
        Assert.Equal(10, vocabulary.Count);
        Assert.Equal([3, 5, 6, 9], vocabulary.Encode("bаa?"));
        Assert.Equal("bab", vocabulary.Decode([7, 4, 8]));
        Assert.Equal(4, StoryFiles.WithFile("<blank>\n<s>\n</s>"u8.ToArray(), Vocabulary.Read).Count);
        Assert.Throws<InvalidDataException>(() => StoryFiles.WithFile("<blank>\n<s>\n</s>a\n"u8.ToArray(), Vocabulary.Read));
        Assert.Throws<InvalidDataException>(
            () => StoryFiles.WithFile([.. "<blank>\n<s>\n</s>\n"u8, .. Enumerable.Repeat((byte)'\n', 100_000)], Vocabulary.Read));
        Assert.Throws<InvalidDataException>(() => StoryFiles.WithFile("a\nb\n"u8.ToArray(), Vocabulary.Read));
        Assert.Throws<InvalidDataException>(() => StoryFiles.WithFile([], Vocabulary.Read));
    }

    private static CTranslate2File Read(byte[] file) => StoryFiles.WithFile(file, CTranslate2File.Read);

    private static byte[] Write(params (string Name, uint[] Shape, float[] Values)[] variables)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        WriteHeader(writer, variables.Length);
        foreach ((string name, uint[] shape, float[] values) in variables)
        {
            WriteText(writer, name);
            writer.Write((byte)shape.Length);
            foreach (uint dimension in shape)
                writer.Write(dimension);
            writer.Write((byte)sizeof(float));
            writer.Write(values.Length);
            foreach (float value in values)
                writer.Write(value);
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A file with one variable of one element, whatever it says about itself.</summary>
    private static void WriteVariable(BinaryWriter writer, uint[] shape, byte itemSize, uint count)
    {
        WriteHeader(writer, 1);
        WriteText(writer, "x");
        writer.Write((byte)shape.Length);
        foreach (uint dimension in shape)
            writer.Write(dimension);
        writer.Write(itemSize);
        writer.Write(count);
        writer.Write(1f);
    }

    private static void WriteHeader(BinaryWriter writer, int count)
    {
        writer.Write(2u);
        WriteText(writer, "TransformerBase");
        writer.Write(2u);
        writer.Write(count);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = [.. Encoding.UTF8.GetBytes(text), 0];
        writer.Write((ushort)bytes.Length);
        writer.Write(bytes);
    }
}
