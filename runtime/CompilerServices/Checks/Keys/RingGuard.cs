using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Lets a call that fails leave a cache as it was where old keys make room for new ones: the keys that the call overwrites are copied before,
/// as plain rows, and put back after a failure.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct RingGuard : IDisposable
{
    private readonly AttentionCache? cache;

    // Null where one key of each sequence is all that is kept: the cache has room for that.
    private readonly AlignedMemory? memory;

    private RingGuard(AttentionCache cache, AlignedMemory? memory)
    {
        this.cache = cache;
        this.memory = memory;
    }

    /// <summary>Says that a call begins to write; keeps what it must.</summary>
    /// <param name="arguments">The checked arguments of the call.</param>
    /// <param name="dimensions">Its sizes.</param>
    public static RingGuard Begin(in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        if (arguments.Cache is not { IsRing: true } cache)
            return default;
        AttentionShape shape = cache.Shape;
        RingKeys kept = cache.OverwrittenKeys!;
        nint keys = 0;
        for (int sequence = 0; sequence < cache.Batch; sequence++)
            keys += kept.Find(cache, sequence, RaggedBatch.NewKeys(shape, in arguments, in dimensions, sequence));

        AlignedMemory? memory = keys > kept.Room ? AttentionScratch.Rent(StoredRows.Floats(shape, keys)) : null;
        var guard = new RingGuard(cache, memory);
        kept.Save(cache, guard.Rows(keys));
        for (int sequence = 0; sequence < cache.Batch; sequence++)
            cache.Overwrite(sequence, cache.Lengths[sequence] + RaggedBatch.NewKeys(shape, in arguments, in dimensions, sequence));
        return guard;
    }

    /// <summary>After a failure: puts back what was overwritten.</summary>
    public void Undo()
    {
        if (cache is { OverwrittenKeys: { } kept })
            kept.Restore(cache, Rows(kept.Count));
    }

    /// <summary>Gives the copy's memory back.</summary>
    public void Dispose()
    {
        if (memory is not null)
            AttentionScratch.Return(memory);
    }

    private Span<byte> Rows(nint keys) =>
        memory is null ? cache!.OverwrittenKeys!.Own : StoredRows.Bytes(memory, 0, StoredRows.Floats(cache!.Shape, keys));
}
