using System.Numerics.Tensors;

namespace AttentionGen.Generic;

/// <summary>
/// The heads of a self-attention that is trained: probabilities are kept, and keys and values are transposed, so that inner loops run over keys.
/// </summary>
/// <param name="options">The shape, resolved.</param>
internal sealed class GenericHeads(GenericAttentionOptions options)
{
    private float[] keys = [];
    private float[] values = [];
    private float[] probabilities = [];
    private int batch;
    private int rows;

    private int Width => options.Heads * options.HeadDim;

    /// <summary>Attends, and keeps what <see cref="Backward"/> reads.</summary>
    /// <param name="query">[batch, rows, Heads · HeadDim].</param>
    /// <param name="key">The same of keys.</param>
    /// <param name="value">The same of values.</param>
    /// <param name="joined">Where the heads go.</param>
    /// <param name="sequences">Sequences.</param>
    public void Forward(ReadOnlySpan<float> query, ReadOnlySpan<float> key, ReadOnlySpan<float> value, Span<float> joined, int sequences)
    {
        batch = sequences;
        rows = query.Length / (batch * Width);
        Array.Resize(ref keys, key.Length);
        Array.Resize(ref values, value.Length);
        Array.Resize(ref probabilities, batch * options.Heads * rows * rows);
        Transpose(key, keys);
        Transpose(value, values);
        for (int place = 0; place < batch * options.Heads * rows; place++)
        {
            (int start, int first, int seen) = At(place);
            Span<float> scores = probabilities.AsSpan(place * rows, rows);
            scores.Clear();
            scores = scores[..seen];
            for (int i = 0; i < options.HeadDim; i++)
                TensorPrimitives.MultiplyAdd(keys.AsSpan(first + (i * rows), seen), query[start + i] * options.Scale, scores, scores);
            TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
            TensorPrimitives.Exp(scores, scores);
            TensorPrimitives.Multiply(scores, 1 / TensorPrimitives.Sum<float>(scores), scores);
            for (int i = 0; i < options.HeadDim; i++)
                joined[start + i] = TensorPrimitives.Dot<float>(values.AsSpan(first + (i * rows), seen), scores);
        }
    }

    /// <summary>The gradients of queries, keys and values from those of the heads.</summary>
    /// <param name="query">The queries of the forward.</param>
    /// <param name="gradient">[batch, rows, Heads · HeadDim]: of the heads.</param>
    /// <param name="queryGradient">Where those of the queries go.</param>
    /// <param name="keyGradient">Where those of the keys go.</param>
    /// <param name="valueGradient">Where those of the values go.</param>
    public void Backward(
        ReadOnlySpan<float> query, ReadOnlySpan<float> gradient, Span<float> queryGradient, Span<float> keyGradient, Span<float> valueGradient)
    {
        float[] keySlopes = new float[keys.Length], valueSlopes = new float[values.Length], slopeBuffer = new float[rows];
        for (int place = 0; place < batch * options.Heads * rows; place++)
        {
            (int start, int first, int seen) = At(place);
            ReadOnlySpan<float> own = probabilities.AsSpan(place * rows, seen);
            Span<float> slopes = slopeBuffer.AsSpan(0, seen);
            slopes.Clear();
            for (int i = 0; i < options.HeadDim; i++)
            {
                TensorPrimitives.MultiplyAdd(values.AsSpan(first + (i * rows), seen), gradient[start + i], slopes, slopes);
                Span<float> target = valueSlopes.AsSpan(first + (i * rows), seen);
                TensorPrimitives.MultiplyAdd(own, gradient[start + i], target, target);
            }

            TensorPrimitives.Subtract(slopes, TensorPrimitives.Dot(slopes, own), slopes);
            TensorPrimitives.Multiply(slopes, own, slopes);
            TensorPrimitives.Multiply(slopes, options.Scale, slopes);
            for (int i = 0; i < options.HeadDim; i++)
            {
                queryGradient[start + i] = TensorPrimitives.Dot<float>(slopes, keys.AsSpan(first + (i * rows), seen));
                Span<float> target = keySlopes.AsSpan(first + (i * rows), seen);
                TensorPrimitives.MultiplyAdd(slopes, query[start + i], target, target);
            }
        }

        TransposeBack(keySlopes, keyGradient);
        TransposeBack(valueSlopes, valueGradient);
    }

    /// <summary>Where the heads of a row begin, the transposed keys of their sequence, and how many of these the row sees.</summary>
    private (int Start, int First, int Seen) At(int place)
    {
        (int head, int row) = Math.DivRem(place, rows);
        (int sequence, head) = Math.DivRem(head, options.Heads);
        int start = (((sequence * rows) + row) * Width) + (head * options.HeadDim);
        return (start, ((sequence * Width) + (head * options.HeadDim)) * rows, options.Causal ? row + 1 : rows);
    }

    /// <summary>[batch, rows, width] to [batch, width, rows].</summary>
    private void Transpose(ReadOnlySpan<float> source, float[] target)
    {
        for (int i = 0; i < source.Length; i++)
            target[Transposed(i)] = source[i];
    }

    private void TransposeBack(float[] source, Span<float> target)
    {
        for (int i = 0; i < target.Length; i++)
            target[i] = source[Transposed(i)];
    }

    private int Transposed(int index)
    {
        (int row, int column) = Math.DivRem(index, Width);
        (int sequence, row) = Math.DivRem(row, rows);
        return (((sequence * Width) + column) * rows) + row;
    }
}
