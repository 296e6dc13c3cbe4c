using AttentionGen.CompilerServices;

namespace AttentionGen;

// Keys and values in the pages of a pool.
public sealed partial class AttentionCache
{
    /// <summary>The pool whose pages hold the keys and values; null for a cache with memory of its own.</summary>
    public AttentionCachePool? Pool => Pages?.Pool;

    /// <summary>The pages of the sequences; null for a cache with memory of its own.</summary>
    internal PageTable? Pages { get; }

    /// <summary>Takes pages for the keys that a checked call appends. A call does this before it writes anything.</summary>
    /// <exception cref="InvalidOperationException">The pool has too few free pages. Nothing is changed.</exception>
    internal void ReservePages(in AttentionArguments arguments, in ForwardDimensions dimensions)
    {
        Span<int> wanted = Pages!.Wanted;
        for (int sequence = 0; sequence < Batch; sequence++)
            wanted[sequence] = lengths[sequence] + RaggedBatch.NewKeys(Shape, in arguments, in dimensions, sequence);
        Pages.Reserve(lengths);
    }

    /// <summary>Takes pages for so many more keys of some sequences.</summary>
    private void ReservePages(int firstSequence, int sequences, int count)
    {
        if (Pages is null)
            return;
        lengths.CopyTo(Pages.Wanted);
        foreach (ref int wanted in Pages.Wanted.Slice(firstSequence, sequences))
            wanted += count;
        Pages.Reserve(lengths);
    }

    /// <summary>Removes all keys, because new ones are about to be written; in a pool, takes pages for so many keys of each sequence.</summary>
    /// <exception cref="InvalidOperationException">The pool has too few free pages. Nothing is changed.</exception>
    private void ForgetFor(Func<int, int> keysOf)
    {
        if (Pages is null)
        {
            Forget();
            return;
        }

        for (int sequence = 0; sequence < Batch; sequence++)
            Pages.Wanted[sequence] = keysOf(sequence);
        Pages.Replace();
        lengths.AsSpan().Clear();
        LengthsChanged();
        IsFilled = false;
    }

    /// <summary>Makes a sequence hold the first keys of another one. Keys that are not in this pool are copied to new pages.</summary>
    /// <exception cref="InvalidOperationException">The pool has too few free pages for these. Nothing is changed.</exception>
    private void SharePages(int sequence, AttentionCache source, int sourceSequence, int length)
    {
        if (source.Pool == Pool)
        {
            Pages!.Share(sequence, source.Pages!, sourceSequence, length);
            lengths[sequence] = length;
            return;
        }

        var copy = new AttentionCache(Shape, Math.Max(1, length), 1, Pool);
        copy.ReservePages(0, 1, length);
        PanelCopy.Copy(Shape, source.Panels(sourceSequence), copy.Panels(0), 0, length);
        Pages!.Share(sequence, copy.Pages!, 0, length);
        lengths[sequence] = length;
        copy.ReleaseUnusedPages();
    }

    /// <summary>Replaces each sequence by its parent: no key is copied.</summary>
    private void SelectPages(ReadOnlySpan<int> parents)
    {
        Memory?.Select(parents);
        Pages!.Select(parents);
        selection ??= new int[3 * Batch];
        Span<int> oldLengths = selection.AsSpan(0, Batch);
        lengths.CopyTo(oldLengths);
        for (int sequence = 0; sequence < Batch; sequence++)
            lengths[sequence] = oldLengths[parents[sequence]];
        LengthsChanged();
    }

    /// <summary>Gives back the pages behind the sequences' keys, after a failure.</summary>
    internal void ReleaseUnusedPages()
    {
        for (int sequence = 0; sequence < Batch; sequence++)
            Pages?.Trim(sequence, lengths[sequence]);
    }
}
