namespace AttentionGen.Samples.Cluster;

/// <summary>Keys and values of one context: of range n those from n · <see cref="ContextAttention.RangeKeys"/> on.</summary>
[Alias("attentiongen.range")]
public interface IRangeGrain : IGrainWithIntegerCompoundKey
{
    /// <summary>The number of keys.</summary>
    [Alias("length")]
    Task<int> GetLengthAsync();

    /// <summary>Appends keys, and keeps them. A call that is made twice appends once.</summary>
    /// <param name="position">The place of the first key in the range.</param>
    /// <param name="keys">[keys, KV heads, HeadDim] float32, little-endian.</param>
    /// <param name="values">[keys, KV heads, HeadDim].</param>
    /// <returns>The number of keys that the range then has.</returns>
    [Alias("append")]
    Task<int> AppendAsync(int position, byte[] keys, byte[] values);

    /// <summary>Attends to the keys of this range alone.</summary>
    /// <param name="queries">[rows, Heads, HeadDim] float32, little-endian.</param>
    [Alias("attend")]
    Task<PartialAttention> AttendAsync(byte[] queries);
}

/// <summary>What queries see in one range.</summary>
/// <param name="Output">[rows, Heads, HeadDim] float32, little-endian.</param>
/// <param name="LogSumExp">[rows, Heads].</param>
/// <param name="Silo">Who computed it.</param>
[GenerateSerializer]
[Immutable]
[Alias("attentiongen.partial")]
public sealed record PartialAttention([property: Id(0)] byte[] Output, [property: Id(1)] byte[] LogSumExp, [property: Id(2)] string Silo);
