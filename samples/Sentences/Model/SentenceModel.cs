namespace AttentionGen.Samples.Sentences;

/// <summary>Makes vectors of texts: similar vectors for texts that say similar things. Several threads may use one object.</summary>
public sealed class SentenceModel
{
    /// <summary>Numbers of a vector.</summary>
    public const int Dimensions = SentenceEncoder.Width;

    // Tokens that go through the encoder in one call: enough to read the weights seldom, and 25 MB of rows.
    private const int BatchTokens = 4096;

    private readonly SentenceTokenizer tokenizer;

    private SentenceModel(string name, SentenceTokenizer tokenizer, SentenceEncoder encoder, int maxTokens)
    {
        (Name, this.tokenizer, Encoder, MaxTokens) = (name, tokenizer, encoder, maxTokens);
        if (tokenizer.Count != encoder.VocabularySize)
            throw new InvalidDataException(
                $"The vocabulary of {name} has {tokenizer.Count} tokens, but its weights are for {encoder.VocabularySize}: they do not belong together.");
        if (maxTokens < 2 || maxTokens > encoder.MaxPositions)
            throw new InvalidDataException($"{name} is to read {maxTokens} tokens of a text, but its weights are for 2 to {encoder.MaxPositions}.");
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>What makes vectors of tokens.</summary>
    public SentenceEncoder Encoder { get; }

    /// <summary>The most tokens that it reads of a text, [CLS] and [SEP] included.</summary>
    public int MaxTokens { get; }

    /// <summary>Loads all-MiniLM-L6-v2, which comes with the program.</summary>
    /// <param name="isInt8">Whether weights are stored, and multiplied, in int8.</param>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public static SentenceModel LoadPackaged(bool isInt8 = false)
    {
        using SafetensorsFile weights = PackagedModel.OpenWeights();
        return WithWeights(PackagedModel.Name, weights, isInt8);
    }

    /// <summary>The model that comes with the program, with other weights: those that a training gave.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="weights">An open file of the same shape; it may be closed afterwards.</param>
    /// <param name="isInt8">Whether weights are stored, and multiplied, in int8.</param>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, or of another model.</exception>
    public static SentenceModel WithWeights(string name, SafetensorsFile weights, bool isInt8 = false)
    {
        using Stream vocabulary = PackagedModel.OpenVocabulary();
        var tokenizer = new SentenceTokenizer(vocabulary, "vocab.txt");
        return new SentenceModel(name, tokenizer, new SentenceEncoder(weights, isInt8: isInt8), PackagedModel.MaxTokens);
    }

    /// <summary>Loads a model from a folder, as Hugging Face has it.</summary>
    /// <param name="directory">With model.safetensors and vocab.txt.</param>
    /// <param name="isInt8">Whether weights are stored, and multiplied, in int8.</param>
    /// <exception cref="IOException">A file is missing, or cannot be read.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or of another model than the compiled one.</exception>
    public static SentenceModel Load(string directory, bool isInt8 = false)
    {
        ModelFolder folder = ModelFolder.Open(directory);
        using Stream vocabulary = File.OpenRead(folder.Vocabulary);
        var tokenizer = new SentenceTokenizer(vocabulary, folder.Vocabulary);
        using SafetensorsFile weights = SafetensorsFile.Open(folder.Weights);
        var encoder = new SentenceEncoder(weights, folder.Pooling, isInt8);
        return new SentenceModel(folder.Name, tokenizer, encoder, folder.MaxTokens ?? encoder.MaxPositions);
    }

    /// <summary>The tokens of a text; the end of a text that is too long is cut off.</summary>
    /// <param name="text">Any text.</param>
    public SentenceTokens Tokenize(string text) => tokenizer.Encode(text, MaxTokens);

    /// <summary>One vector of length 1 for each text.</summary>
    /// <param name="texts">Any number of tokenised texts.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <param name="progress">Is told after each batch how many texts are done.</param>
    /// <exception cref="ArgumentException">A text has too many tokens.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public float[][] Embed(IReadOnlyList<SentenceTokens> texts, ForwardOptions options = default, IProgress<int>? progress = null)
    {
        ArgumentNullException.ThrowIfNull(texts);
        var embeddings = new float[texts.Count][];
        for (int first = 0, next; first < texts.Count; first = next)
        {
            int tokens = texts[first].Ids.Length;
            for (next = first + 1; next < texts.Count && tokens + texts[next].Ids.Length <= BatchTokens; next++)
                tokens += texts[next].Ids.Length;
            EmbedBatch(texts, first, next, tokens, embeddings, options);
            progress?.Report(next);
        }

        return embeddings;
    }

    private void EmbedBatch(IReadOnlyList<SentenceTokens> texts, int first, int next, int tokens, float[][] embeddings, ForwardOptions options)
    {
        var ids = new int[tokens];
        var rowOffsets = new int[next - first + 1];
        for (int text = first; text < next; text++)
        {
            int start = rowOffsets[text - first];
            texts[text].Ids.CopyTo(ids, start);
            rowOffsets[text - first + 1] = start + texts[text].Ids.Length;
        }

        var vectors = new float[(next - first) * Dimensions];
        Encoder.Encode(ids, rowOffsets, vectors, options);
        for (int text = first; text < next; text++)
            embeddings[text] = vectors.AsSpan((text - first) * Dimensions, Dimensions).ToArray();
    }
}
