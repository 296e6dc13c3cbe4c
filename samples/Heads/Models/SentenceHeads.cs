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

    /// <summary>Loads the model, which comes with the program.</summary>
    /// <exception cref="FileNotFoundException">The package's assembly is not beside the program.</exception>
    public SentenceHeads()
    {
        using (Stream stream = PackagedModel.OpenVocabulary())
        using (var reader = new StreamReader(stream))
            vocabulary = [.. reader.ReadToEnd().Split('\n').Select(line => line.TrimEnd('\r'))];
        using (Stream stream = PackagedModel.OpenVocabulary())
            tokenizer = new SentenceTokenizer(stream, "vocab.txt");
        using SafetensorsFile file = PackagedModel.OpenWeights();
        encoder = new SentenceEncoder(file);
        layers = [.. Enumerable.Range(0, encoder.LayerCount).Select(layer =>
            new SentenceHeadsLayer(TransformerLayerWeights.From(file, TransformerTensorNames.Bert($"encoder.layer.{layer}"))))];
        endToken = Array.IndexOf(vocabulary, "[SEP]");
        delimiters = [Array.IndexOf(vocabulary, "[CLS]"), endToken, Array.IndexOf(vocabulary, "."), Array.IndexOf(vocabulary, ",")];
    }

    /// <summary>Reads each text.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="mostTokens">Where a longer text is cut off.</param>
    public HeadReport Report(IReadOnlyList<string> texts, int mostTokens) => new()
    {
        Model = PackagedModel.Name, AblationText = Ablation, Texts = [.. texts.Select(text => Read(text, mostTokens))],
    };

    private ReadText Read(string text, int mostTokens)
    {
        int[] ids = tokenizer.Encode(text, mostTokens).Ids;
        string[] tokens = [.. ids.Select(id => vocabulary[id])];
        var rows = new float[ids.Length * SentenceEncoder.Width];
        encoder.Embed(ids, [0, ids.Length], rows);
        var probabilities = new List<float[]>();
        int heads = SentenceHeadsLayer.Heads;
        double[] whole = Pool(LayerRun.Run(layers, rows, Measuring.Mask(layers.Length, heads), probabilities));
        BlockOfLayers block = Measuring.Measure(
            "self-attention", probabilities, heads, tokens, tokens, ids, () => new HeadStatistics(heads, causal: false, endToken, delimiters), isCross: false,
            (layer, head) => 1 - Cosine(whole, Pool(LayerRun.Run(layers, rows, Measuring.Mask(layers.Length, heads, layer, head)))));
        return new ReadText(text, double.NaN, [block]);
    }

    /// <summary>The sum of the rows: their mean but for its length.</summary>
    private static double[] Pool(float[] rows)
    {
        var sum = new double[SentenceEncoder.Width];
        for (int i = 0; i < rows.Length; i++)
            sum[i % sum.Length] += rows[i];
        return sum;
    }

    private static double Cosine(double[] left, double[] right)
    {
        double product = 0, first = 0, second = 0;
        for (int i = 0; i < left.Length; i++)
        {
            product += left[i] * right[i];
            first += left[i] * left[i];
            second += right[i] * right[i];
        }

        return product / Math.Sqrt(first * second);
    }
}
