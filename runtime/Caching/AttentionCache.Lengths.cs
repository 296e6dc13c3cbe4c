using System.ComponentModel;

namespace AttentionGen;

// The lengths of the sequences.
public sealed partial class AttentionCache
{
    private readonly int[] lengths;
    private readonly int[] firstHeldKeys;

    /// <summary>The number of keys of the longest sequence, which is its next position. Keys that a window has dropped count.</summary>
    public int Length { get; private set; }

    /// <summary>[batch]: the number of keys of each sequence, which is its next position. Keys that a window has dropped count.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    /// <summary>Whether something was put into the cache, even if that was no key. Of cross-attention's cache, whether it has a memory.</summary>
    internal bool IsFilled { get; private set; }

    /// <summary>Whether all sequences have the same length.</summary>
    internal bool HasEqualLengths { get; private set; } = true;

    /// <summary>Returns the first key that a sequence still holds: 0, or more once the ring of a window has overwritten keys.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public int GetFirstHeldKey(int sequence)
    {
        CheckSequence(sequence);
        return firstHeldKeys[sequence];
    }

    /// <summary>Removes all keys and values, those of <see cref="Memory"/> too.</summary>
    /// <exception cref="InvalidOperationException">Another call uses the cache.</exception>
    public void Clear()
    {
        using WriteScope writing = Writing();
        Memory?.Clear();
        Forget();
    }

    /// <summary>Removes all keys, because a call begins to overwrite them.</summary>
    internal void Empty() => Forget();

    private void Forget()
    {
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, 0);
        LengthsChanged();
        IsFilled = false;
    }

    /// <summary>Keeps the first <paramref name="length"/> keys of every sequence and removes the others.</summary>
    /// <param name="length">The number of keys to keep, 0 to <see cref="Length"/>. Shorter sequences stay as they are.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or more than the cache holds.</exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of the window no longer holds the keys that the next row of a sequence sees, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Truncate(int length)
    {
        using WriteScope writing = Writing();
        if ((uint)length > (uint)Length)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; the cache holds {Length} keys, expected 0 to {Length}.");
        for (int sequence = 0; sequence < Batch; sequence++)
            CheckHeld(sequence, length);
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, Math.Min(length, lengths[sequence]));
        LengthsChanged();
    }

    /// <summary>Keeps the first <paramref name="length"/> keys of one sequence and removes the others.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="length">The number of keys to keep, 0 to the sequence's length in <see cref="Lengths"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">
    /// There is no such sequence, or <paramref name="length"/> is negative or more than the sequence's length.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The ring of the window no longer holds the keys that the next row sees, or another call uses the cache. Nothing is changed.
    /// </exception>
    public void Truncate(int sequence, int length)
    {
        using WriteScope writing = Writing();
        CheckSequence(sequence);
        if ((uint)length > (uint)lengths[sequence])
            throw new ArgumentOutOfRangeException(
                nameof(length), length, $"length is {length}; sequence {sequence} holds {lengths[sequence]} keys, expected 0 to {lengths[sequence]}.");
        CheckHeld(sequence, length);
        SetLength(sequence, length);
        LengthsChanged();
    }

    /// <summary>Commits the keys that a kernel has written. A call does this last.</summary>
    /// <param name="length">The new length of each sequence.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void Commit(int length)
    {
        if ((uint)length > (uint)Capacity)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; expected 0 to the capacity, {Capacity}.");
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, length);
        Length = length;
        HasEqualLengths = true;
        IsFilled = true;
    }

    /// <summary>Commits the keys that a kernel has written, a different number for each sequence.</summary>
    /// <param name="newKeys">[batch + 1]: cumulative numbers of new keys.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void CommitNewKeys(ReadOnlySpan<int> newKeys)
    {
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            long length = (long)lengths[sequence] + newKeys[sequence + 1] - newKeys[sequence];
            if ((ulong)length > (ulong)Capacity)
                throw new ArgumentOutOfRangeException(
                    nameof(newKeys), length, $"newKeys gives sequence {sequence} {length} keys; expected 0 to the capacity, {Capacity}.");
        }

        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, lengths[sequence] + (newKeys[sequence + 1] - newKeys[sequence]));
        LengthsChanged();
    }

    /// <summary>Takes back what calls have committed since the sequences had these lengths; keys that a ring has overwritten are not part of it.</summary>
    /// <param name="earlier">[batch]: the lengths that the sequences had.</param>
    internal void TakeBack(ReadOnlySpan<int> earlier)
    {
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, earlier[sequence]);
        LengthsChanged();
    }

    /// <summary>Records that a call is about to write a sequence's memory up to a key, whether or not the call then succeeds.</summary>
    internal void Overwrite(int sequence, int end) =>
        firstHeldKeys[sequence] = Math.Max(firstHeldKeys[sequence], end - KeyCapacity);

    /// <summary>A sequence whose keys from <paramref name="first"/> on are in their places again.</summary>
    internal void SetFirstHeldKey(int sequence, int first) => firstHeldKeys[sequence] = first;

    private void SetLength(int sequence, int length)
    {
        lengths[sequence] = length;
        if (length == 0)
            firstHeldKeys[sequence] = 0;
        else if (IsRing)
            Overwrite(sequence, length);
        shared?.Truncate(sequence, length);
        Pages?.Trim(sequence, length);
    }

    private void LengthsChanged()
    {
        IsFilled = true;
        ReadOnlySpan<int> all = lengths;
        int longest = 0;
        foreach (int length in all)
            longest = Math.Max(longest, length);
        Length = longest;
        HasEqualLengths = !all.ContainsAnyExcept(longest);
    }

    private void CheckSequence(int sequence)
    {
        if ((uint)sequence >= (uint)Batch)
            throw new ArgumentOutOfRangeException(nameof(sequence), sequence, $"sequence is {sequence}; expected 0 to {Batch - 1}.");
    }

    /// <summary>
    /// Whether rows can follow the first <paramref name="length"/> keys of a sequence: later keys must not have overwritten the keys that these rows
    /// see.
    /// </summary>
    internal void CheckHeld(int sequence, int length)
    {
        int first = Math.Max(0, length - Math.Max(0, Shape.CacheWindow));
        if (length == 0 || length >= lengths[sequence] || first >= firstHeldKeys[sequence])
            return;
        throw new InvalidOperationException(
            $"length is {length}, whose next row sees keys from {first} on; sequence {sequence} holds keys from {firstHeldKeys[sequence]} on, " +
            $"because the cache keeps a window. Expected 0, or {firstHeldKeys[sequence] + Math.Max(0, Shape.CacheWindow)} to {lengths[sequence]}.");
    }
}
