using System.Runtime.CompilerServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

// Copies: a prompt that many sequences share, and the beams of a search.
public sealed partial class AttentionCache
{
    /// <summary>Null until sequences are copied from each other, and where there are very many.</summary>
    private SharedPrefixes? shared;

    /// <summary>Bookkeeping of <see cref="Select"/>, kept so that a step of a search allocates nothing.</summary>
    private int[]? selection;

    /// <summary>A copy of what the cache holds, with the same capacity.</summary>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">The machine has not so much memory.</exception>
    public AttentionCache Fork() => Fork(Capacity);

    /// <summary>A copy of what the cache holds, with another capacity.</summary>
    /// <param name="capacity">Keys that each sequence of the copy can hold, <see cref="Length"/> or more, and 1 or more.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is less than 1 or than <see cref="Length"/>.</exception>
    /// <exception cref="InvalidOperationException">Another call writes the cache.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    public AttentionCache Fork(int capacity)
    {
        using ReadScope reading = Reading();
        CheckForkCapacity(capacity);
        var copy = new AttentionCache(Shape, capacity, Batch);
        for (int sequence = 0; sequence < Batch; sequence++)
            copy.CopyFrom(this, sequence, sequence);
        copy.LengthsChanged();
        return copy;
    }

    /// <summary>A new cache of chosen sequences, each of them any number of times: a prompt becomes the beginning of many answers.</summary>
    /// <param name="sequences">For each sequence of the new cache the one of this cache that it starts as; one or more.</param>
    /// <param name="capacity">Keys that each sequence of the new cache can hold; 0, the default, means this cache's capacity.</param>
    /// <exception cref="ArgumentException"><paramref name="sequences"/> is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="sequences"/> does not exist, or <paramref name="capacity"/> is less than <see cref="Length"/>.</exception>
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

        var copy = new AttentionCache(Shape, capacity, sequences.Length);
        for (int sequence = 0; sequence < sequences.Length; sequence++)
            copy.CopyFrom(this, sequences[sequence], sequence);
        copy.LengthsChanged();
        copy.shared = SharedPrefixes.Create(copy.Batch);
        copy.shared?.Select(sequences, shared, lengths);
        return copy;
    }

    /// <summary>
    /// Each sequence becomes a copy of its parent, as it was before the call: the step of a beam search. Any permutation and any repetition will do;
    /// sequences that are their own parents stay untouched, and of the others only keys are copied that they do not share already.
    /// </summary>
    /// <param name="parents">[batch]: for each sequence the one that it continues.</param>
    /// <exception cref="ArgumentException"><paramref name="parents"/> has another length than the batch.</exception>
    /// <exception cref="ArgumentOutOfRangeException">One of <paramref name="parents"/> does not exist. Nothing is changed.</exception>
    /// <exception cref="InvalidOperationException">Another call uses the cache.</exception>
    public void Select(ReadOnlySpan<int> parents)
    {
        using WriteScope writing = Writing();
        if (parents.Length != Batch)
            throw new ArgumentException($"parents.Length is {parents.Length}; expected one for each sequence, {Batch}.", nameof(parents));
        CheckSequences(parents, nameof(parents));
        shared ??= SharedPrefixes.Create(Batch);

        // How many sequences still want a sequence as it is now: who is wanted by nobody may be overwritten.
        selection ??= new int[3 * Batch];
        Span<int> wanted = selection.AsSpan(0, Batch), done = selection.AsSpan(Batch, Batch), oldLengths = selection.AsSpan(2 * Batch);
        wanted.Clear();
        done.Clear();
        lengths.CopyTo(oldLengths);
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            if (parents[sequence] != sequence)
                wanted[parents[sequence]]++;
        }

        for (int start = 0; start < Batch; start++)
        {
            for (int sequence = start; parents[sequence] != sequence && done[sequence] == 0 && wanted[sequence] == 0; sequence = parents[sequence])
            {
                CopyFrom(this, parents[sequence], sequence);
                done[sequence] = 1;
                wanted[parents[sequence]]--;
            }
        }

        // What is left are circles, each sequence wanted by the one before: one of them waits in scratch.
        for (int start = 0; start < Batch; start++)
        {
            if (parents[start] != start && done[start] == 0)
                CopyCircle(parents, start, done);
        }

        shared?.Select(parents, shared, oldLengths);
        LengthsChanged();
    }

    /// <summary>Sequences that continue one another in a circle.</summary>
    private void CopyCircle(ReadOnlySpan<int> parents, int start, Span<int> done)
    {
        using ScratchLease lease = ScratchLease.Rent(KeySequenceStride + ValueSequenceStride);
        var waiting = new KeyValuePanels(
            ref lease.Reference, ref Unsafe.Add(ref lease.Reference, KeySequenceStride), KeyCapacity, Shape.HeadDim, ValueHeadStride / KeyCapacity);
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

    /// <summary>Makes a sequence what one of a cache is; the shared prefixes are as before until all are copied.</summary>
    private void CopyFrom(AttentionCache source, int sourceSequence, int sequence)
    {
        int common = ReferenceEquals(source, this) && shared is not null ? shared[sourceSequence, sequence] : 0;
        CopyFrom(source.Panels(sourceSequence), source.lengths[sourceSequence], source.firstHeldKeys[sourceSequence], common, sequence);
    }

    private void CopyFrom(in KeyValuePanels source, int length, int firstHeldKey, int common, int sequence)
    {
        // A smaller ring has no room for the oldest keys; whole panels are copied, so the last one's end counts.
        int end = (int)Int128.Min(int.MaxValue, RoundUpToPanels(length));
        int first = source.KeyCapacity == KeyCapacity ? firstHeldKey : Math.Max(firstHeldKey, end - KeyCapacity);
        int from = firstHeldKeys[sequence] <= first ? Math.Max(common, first) : first;
        PanelCopy.Copy(Shape, in source, Panels(sequence), from, length);
        lengths[sequence] = length;
        firstHeldKeys[sequence] = first;
    }

    private void CheckForkCapacity(int capacity)
    {
        if (capacity < Math.Max(1, Length))
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"capacity is {capacity}; expected {Math.Max(1, Length)} or more, as the cache holds {Length} keys.");
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
