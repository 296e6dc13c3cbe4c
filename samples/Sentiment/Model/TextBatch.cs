using System.Numerics.Tensors;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>The texts of one step, one after the other, and room for everything that is computed of them.</summary>
/// <param name="mostTexts">The most texts.</param>
/// <param name="mostTokens">The most tokens of all texts together.</param>
internal sealed class TextBatch(int mostTexts, int mostTokens)
{
    private const int Width = SentenceEncoder.Width;

    private readonly int[] ids = new int[mostTokens];
    private readonly int[] rowOffsets = new int[mostTexts + 1];
    private readonly int[] labels = new int[mostTexts];
    private readonly float[] lengths = new float[mostTexts];
    private readonly float[] rows = new float[mostTokens * Width];
    private readonly float[] rowGradients = new float[mostTokens * Width];
    private readonly float[] output = new float[mostTokens * Width];
    private readonly float[] outputGradients = new float[mostTokens * Width];
    private readonly float[] vectors = new float[mostTexts * Width];
    private readonly float[] vectorGradients = new float[mostTexts * Width];
    private readonly float[] logits = new float[mostTexts * 2];

    /// <summary>Texts.</summary>
    public int Count { get; private set; }

    /// <summary>[tokens].</summary>
    public ReadOnlySpan<int> Ids => ids.AsSpan(0, Tokens);

    /// <summary>[texts + 1]: the first token of each text.</summary>
    public ReadOnlySpan<int> RowOffsets => rowOffsets.AsSpan(0, Count + 1);

    /// <summary>[texts].</summary>
    public Span<int> Labels => labels.AsSpan(0, Count);

    /// <summary>[texts]: what the sum of a text's rows was divided by.</summary>
    public Span<float> Lengths => lengths.AsSpan(0, Count);

    /// <summary>[tokens, Width]: the embeddings of the tokens.</summary>
    public Span<float> Rows => rows.AsSpan(0, Tokens * Width);

    /// <summary>As <see cref="Rows"/>.</summary>
    public Span<float> RowGradients => rowGradients.AsSpan(0, Tokens * Width);

    /// <summary>[tokens, Width]: what the last layer gives.</summary>
    public Span<float> Output => output.AsSpan(0, Tokens * Width);

    /// <summary>As <see cref="Output"/>.</summary>
    public Span<float> OutputGradients => outputGradients.AsSpan(0, Tokens * Width);

    /// <summary>[texts, Width].</summary>
    public Span<float> Vectors => vectors.AsSpan(0, Count * Width);

    /// <summary>As <see cref="Vectors"/>.</summary>
    public Span<float> VectorGradients => vectorGradients.AsSpan(0, Count * Width);

    /// <summary>[texts, 2]: logits, and then their gradients.</summary>
    public Span<float> Logits => logits.AsSpan(0, Count * 2);

    private int Tokens => rowOffsets[Count];

    /// <summary>Takes some texts.</summary>
    public void Take(IReadOnlyList<int[]> texts, ReadOnlySpan<int> chosen)
    {
        Count = chosen.Length;
        for (int place = 0; place < chosen.Length; place++)
        {
            int[] text = texts[chosen[place]];
            text.CopyTo(ids, rowOffsets[place]);
            rowOffsets[place + 1] = rowOffsets[place] + text.Length;
        }
    }

    /// <summary>[tokens, Width] of one text.</summary>
    public ReadOnlySpan<float> OutputOf(int place) => output.AsSpan(rowOffsets[place] * Width, (rowOffsets[place + 1] - rowOffsets[place]) * Width);

    /// <summary>
    /// Takes the gradients of vectors back to rows. With the sum s of a text's rows its vector is e = s / |s|, so each of its rows has the gradient
    /// (g − (g · e) e) / |s|.
    /// </summary>
    public void Unpool()
    {
        for (int place = 0; place < Count; place++)
        {
            ReadOnlySpan<float> vector = vectors.AsSpan(place * Width, Width), gradient = vectorGradients.AsSpan(place * Width, Width);
            Span<float> first = outputGradients.AsSpan(rowOffsets[place] * Width, Width);
            TensorPrimitives.MultiplyAdd(vector, -TensorPrimitives.Dot(gradient, vector), gradient, first);
            TensorPrimitives.Divide(first, lengths[place], first);
            for (int row = rowOffsets[place] + 1; row < rowOffsets[place + 1]; row++)
                first.CopyTo(outputGradients.AsSpan(row * Width));
        }
    }
}
