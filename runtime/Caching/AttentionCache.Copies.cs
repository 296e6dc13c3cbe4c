using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

// Copies: a prompt that many sequences share, and the beams of a search.
public sealed partial class AttentionCache
{
    /// <summary>Null until a sequence is copied from another one, and for very many sequences.</summary>
    private SharedPrefixes? shared;

    /// <summary>Work memory of <see cref="Select"/>, kept so that a step of a search allocates nothing.</summary>
    private int[]? selection;

    /// <summary>Returns a copy of the cache with the same capacity. The copy of a cache in a <see cref="Pool"/> shares its pages.</summary>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">The machine has too little memory.</exception>
    public AttentionCache Fork() => Fork(Capacity);

    /// <summary>Returns a copy of the cache with another capacity. The copy of a cache in a <see cref="Pool"/> shares its pages.</summary>
    /// <param name="capacity">The number of keys that each sequence of the copy can hold: at least <see cref="Length"/> and at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1 or than <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache Fork(int capacity)
    {
        using ReadScope reading = Reading();
        CheckForkCapacity(capacity);
        var copy = new AttentionCache(Shape, capacity, Batch, Pool);
        copy.KeepTables(rotaryTable, distanceBias);
        for (int sequence = 0; sequence < Batch; sequence++)
            copy.CopyFrom(this, sequence, sequence);
        copy.LengthsChanged();
        copy.IsFilled = IsFilled;
        copy.AddMemory(Memory?.Fork());
        return copy;
    }

    /// <summary>
    /// Returns a new cache with copies of chosen sequences. A sequence may be chosen many times: a prompt becomes the beginning of many answers.
    /// </summary>
    /// <param name="sequences">For each sequence of the new cache, the sequence of this cache that it copies. At least one.</param>
    /// <param name="capacity">The number of keys that each sequence of the new cache can hold. 0, the default, means the capacity of this cache.</param>
    /// <exception cref="ArgumentException"><paramref name="sequences"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// One of <paramref name="sequences"/> does not exist, or <paramref name="capacity"/> is less than <see cref="Length"/>.
    /// </exception>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache Fork(ReadOnlySpan<int> sequences, int capacity = 0)
    {
        if (sequences.IsEmpty)
            throw new ArgumentException("sequences is empty; expected one or more.", nameof(sequences));
        using ReadScope reading = Reading();
        CheckSequences(sequences, nameof(sequences));
        if (capacity == 0)
            capacity = Capacity;
        CheckForkCapacity(capacity);

        var copy = new AttentionCache(Shape, capacity, sequences.Length, Pool);
        copy.KeepTables(rotaryTable, distanceBias);
        for (int sequence = 0; sequence < sequences.Length; sequence++)
            copy.CopyFrom(this, sequences[sequence], sequence);
        copy.LengthsChanged();
        copy.IsFilled = IsFilled;
        copy.shared = Pages is null ? SharedPrefixes.Create(copy.Batch) : null;
        copy.shared?.Select(sequences, shared, lengths);
        copy.AddMemory(Memory?.Fork(sequences));
        return copy;
    }

    /// <summary>
    /// Replaces each sequence by a copy of its parent, as the parent was before the call. This is the step of a beam search. Parents may be permuted and
    /// repeated. A sequence that is its own parent stays untouched. For the others, only keys that they do not share already are copied.
    /// </summary>
    /// <param name="parents">[batch]: for each sequence, the sequence that it continues.</param>
    /// <exception cref="ArgumentException"><paramref name="parents"/> has another length than the batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="parents"/> does not exist. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">Another call uses the cache. Nothing is changed.</exception>
    /// <exception cref="OutOfMemoryException">The machine has no memory for one sequence, which a circle of parents needs. Nothing is changed.</exception>
    public void Select(ReadOnlySpan<int> parents)
    {
        using WriteScope writing = Writing();
        if (parents.Length != Batch)
            throw new ArgumentException($"parents.Length is {parents.Length}; expected one for each sequence, {Batch}.", nameof(parents));
        CheckSequences(parents, nameof(parents));
        if (Pages is not null)
        {
            SelectPages(parents);
            return;
        }

        shared ??= SharedPrefixes.Create(Batch);

        // The number of sequences that still need to copy each sequence. A sequence that none needs may be overwritten.
        selection ??= new int[3 * Batch];
        Span<int> wanted = selection.AsSpan(0, Batch), done = selection.AsSpan(Batch, Batch), oldLengths = selection.AsSpan(2 * Batch);
        lengths.CopyTo(oldLengths);
        CopyTrees(parents, wanted, done, copies: false);

        // What is left are circles, each sequence wanted by the one before: one of them waits in scratch, which is rented while nothing is changed.
        int circle = CircleFrom(parents, done, 0);
        AlignedMemory? waiting = circle < Batch ? AttentionScratch.Rent(KeySequenceStride + ValueSequenceStride) : null;
        SelectMemory(parents, waiting);
        CopyTrees(parents, wanted, done, copies: true);
        for (; circle < Batch; circle = CircleFrom(parents, done, circle))
            CopyCircle(parents, circle, done, ref waiting!.Reference);
        if (waiting is not null)
            AttentionScratch.Return(waiting);

        shared?.Select(parents, shared, oldLengths);
        LengthsChanged();
    }

