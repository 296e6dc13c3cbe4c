using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Heads;

/// <summary>The heads of all-MiniLM-L6-v2, which makes a vector of a text.</summary>
public sealed class SentenceHeads
{
    private const string Ablation =
        "How far the vector of the text turns if the head is removed: 1 minus the cosine of both vectors. 0 means that nothing depends on the head.";

    private readonly SentenceTokenizer tokenizer;
    private readonly SentenceEncoder encoder;
    private readonly SentenceHeadsLayer[] layers;
    private readonly string[] vocabulary;
    private readonly int[] delimiters;
    private readonly int endToken;

    /// <summary>Packs the weights. The file may be closed afterwards.</summary>
    /// <param name="file">Weights of the shape of all-MiniLM-L6-v2, with its names.</param>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    /// <exception cref="InvalidDataException">The file is of another model.</exception>
    public SentenceHeads(SafetensorsFile file)
    {
        using (Stream stream = PackagedModel.OpenVocabulary())
        using (var reader = new StreamReader(stream))
            vocabulary = [.. reader.ReadToEnd().Split('\n').Select(line => line.TrimEnd('\r'))];
        using (Stream stream = PackagedModel.OpenVocabulary())
            tokenizer = new SentenceTokenizer(stream, "vocab.txt");
        encoder = new SentenceEncoder(file);
        layers = [.. Enumerable.Range(0, encoder.LayerCount).Select(layer =>
            new SentenceHeadsLayer(TransformerLayerWeights.From(file, TransformerTensorNames.Bert($"encoder.layer.{layer}"))))];
        endToken = Array.IndexOf(vocabulary, "[SEP]");
        delimiters = [Array.IndexOf(vocabulary, "[CLS]"), endToken, Array.IndexOf(vocabulary, "."), Array.IndexOf(vocabulary, ",")];
    }

    /// <summary>Number of layers.</summary>
    public int LayerCount => layers.Length;

    /// <summary>Loads the model that comes with the program.</summary>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public static SentenceHeads Load()
    {
        using SafetensorsFile file = PackagedModel.OpenWeights();
        return new SentenceHeads(file);
    }

    /// <summary>Reads each text.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="mostTokens">Where a longer text is cut off.</param>
    public HeadReport Report(IReadOnlyList<string> texts, int mostTokens) => new()
    {
        Model = PackagedModel.Name, AblationText = Ablation, Texts = [.. texts.Select(text => Read(text, mostTokens))],
    };

    /// <summary>Reads one text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="mostTokens">Where a longer text is cut off.</param>
    /// <param name="ablate">What changes if a layer's head is removed.</param>
    public ReadText Read(string text, int mostTokens, Func<int, int, double> ablate)
    {
        int[] ids = tokenizer.Encode(text, mostTokens).Ids;
        string[] tokens = [.. ids.Select(id => vocabulary[id])];
        var probabilities = new List<float[]>();
        int heads = SentenceHeadsLayer.Heads;
        LayerRun.Run(layers, Embed(ids), Measuring.Mask(layers.Length, heads), probabilities);
        return new ReadText(text, double.NaN,
        [
            Measuring.Measure(
                "self-attention", probabilities, heads, tokens, tokens, ids, () => new HeadStatistics(heads, causal: false, endToken, delimiters),
                isCross: false, ablate),
        ]);
    }

    /// <summary>The vector of a text, of length 1, with all heads or without one.</summary>
    /// <param name="text">The text.</param>
    /// <param name="mostTokens">Where a longer text is cut off.</param>
    /// <param name="layer">The layer of the head that is removed; −1 for none.</param>
    /// <param name="head">The head.</param>
    public float[] Vector(string text, int mostTokens, int layer = -1, int head = 0)
    {
        float[] rows = Embed(tokenizer.Encode(text, mostTokens).Ids), vector = new float[SentenceEncoder.Width];
        encoder.Pool(LayerRun.Run(layers, rows, Measuring.Mask(layers.Length, SentenceHeadsLayer.Heads, layer, head)), vector);
        return vector;
    }

    private ReadText Read(string text, int mostTokens)
    {
        float[] whole = Vector(text, mostTokens);
        return Read(text, mostTokens, (layer, head) => Turn(whole, Vector(text, mostTokens, layer, head)));
    }

    private float[] Embed(int[] ids)
    {
        var rows = new float[ids.Length * SentenceEncoder.Width];
        encoder.Embed(ids, [0, ids.Length], rows);
        return rows;
    }

    /// <summary>1 minus the cosine of two vectors of length 1, which is half of their squared distance; so few digits cancel.</summary>
    private static double Turn(float[] from, float[] to) => from.Zip(to).Sum(one => Math.Pow((double)one.First - one.Second, 2)) / 2;
}
