using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>The cache of <see cref="ReferenceAttention"/>: projected keys and values in double precision, growing as needed.</summary>
public sealed class ReferenceCache
{
    /// <summary>An empty cache.</summary>
    /// <param name="shape">What is computed.</param>
    /// <param name="batch">Sequences.</param>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    public ReferenceCache(AttentionShape shape, int batch = 1)
    {
        ArgumentNullException.ThrowIfNull(shape);
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        if (!shape.HasCache)
            throw new NotSupportedException("This shape has no cache: only cross-attention, and causal self-attention whose SequenceLength is free, have one.");
        Shape = shape;
        Batch = batch;
        Keys = [.. Enumerable.Range(0, batch).Select(_ => new List<double[]>())];
        Values = [.. Enumerable.Range(0, batch).Select(_ => new List<double[]>())];
    }

    /// <summary>What is computed.</summary>
    public AttentionShape Shape { get; }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Keys that each sequence holds.</summary>
    public int Length => Keys[0].Count;

    /// <summary>For each sequence, for each key: [KvHeads · HeadDim], rotated where the shape says so.</summary>
    internal List<double[]>[] Keys { get; }

    /// <summary>For each sequence, for each key: [KvHeads · HeadDim].</summary>
    internal List<double[]>[] Values { get; }

    /// <summary>Forgets everything.</summary>
    public void Clear() => Truncate(0);

    /// <summary>Forgets the keys behind the first <paramref name="length"/>, of every sequence.</summary>
    /// <param name="length">Keys to keep, 0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        foreach (List<double[]> rows in Keys.Concat(Values))
            rows.RemoveRange(length, rows.Count - length);
    }
}
