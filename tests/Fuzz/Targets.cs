using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AttentionGen.Samples.Stories;
using AttentionGen.Samples.Transliterate;
using AttentionGen.Tests.Models;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Fuzz;

/// <summary>A reader of files: what it reads, how, and whether what it returns is what the file holds, by a second, plain walk through the bytes.</summary>
internal sealed partial record Target(string Name, byte[][] Files, Func<string, object> Read, Func<object, byte[], bool> Holds)
{
    /// <summary>How the name of a file ends.</summary>
    public string Extension { get; init; } = "";

    /// <summary>Files that stand beside the damaged one, and are whole.</summary>
    public IReadOnlyDictionary<string, byte[]> Beside { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Whole files of very many of the smallest things that they can hold.</summary>
    public byte[][] Large { get; init; } = [];

    /// <summary>Damaged files of this reader for each one of the others.</summary>
    public double Share { get; init; } = 1;

    /// <summary>Bytes of the files beside the damaged one that it names.</summary>
    public long BytesBeside(byte[] file) =>
        Beside.Where(beside => file.AsSpan().IndexOf(Encoding.UTF8.GetBytes(beside.Key)) >= 0).Sum(beside => (long)beside.Value.Length);

    /// <summary>Whether an exception is an answer to a damaged file: it is malformed, or names a file that is not there.</summary>
    public bool IsRefusal(Exception exception) => exception is InvalidDataException || (Beside.Count > 0 && exception is FileNotFoundException);

    private static readonly string[] VariableNames = ["encoder/weight", "encoder/bias", "empty"];

    private static AttentionShape CacheShape { get; } = TestNumbers.Shape(heads: 2, headDim: 3, dModel: 6) with { Causal = true };

    private static Dictionary<string, byte[]> Shards { get; } = new(StringComparer.Ordinal)
    {
        ["one.safetensors"] = new SafetensorsWriter().AddF32("first", [3], 1, 2, 3).AddF32("both", [1], 4).ToArray(),
        ["two.safetensors"] = new SafetensorsWriter().AddF32("second", [2, 1], 5, 6).AddF32("both", [2], 7, 8).ToArray(),
        ["many.safetensors"] = ManyTensors(),
    };

    private static Dictionary<string, Dictionary<string, JsonElement>> ShardHeaders { get; } = Shards.ToDictionary(
        shard => shard.Key, shard => Header(shard.Value));

    public static IReadOnlyList<Target> All { get; } =
    [
        // First, since it takes longest: the format has most kinds of things.
        new("gguf", [Gguf()], GgufFile.Open, GgufHolds) { Large = [ManyGgufTensors(), ManyGgufValues()], Share = 2.5 },
        new("safetensors", [Safetensors()], SafetensorsFile.Open, SafetensorsHolds) { Large = [ManyTensors()] },
        new("shard index", [Index()], SafetensorsFile.Open, IndexHolds) { Extension = ".index.json", Beside = Shards, Large = [ManyNames()] },
        new("llama2.c checkpoint", [Checkpoint(5), Checkpoint(-5)], StoryCheckpoint.Read, CheckpointHolds) { Large = [ManyLayers()] },
        new("llama2.c tokenizer", [StoryFiles.Tokenizer((" a", 1), ("ab", 2), ("é", -1))], StoryTokenizer.Read, TokenizerHolds) { Large = [ManyTokens()] },
        new(
            "CTranslate2 model",
            [CTranslate2(VariableNames)],
            CTranslate2File.Read,
            CTranslate2Holds) { Large = [CTranslate2([.. Enumerable.Range(0, 4096).Select(number => $"{number:x}")])] },
        new("vocabulary", ["<blank>\n<s>\n</s>\na\nb\né\n"u8.ToArray()], Vocabulary.Read, VocabularyHolds) { Large = [ManyLines()] },
        // As a cache, keys take up to 16 times the room that they have in a stream.
        new("saved cache", [SavedCache(5, 2), SavedCache(0, 40)], ReadCache, CacheHolds),
    ];

    private static byte[] ManyTensors()
    {
        var writer = new SafetensorsWriter();
        for (int number = 0; number < 10_000; number++)
            writer.AddF32($"{number:x}", [], number);
        return writer.ToArray();
    }

    private static byte[] ManyNames() => Encoding.UTF8.GetBytes(
        "{\"weight_map\":{" + string.Join(",", Enumerable.Range(0, 10_000).Select(number => $"\"{number:x}\":\"many.safetensors\"")) + "}}");

    private static byte[] ManyLayers() => StoryFiles.Checkpoint(dim: 2, hidden: 1, layers: 512, heads: 1, kvHeads: 1, vocabulary: 3, positions: 1);

    private static byte[] ManyTokens() => StoryFiles.Tokenizer([.. Enumerable.Range(0, 30_000).Select(number => ($"{(char)(number + 0x400)}", (float)number))]);

    private static byte[] ManyLines() =>
        Encoding.UTF8.GetBytes("<blank>\n<s>\n</s>\n" + string.Concat(Enumerable.Range(0x400, 30_000).Select(character => $"{(char)character}\n")));

    private static byte[] Checkpoint(int vocabulary)
    {
        byte[] file = StoryFiles.Checkpoint(dim: 8, hidden: 6, layers: 2, heads: 4, kvHeads: 2, vocabulary, positions: 3);
        // Every float differs, so that one taken for another shows.
        Span<float> floats = MemoryMarshal.Cast<byte, float>(file.AsSpan(28));
        for (int i = 0; i < floats.Length; i++)
            floats[i] = i + 1;
        return file;
    }

    private static bool CheckpointHolds(object read, byte[] file)
    {
        var checkpoint = (StoryCheckpoint)read;
        var expected = new List<float>(MemoryMarshal.Cast<byte, float>(file.AsSpan(28)).ToArray());
        List<float> found = [.. checkpoint.Embedding];
        var layers = checkpoint.Layers;
        foreach (Func<TransformerLayerWeights, float[]> tensor in new Func<TransformerLayerWeights, float[]>[]
                 {
                     layer => layer.AttentionNorm.ToArray(), layer => layer.Attention.Query.ToArray(), layer => layer.Attention.Key.ToArray(),
                     layer => layer.Attention.Value.ToArray(), layer => layer.Attention.Output.ToArray(), layer => layer.FeedForwardNorm.ToArray(),
                     layer => layer.Gate.ToArray(), layer => layer.Down.ToArray(), layer => layer.Up.ToArray(),
                 })
            found.AddRange(layers.SelectMany(tensor));
        found.AddRange(checkpoint.FinalNorm);
        // Rotary tables, which the reader leaves out.
        found.AddRange(expected.Skip(found.Count).Take(checkpoint.MaxPositions * (checkpoint.Dim / checkpoint.Heads)));
        if (!ReferenceEquals(checkpoint.Classifier, checkpoint.Embedding))
            found.AddRange(checkpoint.Classifier);
        return MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(found)).SequenceEqual(file.AsSpan(28));
    }

