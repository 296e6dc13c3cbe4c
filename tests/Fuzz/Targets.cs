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
internal sealed record Target(string Name, byte[][] Files, Func<string, object> Read, Func<object, byte[], bool> Holds)
{
    /// <summary>How the name of a file ends.</summary>
    public string Extension { get; init; } = "";

    /// <summary>Files that stand beside the damaged one, and are whole.</summary>
    public IReadOnlyDictionary<string, byte[]> Beside { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>Whether an exception is an answer to a damaged file: it is malformed, or names a file that is not there.</summary>
    public bool IsRefusal(Exception exception) => exception is InvalidDataException || (Beside.Count > 0 && exception is FileNotFoundException);

    private static readonly string[] VariableNames = ["encoder/weight", "encoder/bias", "empty"];

    private static AttentionShape CacheShape { get; } = TestNumbers.Shape(heads: 2, headDim: 3, dModel: 6) with { Causal = true };

    private static Dictionary<string, byte[]> Shards { get; } = new(StringComparer.Ordinal)
    {
        ["one.safetensors"] = new SafetensorsWriter().AddF32("first", [3], 1, 2, 3).AddF32("both", [1], 4).ToArray(),
        ["two.safetensors"] = new SafetensorsWriter().AddF32("second", [2, 1], 5, 6).AddF32("both", [2], 7, 8).ToArray(),
    };

    public static IReadOnlyList<Target> All { get; } =
    [
        new("safetensors", [Safetensors()], ReadSafetensors, SafetensorsHolds),
        new("shard index", [Index()], ReadSafetensors, IndexHolds) { Extension = ".index.json", Beside = Shards },
        new("llama2.c checkpoint", [Checkpoint(5), Checkpoint(-5)], StoryCheckpoint.Read, CheckpointHolds),
        new("llama2.c tokenizer", [StoryFiles.Tokenizer((" a", 1), ("ab", 2), ("é", -1))], StoryTokenizer.Read, TokenizerHolds),
        new("saved cache", [SavedCache(5, 2), SavedCache(0, 40)], ReadCache, CacheHolds),
        new("CTranslate2 model", [CTranslate2()], CTranslate2File.Read, CTranslate2Holds),
    ];

    private static byte[] Safetensors() => new SafetensorsWriter()
        .AddEntry("""
            "__metadata__":{"format":"pt"}
            """.Trim())
        .AddF32("layer.weight", [2, 3], 1, -2, 3.5f, float.NaN, 5, 6)
        .Add("layer.half", "F16", [4], SafetensorsWriter.F16(1, 2, -0.5f, 65504))
        .Add("layer.brain", "BF16", [2, 1], SafetensorsWriter.Bits(0x3F80, 0xC000))
        .Add("ids", "I32", [2], new byte[8])
        .AddF32("empty", [0, 7])
        .ToArray();

    private static object ReadSafetensors(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        var tensors = new Dictionary<string, float[]>(StringComparer.Ordinal);
        foreach (string name in file.TensorNames)
        {
            if (file.GetInfo(name).DType is "F32" or "F16" or "BF16")
                tensors.Add(name, file.ReadFloat32(name));
        }

        return tensors;
    }

    private static bool SafetensorsHolds(object read, byte[] file)
    {
        int headerBytes = (int)BinaryPrimitives.ReadUInt64LittleEndian(file);
        using JsonDocument header = JsonDocument.Parse(file.AsMemory(8, headerBytes));
        foreach (var (name, values) in (Dictionary<string, float[]>)read)
        {
            JsonElement entry = header.RootElement.GetProperty(name);
            int begin = entry.GetProperty("data_offsets")[0].GetInt32();
            int end = entry.GetProperty("data_offsets")[1].GetInt32();
            Span<byte> bytes = file.AsSpan(8 + headerBytes)[begin..end];
            string type = entry.GetProperty("dtype").GetString()!;
            int size = type == "F32" ? 4 : 2;
            if (bytes.Length != values.Length * size)
                return false;
            for (int i = 0; i < values.Length; i++)
            {
                Span<byte> item = bytes.Slice(i * size, size);
                float expected = type switch
                {
                    "F32" => BinaryPrimitives.ReadSingleLittleEndian(item),
                    "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(item),
                    _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(item) << 16),
                };
                if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(values[i]))
                    return false;
            }
        }

        return true;
    }

    private static byte[] Index() => Encoding.UTF8.GetBytes(
        """{"metadata":{"total_size":32},"weight_map":{"first":"one.safetensors","second":"two.safetensors","both":"two.safetensors"}}""");

    /// <summary>Each tensor that the index names, and no other, from the shard that it names.</summary>
    private static bool IndexHolds(object read, byte[] file)
    {
        var tensors = (Dictionary<string, float[]>)read;
        using JsonDocument index = JsonDocument.Parse(file);
        JsonElement map = index.RootElement.GetProperty("weight_map");
        foreach (JsonProperty tensor in map.EnumerateObject())
        {
            if (!Shards.TryGetValue(tensor.Value.GetString()!, out byte[]? shard) || !tensors.TryGetValue(tensor.Name, out float[]? values) || !SafetensorsHolds(new Dictionary<string, float[]> { [tensor.Name] = values }, shard))
                return false;
        }

        return tensors.Count == map.EnumerateObject().Count();
    }

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
        foreach (Func<StoryLayer, float[]> tensor in new Func<StoryLayer, float[]>[]
                 {
                     layer => layer.AttentionNorm, layer => layer.Attention.Query.ToArray(), layer => layer.Attention.Key.ToArray(),
                     layer => layer.Attention.Value.ToArray(), layer => layer.Attention.Output.ToArray(), layer => layer.FeedForwardNorm,
                     layer => layer.Gate, layer => layer.Down, layer => layer.Up,
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
        var strict = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);
        for (int token = 0; token < tokenizer.VocabularySize; token++)
        {
            int length = BinaryPrimitives.ReadInt32LittleEndian(file.AsSpan(position + 4));
            ReadOnlySpan<byte> piece = file.AsSpan(position + 8, length);
            position += 8 + length;
            string text;
            try
            {
                text = strict.GetString(piece);
            }
            catch (DecoderFallbackException)
            {
                continue;
            }

            // <0x0A> stands for a byte.
            bool isByte = text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text.EndsWith('>');
            if (!isByte && !tokenizer.Decode(0, token).SequenceEqual(piece))
                return false;
        }

        return position == file.Length;
    }

    private static byte[] SavedCache(params int[] lengths)
    {
        var cache = new AttentionCache(CacheShape, Math.Max(1, lengths.Max()), lengths.Length);
        for (int sequence = 0; sequence < lengths.Length; sequence++)
            cache.Append(sequence, TestNumbers.Random(sequence, CacheShape.KeyDim * lengths[sequence]), TestNumbers.Random(9 + sequence, CacheShape.ValueDim * lengths[sequence]));
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

    private static byte[] CTranslate2()
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
        writer.Write((uint)VariableNames.Length);
        foreach (var (name, shape) in VariableNames.Zip(new int[][] { [3, 4], [5], [0, 2] }))
        {
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
