using AttentionGen.Samples.Transliterate;

namespace AttentionGen.Samples.Heads;

/// <summary>The heads of an encoder and a decoder, which write Arabic words in Latin letters: also what the decoder reads while it writes.</summary>
public sealed class TransliterateHeads
{
    private const string Ablation =
        "How much less sure the model is of what it writes if the head is removed: the loss without it minus the loss, in nats a character. "
            + "Below 0 the model is surer without it.";

    private const int Heads = EncoderHeadsLayer.Heads, Width = EncoderHeadsLayer.DModel;

    private readonly Transliterator model;
    private readonly EncoderHeadsLayer[] encoder;
    private readonly DecoderBlocks[] decoder;
    private readonly Embedding sourceEmbedding;
    private readonly Embedding targetEmbedding;
    private readonly RowNormalization encoderNorm;
    private readonly RowNormalization decoderNorm;
    private readonly CharacterHead head;

    /// <summary>Reads a model's directory, as samples/Transliterate does.</summary>
    /// <param name="directory">With model.bin and the two vocabularies.</param>
    /// <exception cref="InvalidDataException">A file is malformed, or they do not fit together.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    /// <exception cref="NotSupportedException">The model has another shape than the compiled layers.</exception>
    public TransliterateHeads(string directory)
    {
        // It refuses a model of another shape.
        model = Transliterator.Load(directory);
        CTranslate2File file = CTranslate2File.Read(Path.Combine(directory, "model.bin"));
        encoder = [.. Enumerable.Range(0, model.EncoderLayerCount).Select(layer =>
            new EncoderHeadsLayer(ModelWeights.Encoder(file, $"encoder/layer_{layer}")))];
        decoder = [.. Enumerable.Range(0, model.DecoderLayerCount).Select(layer =>
            new DecoderBlocks(ModelWeights.Decoder(file, $"decoder/layer_{layer}"), DecoderLayer.Shape.NormEpsilon))];
        sourceEmbedding = new Embedding(file, "encoder/embeddings/weight", model.Source.Count, Width);
        targetEmbedding = new Embedding(file, "decoder/embeddings/weight", model.Target.Count, Width);
        encoderNorm = ModelWeights.Normalization(file, "encoder/layer_norm", Width);
        decoderNorm = ModelWeights.Normalization(file, "decoder/layer_norm", Width);
        int characters = model.Target.Count;
        head = new CharacterHead(
            LinearWeights.FromSpans(file.Get("decoder/projection/weight", characters, Width), file.Get("decoder/projection/bias", characters)));
    }

    /// <summary>Writes each word, and measures the heads meanwhile.</summary>
    /// <param name="name">The model's name.</param>
    /// <param name="words">Words that are not empty.</param>
    /// <param name="mostTokens">Where a longer word is cut off.</param>
    public HeadReport Report(string name, IReadOnlyList<string> words, int mostTokens) => new()
    {
        Model = name, AblationText = Ablation, Texts = [.. words.Select(word => Read(word, mostTokens))],
    };

    private ReadText Read(string word, int mostTokens)
    {
        int[] source = [.. model.Source.Encode(word).Take(mostTokens)];
        string written = model.Transliterate(word);
        int[] expected = [.. model.Target.Encode(written).Take(mostTokens - 1), Vocabulary.End], input = [Vocabulary.Begin, .. expected[..^1]];
        Masks all = new(Full(encoder), Full(decoder), Full(decoder));
        var seen = new Seen();
        double loss = Loss(source, input, expected, all, seen);
        string[] sourceTokens = [.. source.Select(id => model.Source[id])], inputTokens = [.. input.Select(id => model.Target[id])];

        double Effect(Masks masks) => Loss(source, input, expected, masks, null) - loss;
        BlockOfLayers[] blocks =
        [
            Measuring.Measure(
                "decoder reads the source: a row for each character that it writes", seen.Cross, Heads, [.. expected.Select(id => model.Target[id])],
                sourceTokens, source, () => new HeadStatistics(Heads), isCross: true,
                (layer, removed) => Effect(all with { Cross = Measuring.Mask(decoder.Length, Heads, layer, removed) })),
            Measuring.Measure(
                "decoder reads what it has written", seen.Self, Heads, inputTokens, inputTokens, input, () => new HeadStatistics(Heads, causal: true),
                isCross: false, (layer, removed) => Effect(all with { Self = Measuring.Mask(decoder.Length, Heads, layer, removed) })),
            Measuring.Measure(
                "encoder reads the source", seen.Encoder, Heads, sourceTokens, sourceTokens, source, () => new HeadStatistics(Heads), isCross: false,
                (layer, removed) => Effect(all with { Encoder = Measuring.Mask(encoder.Length, Heads, layer, removed) })),
        ];
        return new ReadText($"{word} → {written}", loss, blocks);
    }

    private static float[] Full<T>(T[] layers) => Measuring.Mask(layers.Length, Heads);

    /// <summary>How unsure the model is of what it writes; the whole word is known, so one call computes all its characters.</summary>
    private double Loss(int[] source, int[] input, int[] expected, Masks masks, Seen? seen)
    {
        float[] memory = LayerRun.Run(encoder, sourceEmbedding.Embed(source, firstPosition: 0), masks.Encoder, seen?.Encoder);
        encoderNorm.Apply(memory, memory);
        float[] rows = targetEmbedding.Embed(input, firstPosition: 0);
        for (int layer = 0; layer < decoder.Length; layer++)
        {
            float[] self = seen is null ? [] : new float[Heads * input.Length * input.Length];
            float[] cross = seen is null ? [] : new float[Heads * input.Length * source.Length];
            decoder[layer].Run(rows, memory, masks.Self.AsSpan(layer * Heads, Heads), masks.Cross.AsSpan(layer * Heads, Heads), self, cross);
            seen?.Self.Add(self);
            seen?.Cross.Add(cross);
        }

        decoderNorm.Apply(rows, rows);
        var logits = new float[input.Length * CharacterHead.Outputs];
        head.Forward(rows, logits);
        return CrossEntropy.Compute(logits, expected);
    }

    /// <summary>Factors of the heads of each attention, [layers, heads].</summary>
    private sealed record Masks(float[] Encoder, float[] Self, float[] Cross);

    /// <summary>The probabilities of each attention, layer by layer.</summary>
    private sealed class Seen
    {
        public List<float[]> Encoder { get; } = [];

        public List<float[]> Self { get; } = [];

        public List<float[]> Cross { get; } = [];
    }
}
