using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace AttentionGen.Samples.Stories;

/// <summary>
/// A model: a llama2.c checkpoint of version 0, which is seven 32-bit integers and then every tensor as little-endian float32, or a GGUF file.
/// </summary>
public sealed class StoryCheckpoint
{
    private const int HeaderBytes = 7 * sizeof(int);

    // Generous for any model, and small enough that no product below overflows 64 bits.
    private const int LargestHeaderValue = 1 << 20;

    // More than any model has; the objects of a layer take memory however narrow it is.
    private const int MostLayers = 512;

    private StoryCheckpoint(Header header, float[] embedding, TransformerLayerWeights[] layers, float[] finalNorm, float[] classifier)
    {
        (Dim, HiddenDim, LayerCount, Heads, KvHeads, VocabularySize, MaxPositions, _) = header;
        Embedding = embedding;
        Layers = layers;
        FinalNorm = finalNorm;
        Classifier = classifier;
    }

    /// <summary>Width of the residual stream.</summary>
    public int Dim { get; }

    /// <summary>Width inside the feed-forward network.</summary>
    public int HiddenDim { get; }

    /// <summary>Number of layers.</summary>
    public int LayerCount { get; }

    /// <summary>Number of query heads.</summary>
    public int Heads { get; }

    /// <summary>Number of key/value heads.</summary>
    public int KvHeads { get; }

    /// <summary>Number of tokens.</summary>
    public int VocabularySize { get; }

    /// <summary>Longest sequence that the model was trained for.</summary>
    public int MaxPositions { get; }

    /// <summary>[VocabularySize, Dim].</summary>
    public float[] Embedding { get; }

    /// <summary>The layers, first to last.</summary>
    public IReadOnlyList<TransformerLayerWeights> Layers { get; }

    /// <summary>[Dim]: scale of the norm before the classifier.</summary>
    public float[] FinalNorm { get; }

    /// <summary>[VocabularySize, Dim]; the same array as <see cref="Embedding"/> where the model ties them.</summary>
    public float[] Classifier { get; }

    /// <summary>Reads a checkpoint.</summary>
    /// <param name="path">The file.</param>
    /// <exception cref="InvalidDataException">The file is not a checkpoint of this form.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static StoryCheckpoint Read(string path)
    {
        using FileStream stream = File.OpenRead(path);
        Header header = ReadHeader(stream, path);
        long expected = HeaderBytes + header.FloatCount * sizeof(float);
        if (stream.Length != expected)
            throw new InvalidDataException($"{path}: the header describes a file of {expected} bytes, but the file has {stream.Length}.");

        // The file keeps each kind of tensor together, layer after layer.
        (int dim, int hidden, int layers, int heads, int kvHeads, int vocabulary, int positions, bool tied) = header;
        int keyDim = dim / heads * kvHeads;
        float[] embedding = ReadFloats(stream, vocabulary * dim);
        float[][] attentionNorms = ReadTensors(stream, layers, dim);
        float[][] queries = ReadTensors(stream, layers, dim * dim);
        float[][] keys = ReadTensors(stream, layers, keyDim * dim);
        float[][] values = ReadTensors(stream, layers, keyDim * dim);
        float[][] outputs = ReadTensors(stream, layers, dim * dim);
        float[][] feedForwardNorms = ReadTensors(stream, layers, dim);
        float[][] gates = ReadTensors(stream, layers, hidden * dim);
        float[][] downs = ReadTensors(stream, layers, dim * hidden);
        float[][] ups = ReadTensors(stream, layers, hidden * dim);
        float[] finalNorm = ReadFloats(stream, dim);
        // Rotary tables follow, which the kernel computes for itself.
        stream.Seek((long)positions * (dim / heads) * sizeof(float), SeekOrigin.Current);
        float[] classifier = tied ? embedding : ReadFloats(stream, vocabulary * dim);

        var all = new TransformerLayerWeights[layers];
        for (int i = 0; i < layers; i++)
        {
            all[i] = new TransformerLayerWeights
            {
                AttentionNorm = attentionNorms[i],
                Attention = AttentionWeights.FromSpans(queries[i], keys[i], values[i], outputs[i]),
                FeedForwardNorm = feedForwardNorms[i],
                Gate = gates[i],
                Up = ups[i],
                Down = downs[i],
            };
        }
        return new StoryCheckpoint(header, embedding, all, finalNorm, classifier);
    }

