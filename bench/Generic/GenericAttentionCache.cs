namespace AttentionGen.Generic;

/// <summary>Keys and values of the rows seen so far, transposed: [KvHeads · HeadDim, batch · capacity].</summary>
public sealed class GenericAttentionCache
{
    internal GenericAttentionCache(int keyDim, int capacity, int batch)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batch);
        Capacity = capacity;
        Batch = batch;
        Keys = new float[keyDim * batch * capacity];
        Values = new float[keyDim * batch * capacity];
    }

    /// <summary>Keys that each sequence can hold.</summary>
    public int Capacity { get; }

    /// <summary>Sequences.</summary>
    public int Batch { get; }

    /// <summary>Keys that each sequence holds.</summary>
    public int Length { get; internal set; }

    internal float[] Keys { get; }

    internal float[] Values { get; }

    /// <summary>Forgets the keys from <paramref name="length"/> on.</summary>
    /// <param name="length">0 to <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        Length = length;
    }
}