    /// <summary>Replaces the first keys of one sequence by those of another one, of this cache or of another cache, and removes its later keys.</summary>
    /// <remarks>
    /// A prompt that many sequences begin with is computed once. In a <see cref="Pool"/> nothing is copied: both sequences hold the same pages, and a sequence
    /// that appends keys to a page that it shares gets a copy of that page.
    /// </remarks>
    /// <param name="sequence">The sequence that is replaced, 0 to <see cref="Batch"/> − 1.</param>
    /// <param name="source">The cache that has the keys, of the same shape; it may be this one.</param>
    /// <param name="sourceSequence">The sequence of <paramref name="source"/> that has the keys.</param>
    /// <param name="length">The number of keys, 0 to the length of that sequence.</param>
    /// <exception cref="ArgumentException"><paramref name="source"/> is of another shape.</exception>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such sequence, or <paramref name="length"/> is negative or more than the sequence or the capacity of this cache.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of the window no longer holds the keys that the next row sees, or another call uses one of the caches, or the pool has too few free pages for
    /// keys of another pool. Nothing is changed.
    /// </exception>
    public void CopySequence(int sequence, AttentionCache source, int sourceSequence, int length)
    {
        ArgumentNullException.ThrowIfNull(source);
        using WriteScope writing = Writing();
        using ReadScope reading = ReferenceEquals(source, this) ? default : source.Reading();
        CheckCopy(sequence, source, sourceSequence, length);
        if (ReferenceEquals(source, this) && sequence == sourceSequence)
        {
            SetLength(sequence, length);
            LengthsChanged();
            return;
        }

        if (Pages is not null)
        {
            SharePages(sequence, source, sourceSequence, length);
        }
        else
        {
            CopyFrom(source.Panels(sourceSequence), length, source.firstHeldKeys[sourceSequence], 0, sequence);
            shared?.Truncate(sequence, 0);
        }

        Memory?.CopySequence(sequence, source.Memory!, sourceSequence, source.Memory!.lengths[sourceSequence]);
        LengthsChanged();
    }

    /// <summary>Checks everything that <see cref="CopySequence"/> can refuse, except for pages.</summary>
    internal void CheckCopy(int sequence, AttentionCache source, int sourceSequence, int length)
    {
        if (!source.Shape.Equals(Shape))
            throw CacheErrors.OtherShape(source.Shape, Shape, nameof(source));
        CheckSequence(sequence);
        if ((uint)sourceSequence >= (uint)source.Batch)
        {
            throw new ArgumentOutOfRangeException(
                nameof(sourceSequence), sourceSequence, $"sourceSequence is {sourceSequence}; expected 0 to {source.Batch - 1}.");
        }

        int most = Math.Min(source.lengths[sourceSequence], Capacity);
        if ((uint)length > (uint)most)
        {
            throw new ArgumentOutOfRangeException(
                nameof(length), length,
                $"length is {length}; sequence {sourceSequence} of source holds {source.lengths[sourceSequence]} keys, and this cache has room for {Capacity}: "
                    + $"expected 0 to {most}.");
        }

        source.CheckHeld(sourceSequence, length);
        if (Memory is null)
            return;
        if (source.Memory is not { } memory)
            throw CacheErrors.NoPartForMemory();
        Memory.CheckCopy(sequence, memory, sourceSequence, memory.lengths[sourceSequence]);
    }