    /// <summary>Reads a model from a GGUF file, whose metadata say what its numbers are. Matrices stay in the format of the file.</summary>
    /// <param name="file">An open file.</param>
    /// <exception cref="NotSupportedException">The model is no Llama of this kind.</exception>
    /// <exception cref="InvalidDataException">The file's tensors and metadata do not belong together.</exception>
    /// <exception cref="ArgumentException">The file lacks a tensor or a number.</exception>
    public static StoryCheckpoint Read(GgufFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        string architecture = file.Metadata.GetString("general.architecture");
        if (architecture != "llama")
            throw new NotSupportedException($"{file.Path}: the model is of the architecture '{architecture}'; expected 'llama'.");
        float frequency = file.Metadata.GetNumber("llama.rope.freq_base", 10_000f), epsilon = Number<float>("attention.layer_norm_rms_epsilon");
        if (frequency != StoryLayer.Shape.Attention.RotaryBase || epsilon != StoryLayer.Shape.NormEpsilon)
            throw new NotSupportedException(FormattableString.Invariant(
                $"{file.Path}: the model has rope.freq_base {frequency} and layer_norm_rms_epsilon {epsilon}; {nameof(StoryLayer)} is compiled for others."));
        bool tied = !file.Contains("output.weight");
        int heads = Number<int>("attention.head_count"), layers = Number<int>("block_count"), dim = Number<int>("embedding_length");
        var header = new Header(
            dim, Number<int>("feed_forward_length"), layers, heads, file.Metadata.GetNumber("llama.attention.head_count_kv", heads),
            (int)Math.Min(file.GetInfo("token_embd.weight").ElementCount / Math.Max(1, dim), int.MaxValue), Number<int>("context_length"), tied);
        if (layers is < 1 or > MostLayers || header.Positions is < 1 or > LargestHeaderValue)
            throw new InvalidDataException(
                $"{file.Path}: llama.block_count must be 1 to {MostLayers}, and llama.context_length 1 to {LargestHeaderValue}, but they are {layers} and "
                    + $"{header.Positions}.");
        float[] embedding = file.ReadFloat32("token_embd.weight");
        return new StoryCheckpoint(
            header,
            embedding,
            [.. Enumerable.Range(0, layers).Select(layer => TransformerLayerWeights.From(file, TransformerTensorNames.GgufLlama(layer)))],
            file.ReadFloat32("output_norm.weight"),
            tied ? embedding : file.ReadFloat32("output.weight"));

        T Number<T>(string key)
            where T : struct, INumber<T> => file.Metadata.GetNumber<T>($"llama.{key}");
    }

    private static Header ReadHeader(FileStream stream, string path)
    {
        Span<byte> bytes = stackalloc byte[HeaderBytes];
        if (stream.ReadAtLeast(bytes, HeaderBytes, throwOnEndOfStream: false) < HeaderBytes)
            throw new InvalidDataException($"{path}: a checkpoint starts with {HeaderBytes} bytes of header, but the file has {stream.Length}.");
        Span<int> values = stackalloc int[7];
        ReadOnlySpan<string> names = ["dim", "hidden_dim", "n_layers", "n_heads", "n_kv_heads", "vocab_size", "seq_len"];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = BinaryPrimitives.ReadInt32LittleEndian(bytes[(i * sizeof(int))..]);
            // Only the vocabulary size has a sign: a negative one announces a classifier of its own.
            int largest = names[i] == "n_layers" ? MostLayers : LargestHeaderValue;
            bool valid = values[i] != 0 && values[i] <= largest && values[i] >= (names[i] == "vocab_size" ? -largest : 1);
            if (!valid)
                throw new InvalidDataException(
                    $"{path}: {names[i]} in the header must be 1 to {largest}, but is {values[i]}; is this a llama2.c checkpoint of version 0?");
        }
        var header = new Header(values[0], values[1], values[2], values[3], values[4], Math.Abs(values[5]), values[6], values[5] > 0);
        if (header.Dim % header.Heads != 0)
            throw new InvalidDataException($"{path}: dim must be a multiple of n_heads, but {header.Dim} is not a multiple of {header.Heads}.");
        if (header.Heads % header.KvHeads != 0)
            throw new InvalidDataException($"{path}: n_heads must be a multiple of n_kv_heads, but {header.Heads} is not a multiple of {header.KvHeads}.");
        if (header.Dim / header.Heads % 2 != 0)
            throw new InvalidDataException($"{path}: rotary embedding needs an even head dimension, but dim / n_heads is {header.Dim / header.Heads}.");
        if ((long)Math.Max(Math.Max(header.Dim, header.HiddenDim), header.Vocabulary) * header.Dim > Array.MaxLength)
            throw new InvalidDataException($"{path}: the header describes matrices of more than {Array.MaxLength} elements.");
        return header;
    }

    private static float[][] ReadTensors(FileStream stream, int count, int floats)
    {
        var tensors = new float[count][];
        for (int i = 0; i < count; i++)
            tensors[i] = ReadFloats(stream, floats);
        return tensors;
    }

    private static float[] ReadFloats(FileStream stream, int count)
    {
        var values = new float[count];
        stream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        if (!BitConverter.IsLittleEndian)
        {
            Span<int> bits = MemoryMarshal.Cast<float, int>(values.AsSpan());
            BinaryPrimitives.ReverseEndianness(bits, bits);
        }
        return values;
    }

    private readonly record struct Header(
        int Dim, int HiddenDim, int Layers, int Heads, int KvHeads, int Vocabulary, int Positions, bool TiedClassifier)
    {
        /// <summary>Floats behind the header.</summary>
        public long FloatCount
        {
            get
            {
                long dim = Dim;
                long keyDim = dim / Heads * KvHeads;
                long perLayer = 2 * dim + 2 * dim * dim + 2 * keyDim * dim + 3 * dim * HiddenDim;
                long tables = (long)Positions * (dim / Heads);
                return Vocabulary * dim * (TiedClassifier ? 1 : 2) + Layers * perLayer + dim + tables;
            }
        }
    }
}
