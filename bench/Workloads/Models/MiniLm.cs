using System.Numerics.Tensors;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Bench.Workloads;

/// <summary>all-MiniLM-L6-v2 as samples/Sentences finds it: a model file for onnxruntime, and the same weights for everybody else.</summary>
internal sealed class MiniLm
{
    public const int Width = 384;
    public const int LayerCount = 6;

    /// <summary>[CLS].</summary>
    public const int Begin = 101;

    /// <summary>[SEP].</summary>
    public const int End = 102;

    /// <summary>The first token that is a piece of a word.</summary>
    public const int FirstWord = 1996;

    private const float NormEpsilon = 1e-12f;

    private static readonly Lazy<MiniLm> Lazy = new(() => new MiniLm());

    private readonly SentenceTokenizer tokenizer;
    private readonly float[] tokens;
    private readonly float[] positions;
    private readonly float[] segments;
    private readonly float[] normWeight;
    private readonly float[] normBias;
    private readonly RowNormalization norm;

    private MiniLm()
    {
        using (Stream vocabulary = PackagedModel.OpenVocabulary())
            tokenizer = new SentenceTokenizer(vocabulary, "vocab.txt");
        using SafetensorsFile file = PackagedModel.OpenWeights();
        tokens = file.ReadFloat32("embeddings.word_embeddings.weight");
        positions = file.ReadFloat32("embeddings.position_embeddings.weight");
        segments = file.ReadFloat32("embeddings.token_type_embeddings.weight");
        normWeight = file.ReadFloat32("embeddings.LayerNorm.weight");
        normBias = file.ReadFloat32("embeddings.LayerNorm.bias");
        norm = new RowNormalization(Norm.Layer, normWeight, normBias, NormEpsilon);
        IEnumerable<TransformerTensorNames> names = Enumerable.Range(0, LayerCount).Select(layer => TransformerTensorNames.Bert($"encoder.layer.{layer}"));
        Layers = [.. names.Select(layer => TransformerLayerWeights.From(file, layer))];
    }

    /// <summary>The model; read on first use.</summary>
    public static MiniLm Instance => Lazy.Value;

    public IReadOnlyList<TransformerLayerWeights> Layers { get; }

    public int VocabularySize => tokens.Length / Width;

    /// <summary>The bytes of model.onnx.</summary>
    public static byte[] ReadOnnx()
    {
        using Stream stream = PackagedModel.OpenOnnx();
        var bytes = new byte[stream.Length];
        stream.ReadExactly(bytes);
        return bytes;
    }

    public int[] Tokenize(string text) => tokenizer.Encode(text, PackagedModel.MaxTokens).Ids;

    /// <summary>What the first layer reads: the sum of each token's embeddings, normalised.</summary>
    /// <param name="batch">The sentences.</param>
    /// <param name="rows">[tokens, Width].</param>
    public void Embed(SentenceBatch batch, Span<float> rows)
    {
        for (int sentence = 0; sentence < batch.Sentences; sentence++)
        {
            int first = batch.RowOffsets[sentence];
            for (int row = first; row < batch.RowOffsets[sentence + 1]; row++)
            {
                Span<float> sum = rows.Slice(row * Width, Width);
                TensorPrimitives.Add(tokens.AsSpan(batch.Ids[row] * Width, Width), positions.AsSpan((row - first) * Width, Width), sum);
                // Every token is of the first segment.
                TensorPrimitives.Add(sum, segments.AsSpan(0, Width), sum);
            }
        }
        norm.Apply(rows, rows);
    }

    /// <summary>The last hidden state of a sentence in double precision.</summary>
    /// <param name="ids">Its tokens.</param>
    /// <returns>[tokens, Width].</returns>
    public double[] Reference(ReadOnlySpan<int> ids)
    {
        var rows = new double[ids.Length * Width];
        for (int i = 0; i < rows.Length; i++)
        {
            int row = i / Width, column = i % Width;
            rows[i] = (double)tokens[ids[row] * Width + column] + positions[i] + segments[column];
        }
        rows = ReferenceNorm.Rows(Norm.Layer, rows, normWeight, normBias, NormEpsilon);
        // Only the length of these rows is read.
        var input = new float[rows.Length];
        foreach (TransformerLayerWeights layer in Layers)
            rows = ReferenceLayer.Forward(BertLayerH12D384.Shape, layer, new AttentionArguments { Input = input }, null, null, rows).Output;
        return rows;
    }
}
