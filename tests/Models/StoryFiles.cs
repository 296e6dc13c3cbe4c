using System.Buffers.Binary;
using System.Text;

namespace AttentionGen.Tests.Models;

/// <summary>Small files of the two llama2.c forms, right or wrong.</summary>
internal static class StoryFiles
{
    /// <summary>Id of the first token behind the markers and the single bytes.</summary>
    public const int FirstOwnToken = 259;

    /// <summary>A checkpoint of zeros whose length fits its header.</summary>
    public static byte[] Checkpoint(int dim, int hidden, int layers, int heads, int kvHeads, int vocabulary, int positions)
    {
        int keyDim = dim / heads * kvHeads;
        int perLayer = 2 * dim + 2 * dim * dim + 2 * keyDim * dim + 3 * dim * hidden;
        int embeddings = Math.Abs(vocabulary) * dim * (vocabulary > 0 ? 1 : 2);
        int floats = embeddings + layers * perLayer + dim + positions * (dim / heads);
        var file = new byte[7 * sizeof(int) + floats * sizeof(float)];
        int[] header = [dim, hidden, layers, heads, kvHeads, vocabulary, positions];
        for (int i = 0; i < header.Length; i++)
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(i * sizeof(int)), header[i]);
        return file;
    }

    /// <summary>A tokenizer with the markers, the single bytes, and these tokens.</summary>
    public static byte[] Tokenizer(params (string Text, float Score)[] tokens)
    {
        (string, float)[] bytes = [.. Enumerable.Range(0, 256).Select(value => ($"<0x{value:X2}>", 0f))];
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write(7);
        foreach ((string text, float score) in new[] { ("<unk>", 0f), ("\n<s>\n", 0f), ("\n</s>\n", 0f) }.Concat(bytes).Concat(tokens))
        {
            byte[] encoded = Encoding.UTF8.GetBytes(text);
            writer.Write(score);
            writer.Write(encoded.Length);
            writer.Write(encoded);
        }
        writer.Flush();
        return stream.ToArray();
    }

    /// <summary>A copy with other four bytes at an offset.</summary>
    public static byte[] With(byte[] file, int offset, int value)
    {
        byte[] copy = [.. file];
        BinaryPrimitives.WriteInt32LittleEndian(copy.AsSpan(offset), value);
        return copy;
    }

    /// <summary>Writes a temporary file for as long as it is read.</summary>
    public static T WithFile<T>(byte[] content, Func<string, T> read)
    {
        string path = Path.GetTempFileName();
        try
        {
            File.WriteAllBytes(path, content);
            return read(path);
        }
        finally
        {
            File.Delete(path);
        }
    }
}
