using System.Buffers;
using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>A BERT encoder of the compiled shape: from the tokens of several texts, one after the other, to one vector for each.</summary>
/// <remarks>Several threads may use one object. A text's vector has the same bits alone, in every batch, and on any number of threads.</remarks>
public sealed class SentenceEncoder
{
    /// <summary>Numbers of a vector.</summary>
    public const int Width = SentenceLayer.DModel;

    /// <summary>What BERT adds to each variance.</summary>
    internal const float NormEpsilon = 1e-12f;

    private readonly float[] tokens;
    private readonly float[] positions;
    private readonly RowNormalization embeddingNorm;
    private readonly SentenceLayers layers;
    private readonly Pooling pooling;

    /// <summary>Reads and packs the weights. The file may be closed afterwards.</summary>
    /// <param name="file">With the names of Hugging Face's BERT.</param>
    /// <param name="pooling">How the model makes one vector of many.</param>
    /// <param name="isInt8">Whether weights are stored, and multiplied, in int8: faster, and nearly the same vectors.</param>
    /// <exception cref="InvalidDataException">A tensor is missing, or has other dimensions than the compiled ones.</exception>
    public SentenceEncoder(SafetensorsFile file, Pooling pooling = Pooling.Mean, bool isInt8 = false)
    {
        var tensors = new ModelTensors(file);
        tokens = tensors.Read("embeddings.word_embeddings.weight", -1, Width);
        positions = tensors.Read("embeddings.position_embeddings.weight", -1, Width);
        // Every token is of the first segment: its embedding is that of each position.
        float[] segments = tensors.Read("embeddings.token_type_embeddings.weight", -1, Width);
        for (int start = 0; start < positions.Length; start += Width)
            TensorPrimitives.Add(positions.AsSpan(start, Width), segments.AsSpan(0, Width), positions.AsSpan(start, Width));
        embeddingNorm = new RowNormalization(
            Norm.Layer, tensors.Read("embeddings.LayerNorm.weight", Width), tensors.Read("embeddings.LayerNorm.bias", Width), NormEpsilon);

        int count = 0;
        while (tensors.Contains($"encoder.layer.{count}.output.dense.weight"))
            count++;
        if (count == 0)
            throw new InvalidDataException(
                $"'{file.Path}' has no tensor {tensors.Prefix}encoder.layer.0.output.dense.weight: it has no layer of a BERT encoder.");
        try
        {
            layers = SentenceLayers.Load(file, layer => TransformerTensorNames.Bert($"{tensors.Prefix}encoder.layer.{layer}"), count, isInt8);
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            throw new InvalidDataException($"'{file.Path}' does not fit this program, which runs all-MiniLM-L6-v2 and models of its shape. {e.Message}", e);
        }

        this.pooling = pooling;
    }

    /// <summary>Number of tokens that have an embedding.</summary>
    public int VocabularySize => tokens.Length / Width;

    /// <summary>Longest text, in tokens.</summary>
    public int MaxPositions => positions.Length / Width;

    /// <summary>Number of layers.</summary>
    public int LayerCount => layers.Count;

    /// <summary>Encodes texts: vectors of length 1.</summary>
    /// <param name="ids">The tokens of all texts, one text after the other.</param>
    /// <param name="rowOffsets">[texts + 1]: the first token of each text, and the end of the last one.</param>
    /// <param name="embeddings">[texts, Width].</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">A token, an offset or a length is out of range. Nothing is written then.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    public void Encode(ReadOnlySpan<int> ids, ReadOnlySpan<int> rowOffsets, Span<float> embeddings, ForwardOptions options = default)
    {
        Check(ids, rowOffsets);
        int texts = rowOffsets.Length - 1;
        if (embeddings.Length != texts * Width)
            throw new ArgumentException(
                $"embeddings.Length is {embeddings.Length}; expected {texts * Width}, {Width} for each of {texts} texts.", nameof(embeddings));
        int length = ids.Length * Width;
        float[] input = ArrayPool<float>.Shared.Rent(length), output = ArrayPool<float>.Shared.Rent(length);
        try
        {
            Embed(ids, rowOffsets, input.AsSpan(0, length));
            layers.Forward(input.AsSpan(0, length), output.AsSpan(0, length), rowOffsets, in options);
            for (int text = 0; text < texts; text++)
                Pool(output.AsSpan(rowOffsets[text] * Width, (rowOffsets[text + 1] - rowOffsets[text]) * Width), embeddings.Slice(text * Width, Width));
        }
        finally
        {
            ArrayPool<float>.Shared.Return(input);
            ArrayPool<float>.Shared.Return(output);
        }
    }