    private static bool TokenizerHolds(object read, byte[] file)
    {
        var tokenizer = (StoryTokenizer)read;
        int position = 4;
        for (int token = 0; token < tokenizer.VocabularySize; token++)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(position + 4));
            ReadOnlySpan<byte> piece = file.AsSpan(position + 8, length);
            position += 8 + length;

            // <0x0A> stands for a byte.
            byte[] expected = length == 6 && piece.StartsWith("<0x"u8) && piece[5] == '>' && char.IsAsciiHexDigit((char)piece[3])
                && char.IsAsciiHexDigit((char)piece[4])
                ? Convert.FromHexString(Encoding.ASCII.GetString(piece[3..5]))
                : piece.ToArray();
            if (!tokenizer.Decode(0, token).SequenceEqual(expected))
                return false;
        }

        return position == file.Length;
    }

    private static byte[] SavedCache(params int[] lengths)
    {
        var cache = new AttentionCache(CacheShape, Math.Max(1, lengths.Max()), lengths.Length);
        for (int sequence = 0; sequence < lengths.Length; sequence++)
            cache.Append(
                sequence,
                TestNumbers.Random(sequence, CacheShape.KeyDim * lengths[sequence]),
                TestNumbers.Random(9 + sequence, CacheShape.ValueDim * lengths[sequence]));
        using var stream = new MemoryStream();
        cache.Save(stream);
        return stream.ToArray();
    }

    private static object ReadCache(string path)
    {
        using FileStream stream = File.OpenRead(path);
        return AttentionCache.Restore(stream, CacheShape);
    }

    /// <summary>What is saved again is what was read; a stream may go on behind it.</summary>
    private static bool CacheHolds(object read, byte[] file)
    {
        using var stream = new MemoryStream();
        ((AttentionCache)read).Save(stream);
        return file.AsSpan().StartsWith(stream.ToArray());
    }

    private static bool VocabularyHolds(object read, byte[] file)
    {
        var vocabulary = (Vocabulary)read;
        string[] lines = Encoding.UTF8.GetString(file).Split('\n');
        int count = lines.Length - (lines[^1].Length == 0 ? 1 : 0);
        if (vocabulary.Count != count + 1)
            return false;
        for (int id = 0; id < count; id++)
        {
            // Some bytes are no characters, and are shown by the same sign.
            bool isCharacter = lines[id].EnumerateRunes().Count() == 1 && !lines[id].Contains('\uFFFD');
            if (vocabulary[id] != lines[id] || (isCharacter && lines[vocabulary.Encode(lines[id]).Single()] != lines[id]))
                return false;
        }

        return true;
    }

    private static byte[] CTranslate2(string[] names)
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        void Name(string text)
        {
            writer.Write((ushort)(text.Length + 1));
            writer.Write(Encoding.ASCII.GetBytes(text + "\0"));
        }

        writer.Write(2u);
        Name("TransformerBase");
        writer.Write(7u);
        writer.Write((uint)names.Length);
        int[][] shapes = [[3, 4], [5], [0, 2]];
        for (int variable = 0; variable < names.Length; variable++)
        {
            int[] shape = variable < shapes.Length ? shapes[variable] : [];
            string name = names[variable];
            Name(name);
            writer.Write((byte)shape.Length);
            foreach (int dimension in shape)
                writer.Write(dimension);
            writer.Write((byte)4);
            int count = shape.Aggregate(1, (product, dimension) => product * dimension);
            writer.Write(count);
            for (int i = 0; i < count; i++)
                writer.Write(i + 0.5f);
        }

        writer.Flush();
        return stream.ToArray();
    }

    private static bool CTranslate2Holds(object read, byte[] file)
    {
        var model = (CTranslate2File)read;
        int position = 4;
        int length = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(position));
        position += 2 + length + 4;
        uint count = BinaryPrimitives.ReadUInt32LittleEndian(file.AsSpan(position));
        position += 4;
        for (uint variable = 0; variable < count; variable++)
        {
            length = BinaryPrimitives.ReadUInt16LittleEndian(file.AsSpan(position));
            string name = Encoding.UTF8.GetString(file.AsSpan(position + 2, length - 1));
            position += 2 + length;
            var shape = new int[file[position++]];
            for (int i = 0; i < shape.Length; i++, position += 4)
                shape[i] = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(position));
            position += 1 + 4;
            float[] values = model.Get(name, shape);
            if (!MemoryMarshal.AsBytes<float>(values).SequenceEqual(file.AsSpan(position, values.Length * 4)))
                return false;
            position += values.Length * 4;
        }

        return position == file.Length;
    }
}
