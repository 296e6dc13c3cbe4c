using System.Numerics.Tensors;

namespace AttentionGen.Samples.Transliterate;

/// <summary>An encoder-decoder Transformer whose layers and head are generated classes.</summary>
public sealed class Transliterator
{
    /// <summary>Longest word that is written.</summary>
    public const int MaxLength = 256;

    private readonly Embedding sourceEmbedding;
    private readonly Embedding targetEmbedding;
    private readonly TransformerStack<EncoderLayer> encoder;
    private readonly TransformerStack<DecoderLayer> decoder;
    private readonly RowNormalization encoderNorm;
    private readonly RowNormalization decoderNorm;
    private readonly CharacterHead head;

    /// <summary>Takes the weights of a model.</summary>
    /// <param name="file">A <c>TransformerBase</c> of the compiled widths.</param>
    /// <param name="source">Characters that it reads.</param>
    /// <param name="target">Characters that it writes.</param>
    /// <exception cref="InvalidDataException">A variable is missing, or has the wrong dimensions.</exception>
    /// <exception cref="NotSupportedException">The model has another shape than the compiled kernels.</exception>
    public Transliterator(CTranslate2File file, Vocabulary source, Vocabulary target)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(target);
        if (file.Specification != "TransformerBase")
            throw new NotSupportedException($"This program runs models of the kind TransformerBase, but this one is {file.Specification}.");
        const int Width = EncoderLayer.DModel;
        if (file.GetShape("encoder/embeddings/weight") is not [_, Width])
            throw NotCompiledFor($"DModel = {Width}", "embeddings", file, "encoder/embeddings/weight");
        if (file.GetShape("encoder/layer_0/ffn/linear_0/bias") is not [EncoderLayer.FeedForwardDim])
            throw NotCompiledFor($"FeedForwardDim = {EncoderLayer.FeedForwardDim}", "feed-forward networks", file, "encoder/layer_0/ffn/linear_0/bias");
        if (target.Count != CharacterHead.Outputs)
            throw new NotSupportedException(
                $"This program's head is compiled for {CharacterHead.Outputs} characters, but the model writes {target.Count}: change the attributes in "
                    + $"Layers.cs and build again.");

