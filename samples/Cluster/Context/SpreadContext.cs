using System.Runtime.InteropServices;

namespace AttentionGen.Samples.Cluster;

/// <summary>A context whose keys and values lie in many silos.</summary>
/// <param name="grains">The cluster.</param>
/// <param name="name">The context's name: letters, digits and hyphens.</param>
/// <param name="patience">How long a range is tried.</param>
internal sealed class SpreadContext(IGrainFactory grains, string name, TimeSpan patience)
{
    private readonly Retry retry = new(patience);

    /// <summary>The number of keys, which is found by asking range after range.</summary>
    public async Task<int> GetLengthAsync(CancellationToken cancellation)
    {
        for (int number = 0; ; number++)
        {
            int length = await AskAsync(number, range => range.GetLengthAsync(), cancellation);
            if (length < ContextAttention.RangeKeys)
                return (number * ContextAttention.RangeKeys) + length;
        }
    }

    /// <summary>Appends keys and values, which may be done again after a failure.</summary>
    /// <param name="position">The number of keys before them.</param>
    /// <param name="keys">[keys, KV heads, HeadDim].</param>
    /// <param name="values">[keys, KV heads, HeadDim].</param>
    /// <param name="cancellation">Ends it; what was appended by then stays.</param>
    public async Task AppendAsync(int position, ReadOnlyMemory<float> keys, ReadOnlyMemory<float> values, CancellationToken cancellation)
    {
        int count = keys.Length / ContextAttention.KeyWidth;
        for (int done = 0, part; done < count; done += part)
        {
            (int number, int first) = Math.DivRem(position + done, ContextAttention.RangeKeys);
            part = Math.Min(count - done, ContextAttention.RangeKeys - first);
            (int start, int length) = (done * ContextAttention.KeyWidth, part * ContextAttention.KeyWidth);
            byte[] rangeKeys = ToBytes(keys.Span.Slice(start, length)), rangeValues = ToBytes(values.Span.Slice(start, length));
            await AskAsync(number, range => range.AppendAsync(first, rangeKeys, rangeValues), cancellation);
        }
    }

    /// <summary>Attends to all keys: each range to its own, at the same time; the results are merged in the order of the ranges.</summary>
    /// <param name="queries">[rows, Heads, HeadDim].</param>
    /// <param name="length">The number of keys.</param>
    /// <param name="cancellation">Ends it.</param>
    /// <returns>[rows, Heads, HeadDim], and how many ranges each silo has.</returns>
    public async Task<(float[] Output, IReadOnlyDictionary<string, int> Silos)> AttendAsync(
        ReadOnlyMemory<float> queries, int length, CancellationToken cancellation)
    {
        byte[] sent = ToBytes(queries.Span);
        int ranges = (length + ContextAttention.RangeKeys - 1) / ContextAttention.RangeKeys;
        PartialAttention[] parts = await Task.WhenAll(
            Enumerable.Range(0, ranges).Select(number => AskAsync(number, range => range.AttendAsync(sent), cancellation)));
        var output = new float[queries.Length];
        var logSumExp = new float[queries.Length / ContextAttention.HeadDim];
        logSumExp.AsSpan().Fill(float.NegativeInfinity);
        foreach (PartialAttention part in parts)
            AttentionMerge.Merge(
                output, logSumExp, MemoryMarshal.Cast<byte, float>(part.Output), MemoryMarshal.Cast<byte, float>(part.LogSumExp), output, logSumExp);
        return (output, parts.CountBy(part => part.Silo).ToDictionary());
    }

    private Task<T> AskAsync<T>(int number, Func<IRangeGrain, Task<T>> ask, CancellationToken cancellation)
    {
        IRangeGrain range = grains.GetGrain<IRangeGrain>(number, name);
        return retry.UntilAnsweredAsync(() => ask(range), () => $"Range {number} of {name}", cancellation);
    }

    private static byte[] ToBytes(ReadOnlySpan<float> floats) => MemoryMarshal.AsBytes(floats).ToArray();
}
