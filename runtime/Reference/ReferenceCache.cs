using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>The cache of <see cref="ReferenceAttention"/>: projected keys and values in double precision, growing as needed.</summary>
public sealed class ReferenceCache
{
    /// <summary>An empty cache.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="batch">Sequences.</param>
    /// <exception cref="ArgumentException">The shape has a size that no kernel has.</exception>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/> is less than 1.</exception>
    public ReferenceCache(AttentionShape shape, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (!shape.HasCache)
            throw CacheErrors.None();
        Shape = shape;
        Batch = batch;
        Keys = [.. Enumerable.Range(0, batch).Select(_ => new List<double[]>())];
        Values = [.. Enumerable.Range(0, batch).Select(_ => new List<double[]>())];
    }

    /// <summary>An empty cache for the self-attention of a layer, with a part for the memory of its cross-attention if it has one.</summary>
    /// <param name="shape">The shape of the layer.</param>
    /// <param name="batch">Sequences.</param>
    /// <exception cref="ArgumentException">The shape has a size that no layer has.</exception>
    /// <exception cref="NotSupportedException">The self-attention has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="batch"/> is less than 1.</exception>
    public static ReferenceCache ForLayer(TransformerLayerShape shape, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        shape.ThrowIfIllegal();
        return new(shape.Attention, batch) { Memory = ReferenceLayer.MemoryAttention(shape) is { } memory ? new ReferenceCache(memory, batch) : null };
    }

    /// <summary>What is computed.</summary>
    public AttentionShape Shape { get; }

    /// <summary>The keys and values of the memory of a decoder layer's cross-attention; null for other caches.</summary>
    public ReferenceCache? Memory { get; private init; }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Keys of the longest sequence.</summary>
    public int Length => Keys.Max(keys => keys.Count);

    /// <summary>For each sequence, for each key: [KvHeads · HeadDim], rotated where the shape says so.</summary>
    internal List<double[]>[] Keys { get; }

    /// <summary>For each sequence, for each key: [KvHeads · ValueHeadDim].</summary>
    internal List<double[]>[] Values { get; }

    /// <summary>Keys that a sequence holds.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public int LengthOf(int sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, Batch);
        return Keys[sequence].Count;
    }

    /// <summary>Forgets everything.</summary>
    public void Clear() => Truncate(0);

    /// <summary>Forgets the keys behind the first <paramref name="length"/>, of every sequence; those that hold fewer stay as they are.</summary>
    /// <param name="length">Keys to keep, 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or more than <see cref="Length"/>.</exception>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        foreach (List<double[]> rows in Keys.Concat(Values))
            rows.RemoveRange(Math.Min(length, rows.Count), Math.Max(0, rows.Count - length));
    }

    /// <summary>Replaces everything by these keys and values, as many for each sequence; keys are normalised and rotated already.</summary>
    /// <param name="keys">[batch, keys, KvHeads · HeadDim] or [batch, KvHeads, keys, HeadDim].</param>
    /// <param name="values">[batch, keys, KvHeads · ValueHeadDim] or [batch, KvHeads, keys, ValueHeadDim].</param>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="keys"/> is no whole number of keys for each sequence, or there are more values or fewer than keys. Nothing is changed.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layout"/> is no layout.</exception>
    public void Load(ReadOnlySpan<float> keys, ReadOnlySpan<float> values, HeadLayout layout)
    {
        CheckLayout(layout);
        int count = KernelChecks.RowsOf(nameof(keys), keys.Length, Batch, Shape.KeyDim, "KvHeads · HeadDim");
        ArgumentOutOfRangeException.ThrowIfNotEqual(values.Length, Batch * count * Shape.ValueDim, nameof(values));
        Clear();
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            for (int row = 0; row < count; row++)
            {
                double[] key = ReferenceRows.Heads(keys, layout, Shape.KvHeads, Shape.HeadDim, sequence * count, count, row);
                double[] value = ReferenceRows.Heads(values, layout, Shape.KvHeads, Shape.ValueHeadDim, sequence * count, count, row);
                ReferenceRows.Add(Shape, key, value, Keys[sequence], Values[sequence]);
            }
        }
    }

    /// <summary>All keys and values, in the layouts of <see cref="Load"/>; sequences of different lengths follow each other.</summary>
    /// <param name="layout">Which of the two.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="layout"/> is no layout.</exception>
    public (double[] Keys, double[] Values) ToArrays(HeadLayout layout)
    {
        CheckLayout(layout);
        return (Flatten(Keys, Shape.HeadDim), Flatten(Values, Shape.ValueHeadDim));

        double[] Flatten(List<double[]>[] sequences, int width)
        {
            var result = new double[sequences.Sum(rows => rows.Count) * Shape.KvHeads * width];
            int first = 0;
            foreach (List<double[]> rows in sequences)
            {
                for (int row = 0; row < rows.Count; row++)
                {
                    for (int head = 0; head < Shape.KvHeads; head++)
                    {
                        int start = ReferenceRows.HeadIndex(layout, Shape.KvHeads, width, first, rows.Count, row, head);
                        rows[row].AsSpan(head * width, width).CopyTo(result.AsSpan(start));
                    }
                }

                first += rows.Count;
            }

            return result;
        }
    }

    private static void CheckLayout(HeadLayout layout)
    {
        if (!Enum.IsDefined(layout))
            throw new ArgumentOutOfRangeException(nameof(layout), layout, $"layout is {layout}; expected RowsHeads or HeadsRows.");
    }
}