        Source = source;
        Target = target;
        sourceEmbedding = new Embedding(file, "encoder/embeddings/weight", source.Count, Width);
        targetEmbedding = new Embedding(file, "decoder/embeddings/weight", target.Count, Width);
        encoder = TransformerStack<EncoderLayer>.Create([.. Layers(file, "encoder").Select(prefix => new EncoderLayer(ModelWeights.Encoder(file, prefix)))]);
        decoder = TransformerStack<DecoderLayer>.Create([.. Layers(file, "decoder").Select(prefix => new DecoderLayer(ModelWeights.Decoder(file, prefix)))]);
        encoderNorm = ModelWeights.Normalization(file, "encoder/layer_norm", Width);
        decoderNorm = ModelWeights.Normalization(file, "decoder/layer_norm", Width);
        head = new CharacterHead(
            LinearWeights.FromSpans(file.Get("decoder/projection/weight", target.Count, Width), file.Get("decoder/projection/bias", target.Count)));
    }

    /// <summary>Characters that the model reads.</summary>
    public Vocabulary Source { get; }

    /// <summary>Characters that the model writes.</summary>
    public Vocabulary Target { get; }

    /// <summary>Number of layers of the encoder.</summary>
    public int EncoderLayerCount => encoder.Count;

    /// <summary>Number of layers of the decoder.</summary>
    public int DecoderLayerCount => decoder.Count;

    /// <summary>Reads a model's directory: <c>model.bin</c>, <c>source_vocabulary.txt</c> and <c>target_vocabulary.txt</c>.</summary>
    /// <param name="directory">The directory.</param>
    /// <exception cref="InvalidDataException">A file is malformed, or they do not fit together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="NotSupportedException">The model has another shape than the compiled kernels.</exception>
    public static Transliterator Load(string directory) => new(
        CTranslate2File.Read(Path.Combine(directory, "model.bin")),
        Vocabulary.Read(Path.Combine(directory, "source_vocabulary.txt")),
        Vocabulary.Read(Path.Combine(directory, "target_vocabulary.txt")));

    /// <summary>What the decoder reads of a source word: [ids, DModel].</summary>
    /// <param name="ids">The word's characters.</param>
    public float[] Encode(ReadOnlySpan<int> ids)
    {
        float[] state = sourceEmbedding.Embed(ids, firstPosition: 0);
        var memory = new float[state.Length];
        encoder.Forward(state, memory);
        encoderNorm.Apply(memory, memory);
        return memory;
    }

    /// <summary>The likeliest next character, again and again.</summary>
    /// <param name="word">The source word.</param>
    public string Transliterate(string word) => Transliterate(word, out _);

    /// <summary>The likeliest next character, again and again.</summary>
    /// <param name="word">The source word.</param>
    /// <param name="isCut">Whether <see cref="MaxLength"/> characters were written, and the model had not ended the word.</param>
    public string Transliterate(string word, out bool isCut)
    {
        int[] source = Source.Encode(word);
        isCut = source.Length > 0;
        if (source.Length == 0)
            return "";
        TransformerStackCache cache = StartDecoder(Encode(source), capacity: MaxLength);
        var written = new List<int>();
        int next = Vocabulary.Begin;
        while (written.Count < MaxLength)
        {
            float[] logProbabilities = Decode(cache, [next]);
            next = TensorPrimitives.IndexOfMax<float>(logProbabilities);
            isCut = next != Vocabulary.End;
            if (!isCut)
                break;
            written.Add(next);
        }
        return Target.Decode(written.ToArray());
    }

    /// <summary>The log-probability of each character of a given target word, and of its end.</summary>
    /// <param name="word">The source word, at least one character.</param>
    /// <param name="target">The target word.</param>
    /// <exception cref="ArgumentException">The source word is empty.</exception>
    public IReadOnlyList<(string Token, double LogProbability)> Score(string word, string target)
    {
        int[] source = Source.Encode(word);
        if (source.Length == 0)
            throw new ArgumentException("The source word is empty.", nameof(word));
        int[] expected = [.. Target.Encode(target), Vocabulary.End];
        // The whole word is known: one call reads it, each row predicting the next character.
        float[] logProbabilities = Decode(StartDecoder(Encode(source), expected.Length), [Vocabulary.Begin, .. expected[..^1]]);
        return [.. expected.Select((id, row) => (Target[id], (double)logProbabilities[row * Target.Count + id]))];
    }

    /// <summary>An empty decoder that reads this memory.</summary>
    /// <param name="memory">What <see cref="Encode"/> gave.</param>
    /// <param name="capacity">Most characters that it will read.</param>
    public TransformerStackCache StartDecoder(ReadOnlySpan<float> memory, int capacity)
    {
        TransformerStackCache cache = decoder.CreateCache(capacity, memory.Length / DecoderLayer.MemoryDim, batch: 1);
        decoder.ProjectMemory(memory, cache);
        return cache;
    }

    /// <summary>Reads further characters: [ids, Target.Count] log-probabilities of what follows each.</summary>
    /// <param name="cache">Which characters came before.</param>
    /// <param name="ids">The next characters.</param>
    public float[] Decode(TransformerStackCache cache, ReadOnlySpan<int> ids)
    {
        ArgumentNullException.ThrowIfNull(cache);
        float[] state = targetEmbedding.Embed(ids, firstPosition: cache.Length), output = new float[state.Length];
        decoder.Forward(state, output, cache);
        decoderNorm.Apply(output, output);
        var logits = new float[ids.Length * Target.Count];
        head.Forward(output, logits);
        for (int row = 0; row < ids.Length; row++)
            LogSoftMax(logits.AsSpan(row * Target.Count, Target.Count));
        return logits;
    }

    private static NotSupportedException NotCompiledFor(string width, string what, CTranslate2File file, string variable) => new(
        $"This program's layers are compiled for {width}, but the model has {what} of [{string.Join(", ", file.GetShape(variable))}]: change the attributes in "
            + $"Layers.cs and build again.");

    private static void LogSoftMax(Span<float> row)
    {
        float max = TensorPrimitives.Max<float>(row);
        double sum = 0;
        foreach (float value in row)
            sum += Math.Exp(value - max);
        TensorPrimitives.Subtract(row, (float)(max + Math.Log(sum)), row);
    }

    private static IEnumerable<string> Layers(CTranslate2File file, string stack)
    {
        for (int i = 0; file.Contains($"{stack}/layer_{i}/self_attention/linear_0/weight"); i++)
            yield return $"{stack}/layer_{i}";
    }
}
