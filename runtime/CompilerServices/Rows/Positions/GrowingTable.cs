using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>A table that is computed as far as it is asked for, and may be read by many threads meanwhile: what was given out stays as it is.</summary>
/// <param name="smallest">The first table reaches so far at least.</param>
/// <param name="most">How far a table can reach.</param>
/// <param name="grow">Makes a table from the one before, or null, that reaches as far as is asked, or a little further.</param>
/// <typeparam name="TTable">Immutable.</typeparam>
internal sealed class GrowingTable<TTable>(nint smallest, nint most, Func<TTable?, nint, (TTable Table, nint Reach)> grow)
    where TTable : class
{
    private readonly Lock growing = new();
    private volatile Grown? present;

    /// <summary>The table as far as it is computed, or null.</summary>
    public TTable? Present => present?.Table;

    /// <summary>The table, which reaches so far at least. Allocates only where it must grow.</summary>
    public TTable Ensure(nint reach) => present is { } table && table.Reach >= reach ? table.Table : Grow(reach);

    [MethodImpl(MethodImplOptions.NoInlining)]
    private TTable Grow(nint reach)
    {
        lock (growing)
        {
            if (present is { } table && table.Reach >= reach)
                return table.Table;

            // Doubling keeps the cost of decoding one position at a time small.
            nint wanted = nint.Max(nint.Max(reach, smallest), 2 * (present?.Reach ?? 0));
            (TTable grown, nint grownReach) = grow(present?.Table, nint.Max(reach, nint.Min(wanted, most)));
            present = new(grown, grownReach);
            return grown;
        }
    }

    private sealed record Grown(TTable Table, nint Reach);
}
