using System.Runtime.InteropServices;
using Orleans.Placement;

namespace AttentionGen.Samples.Cluster;

/// <summary>Holds a range in a cache, in one silo of the cluster; if that silo dies, the next call finds it in another one.</summary>
/// <param name="folder">Where it is kept.</param>
/// <param name="model">Knows the silo's name.</param>
[ActivationCountBasedPlacement]
public sealed class RangeGrain(RangeFolder folder, SiloModel model) : Grain, IRangeGrain
{
    private static readonly ContextAttention Attention = new();

    private readonly AttentionCache cache = Attention.CreateCache(ContextAttention.RangeKeys);
    private RangeFile? file;

    /// <inheritdoc/>
    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        long number = this.GetPrimaryKeyLong(out string? context);
        var opened = new RangeFile(folder, context!, number);
        try
        {
            opened.Restore(cache);
        }
        catch
        {
            opened.Dispose();
            throw;
        }

        file = opened;
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        file?.Dispose();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<int> GetLengthAsync() => Task.FromResult(cache.Length);

    /// <inheritdoc/>
    public Task<int> AppendAsync(int position, byte[] keys, byte[] values)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(position);
        int length = cache.Length, count = keys.Length / (ContextAttention.KeyWidth * sizeof(float));
        if (position + count <= length)
            return Task.FromResult(length);
        if (position != length)
            throw new ArgumentException($"position is {position}; expected {length}, the number of keys that the range has.", nameof(position));
        cache.Append(MemoryMarshal.Cast<byte, float>(keys), MemoryMarshal.Cast<byte, float>(values), HeadLayout.RowsHeads);
        try
        {
            file!.Save(cache);
        }
        catch
        {
            // Nobody may see keys that would be gone after the next fall.
            cache.Truncate(length);
            throw;
        }

        return Task.FromResult(cache.Length);
    }

    /// <inheritdoc/>
    public Task<PartialAttention> AttendAsync(byte[] queries)
    {
        var output = new byte[queries.Length];
        var logSumExp = new byte[queries.Length / ContextAttention.HeadDim];
        Attention.Forward(
            MemoryMarshal.Cast<byte, float>(queries), [], [],
            MemoryMarshal.Cast<byte, float>(output.AsSpan()), cache, MemoryMarshal.Cast<byte, float>(logSumExp.AsSpan()));
        return Task.FromResult(new PartialAttention(output, logSumExp, model.Silo));
    }
}