    /// <summary>Selects in the part for a memory, which may get no scratch of its own: before anything else is changed.</summary>
    private void SelectMemory(ReadOnlySpan<int> parents, AlignedMemory? waiting)
    {
        try
        {
            Memory?.Select(parents);
        }
        catch when (waiting is not null)
        {
            AttentionScratch.Return(waiting);
            throw;
        }
    }

    /// <summary>The next sequence of a circle, or the batch where there is none.</summary>
    private int CircleFrom(ReadOnlySpan<int> parents, ReadOnlySpan<int> done, int start)
    {
        while (start < Batch && (parents[start] == start || done[start] != 0))
            start++;
        return start;
    }

    /// <summary>Every sequence that no circle holds, those first that nobody wants; or only which these are.</summary>
    private void CopyTrees(ReadOnlySpan<int> parents, Span<int> wanted, Span<int> done, bool copies)
    {
        wanted.Clear();
        done.Clear();
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            if (parents[sequence] != sequence)
                wanted[parents[sequence]]++;
        }

        for (int start = 0; start < Batch; start++)
        {
            for (int sequence = start; parents[sequence] != sequence && done[sequence] == 0 && wanted[sequence] == 0; sequence = parents[sequence])
            {
                if (copies)
                    CopyFrom(this, parents[sequence], sequence);
                done[sequence] = 1;
                wanted[parents[sequence]]--;
            }
        }
    }

    /// <summary>Sequences that continue one another in a circle.</summary>
    private void CopyCircle(ReadOnlySpan<int> parents, int start, Span<int> done, ref float scratch)
    {
        KeyValuePanels waiting = PanelsAt(ref scratch, ref Unsafe.Add(ref scratch, KeySequenceStride));
        (int length, int firstHeldKey) = (lengths[start], firstHeldKeys[start]);
        PanelCopy.Copy(Shape, Panels(start), in waiting, firstHeldKey, length);

        int sequence = start;
        for (; parents[sequence] != start; sequence = parents[sequence])
        {
            CopyFrom(this, parents[sequence], sequence);
            done[sequence] = 1;
        }

        CopyFrom(in waiting, length, firstHeldKey, shared is null ? 0 : shared[start, sequence], sequence);
        done[sequence] = 1;
    }

    /// <summary>Copies a sequence of a cache into a sequence of this one. The shared prefixes are updated only after all copies.</summary>
    private void CopyFrom(AttentionCache source, int sourceSequence, int sequence)
    {
        if (Pages is not null)
        {
            SharePages(sequence, source, sourceSequence, source.lengths[sourceSequence]);
            return;
        }

        int common = ReferenceEquals(source, this) && shared is not null ? shared[sourceSequence, sequence] : 0;
        CopyFrom(source.Panels(sourceSequence), source.lengths[sourceSequence], source.firstHeldKeys[sourceSequence], common, sequence);
    }

    private void CopyFrom(in KeyValuePanels source, int length, int firstHeldKey, int common, int sequence)
    {
        // A smaller ring has no room for the oldest keys. Whole panels are copied, so the end of the last panel counts. No keys begin at 0.
        int end = (int)Int128.Min(int.MaxValue, RoundUpToPanels(length));
        int first = length == 0 ? 0 : source.KeyCapacity == KeyCapacity ? firstHeldKey : Math.Max(firstHeldKey, end - KeyCapacity);
        int from = firstHeldKeys[sequence] <= first ? Math.Max(common, first) : first;
        PanelCopy.Copy(Shape, in source, Panels(sequence), from, length);
        lengths[sequence] = length;
        firstHeldKeys[sequence] = first;
    }

    private void CheckForkCapacity(int capacity)
    {
        if (capacity < Math.Max(1, Length))
            throw new ArgumentOutOfRangeException(
                nameof(capacity), capacity, $"capacity is {capacity}; expected {Math.Max(1, Length)} or more, because the cache holds {Length} keys.");
    }

    private void CheckSequences(ReadOnlySpan<int> sequences, string argument)
    {
        for (int index = 0; index < sequences.Length; index++)
        {
            if ((uint)sequences[index] >= (uint)Batch)
                throw new ArgumentOutOfRangeException(argument, sequences[index], $"{argument}[{index}] is {sequences[index]}; expected 0 to {Batch - 1}.");
        }
    }
}
