namespace AttentionGen.Tests.Properties;

/// <summary>What a cache means, as plain lists: for each sequence its keys and values, one array for each position.</summary>
internal sealed class CacheModel(AttentionShape shape, int capacity, int batch)
{
    public int Capacity { get; } = capacity;

    public List<(float[] Key, float[] Value)>[] Sequences { get; private set; } = [.. Enumerable.Range(0, batch).Select(_ => new List<(float[], float[])>())];

    public int Batch => Sequences.Length;

    public int Length => Sequences.Max(sequence => sequence.Count);

    /// <summary>The first key that the next row of a sequence sees, which the cache must hold.</summary>
    public int FirstSeen(int sequence, int length) => shape.CacheWindow < 0 ? 0 : Math.Max(0, length - shape.CacheWindow);

    /// <summary>Whether a ring that holds keys from <paramref name="firstHeld"/> on may forget all behind a length.</summary>
    public bool CanTruncate(int sequence, int length, int firstHeld) =>
        length == 0 || length >= Sequences[sequence].Count || FirstSeen(sequence, length) >= firstHeld;

    public void Truncate(int sequence, int length) =>
        Sequences[sequence].RemoveRange(Math.Min(length, Sequences[sequence].Count), Math.Max(0, Sequences[sequence].Count - length));

    public void Add(int sequence, List<(float[] Key, float[] Value)> rows) => Sequences[sequence].AddRange(rows);

    public CacheModel Fork(int capacity, ReadOnlySpan<int> sequences)
    {
        var copy = new CacheModel(shape, capacity, sequences.Length);
        for (int sequence = 0; sequence < sequences.Length; sequence++)
            copy.Sequences[sequence] = [.. Sequences[sequences[sequence]]];
        return copy;
    }

    public void Select(int[] parents) => Sequences = [.. parents.Select(parent => new List<(float[], float[])>(Sequences[parent]))];

    /// <summary>Rows of a sequence in the plain layout of the cache's own methods: [KvHeads, rows, width].</summary>
    public static float[] Plain(AttentionShape shape, IReadOnlyList<(float[] Key, float[] Value)> rows, bool values)
    {
        int width = values ? shape.ValueHeadDim : shape.HeadDim;
        var plain = new float[shape.KvHeads * rows.Count * width];
        for (int head = 0; head < shape.KvHeads; head++)
        {
            for (int row = 0; row < rows.Count; row++)
                (values ? rows[row].Value : rows[row].Key).AsSpan(head * width, width).CopyTo(plain.AsSpan((head * rows.Count + row) * width));
        }

        return plain;
    }

    /// <summary>Fails unless the cache holds what the model does, bit for bit.</summary>
    public void AssertHeldBy(AttentionCache cache)
    {
        Assert.Equal((Capacity, Batch, Length), (cache.Capacity, cache.Batch, cache.Length));
        Assert.Equal(Sequences.Select(sequence => sequence.Count), cache.Lengths.ToArray());
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            int first = cache.GetFirstHeldKey(sequence), count = Sequences[sequence].Count;
            Assert.InRange(first, 0, FirstSeen(sequence, count));
            List<(float[], float[])> held = Sequences[sequence][first..];
            float[] keys = new float[shape.KeyDim * held.Count], values = new float[shape.ValueDim * held.Count];
            cache.CopyTo(sequence, first, keys, values);
            Assert.True(Plain(shape, held, values: false).AsSpan().SequenceEqual(keys), $"keys of sequence {sequence}");
            Assert.True(Plain(shape, held, values: true).AsSpan().SequenceEqual(values), $"values of sequence {sequence}");
        }
    }
}
