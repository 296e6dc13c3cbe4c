namespace AttentionGen.Bench.Decode;

/// <summary>The weights of a small Llama, at random: every format has the same numbers, rounded to it.</summary>
internal sealed class SmallLlama
{
    public const int LayerCount = 12;
    public const int Width = 576;
    public const int Heads = 9;
    public const int KvHeads = 3;
    public const int HeadDim = 64;
    public const int Inner = 1536;
    public const int Tokens = 32_000;
    public const float NormEpsilon = 1e-5f;

    public SmallLlama()
    {
        Layers = [.. Enumerable.Range(0, LayerCount).Select(layer => TransformerLayerWeights.Random(Float32Layer.Shape, layer + 1))];
        Head = LinearWeights.Random(Float32Head.Shape, 99);
        // Rows of the head serve as embeddings: what they are does not change the speed.
        Norm = new float[Width];
        Norm.AsSpan().Fill(1);
    }

    public IReadOnlyList<TransformerLayerWeights> Layers { get; }

    public LinearWeights Head { get; }

    /// <summary>The norm before the head.</summary>
    public float[] Norm { get; }

    /// <summary>
    /// Bytes of the matrices and norms that a token reads, in a format: all but the table of embeddings, of which it reads one row. The inputs of every matrix
    /// are whole blocks.
    /// </summary>
    public static long WeightBytes(WeightFormat format)
    {
        const int KeyWidth = KvHeads * HeadDim;
        long layer = (2 * Width * Width) + (2 * Width * KeyWidth) + (3 * Width * Inner);
        return (long)(((LayerCount * layer) + (Width * Tokens)) * BitsOf(format) / 8) + (sizeof(float) * ((2L * LayerCount) + 1) * Width);
    }

    public ReadOnlySpan<float> Embedding(int token) => Head.Weight.Slice(token * Width, Width);

    private static double BitsOf(WeightFormat format) => format switch
    {
        WeightFormat.Float32 => 32,
        WeightFormat.BFloat16 or WeightFormat.Float16 => 16,
        WeightFormat.Int8Blocks => 8.5,
        WeightFormat.Int4Blocks => 4.5,
        _ => 8,
    };
}