    /// <summary>What the first layer reads: the sum of each token's embeddings, normalised.</summary>
    /// <param name="ids">The tokens of all texts.</param>
    /// <param name="rowOffsets">[texts + 1].</param>
    /// <param name="rows">[tokens, Width].</param>
    /// <exception cref="ArgumentException">A token, an offset or a length is out of range. Nothing is written then.</exception>
    public void Embed(ReadOnlySpan<int> ids, ReadOnlySpan<int> rowOffsets, Span<float> rows)
    {
        Check(ids, rowOffsets);
        if (rows.Length != ids.Length * Width)
            throw new ArgumentException($"rows.Length is {rows.Length}; expected {ids.Length * Width}, {Width} for each of {ids.Length} tokens.", nameof(rows));
        for (int text = 0; text + 1 < rowOffsets.Length; text++)
        {
            for (int row = rowOffsets[text]; row < rowOffsets[text + 1]; row++)
                TensorPrimitives.Add(
                    tokens.AsSpan(ids[row] * Width, Width), positions.AsSpan((row - rowOffsets[text]) * Width, Width), rows.Slice(row * Width, Width));
        }

        embeddingNorm.Apply(rows, rows);
    }

    /// <summary>Runs one layer.</summary>
    /// <param name="layer">From 0.</param>
    /// <param name="input">[tokens, Width]: what <see cref="Embed"/> or the layer before gave.</param>
    /// <param name="rowOffsets">[texts + 1].</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <returns>[tokens, Width].</returns>
    public float[] RunLayer(int layer, float[] input, ReadOnlySpan<int> rowOffsets, ForwardOptions options = default)
    {
        ArgumentNullException.ThrowIfNull(input);
        var output = new float[input.Length];
        layers.RunLayer(layer, input, output, rowOffsets, in options);
        return output;
    }

    private void Check(ReadOnlySpan<int> ids, ReadOnlySpan<int> rowOffsets)
    {
        if (rowOffsets.IsEmpty || rowOffsets[0] != 0 || rowOffsets[^1] != ids.Length)
            throw new ArgumentException(
                $"rowOffsets is [{string.Join(", ", rowOffsets.ToArray())}]; expected numbers from 0 to {ids.Length}, the number of tokens.",
                nameof(rowOffsets));
        for (int text = 0; text + 1 < rowOffsets.Length; text++)
        {
            long length = (long)rowOffsets[text + 1] - rowOffsets[text];
            if (length < 1 || length > MaxPositions)
                throw new ArgumentException($"Text {text} has {length} tokens; expected 1 to {MaxPositions}.", nameof(rowOffsets));
        }

        foreach (int id in ids)
        {
            if ((uint)id >= (uint)VocabularySize)
                throw new ArgumentException($"A token of ids is {id}; expected 0 to {VocabularySize - 1}.", nameof(ids));
        }
    }

    /// <summary>Makes the vector of a text, of length 1, of the vectors of its tokens.</summary>
    /// <param name="rows">[tokens, Width].</param>
    /// <param name="embedding">[Width].</param>
    /// <returns>The length of the sum of the rows that count, by which it was divided.</returns>
    public float Pool(ReadOnlySpan<float> rows, Span<float> embedding)
    {
        rows[..Width].CopyTo(embedding);
        if (pooling == Pooling.Mean)
        {
            // The number of rows does not matter: the vector gets the length 1.
            for (int start = Width; start < rows.Length; start += Width)
                TensorPrimitives.Add(embedding, rows.Slice(start, Width), embedding);
        }

        float length = TensorPrimitives.Norm<float>(embedding);
        TensorPrimitives.Divide(embedding, length, embedding);
        return length;
    }
}

/// <summary>How one vector is made of those of a text's tokens.</summary>
public enum Pooling
{
    /// <summary>Their mean, as in the models of sentence-transformers.</summary>
    Mean,

    /// <summary>The vector of the first token, [CLS].</summary>
    FirstToken,
}
