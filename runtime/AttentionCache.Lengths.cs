using System.ComponentModel;

namespace AttentionGen;

// How much each sequence holds.
public sealed partial class AttentionCache
{
    private readonly int[] lengths;
    private readonly int[] firstHeldKeys;

    /// <summary>Keys that the longest sequence has, those that a window has left behind included: its next position.</summary>
    public int Length { get; private set; }

    /// <summary>[batch]: keys that each sequence has, those that a window has left behind included: its next position.</summary>
    public ReadOnlySpan<int> Lengths => lengths;

    /// <summary>Whether all sequences have as many keys.</summary>
    internal bool HasEqualLengths { get; private set; } = true;

    /// <summary>The first key that a sequence still holds: 0, or more where a window's ring has gone round.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public int GetFirstHeldKey(int sequence)
    {
        CheckSequence(sequence);
        return firstHeldKeys[sequence];
    }

    /// <summary>Forgets everything.</summary>
    /// <exception cref="InvalidOperationException">Another call uses the cache.</exception>
    public void Clear()
    {
        using WriteScope writing = Writing();
        Forget();
    }

    private void Forget()
    {
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, 0);
        LengthsChanged();
    }

    /// <summary>Forgets the keys behind the first <paramref name="length"/>, of every sequence.</summary>
    /// <param name="length">Keys to keep, 0 to <see cref="Length"/>; shorter sequences stay as they are.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="length"/> is negative or more than the cache holds.</exception>
    /// <exception cref="InvalidOperationException">The window's ring no longer holds the keys that the next row of a sequence sees, or another call uses the cache. Nothing is changed.</exception>
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

    /// <summary>Forgets the keys behind the first <paramref name="length"/>, of one sequence.</summary>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="length">Keys to keep, 0 to the sequence's own of <see cref="Lengths"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence, or <paramref name="length"/> is negative or more than it holds.</exception>
    /// <exception cref="InvalidOperationException">The window's ring no longer holds the keys that the next row sees, or another call uses the cache. Nothing is changed.</exception>
    public void Truncate(int sequence, int length)
    {
        using WriteScope writing = Writing();
        CheckSequence(sequence);
        if ((uint)length > (uint)lengths[sequence])
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; sequence {sequence} holds {lengths[sequence]} keys, expected 0 to {lengths[sequence]}.");
        CheckHeld(sequence, length);
        SetLength(sequence, length);
        LengthsChanged();
    }

    /// <summary>Makes keys that a kernel has written part of the cache; the last thing that a call does.</summary>
    /// <param name="length">Keys that each sequence holds from now on.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void Commit(int length)
    {
        if ((uint)length > (uint)Capacity)
            throw new ArgumentOutOfRangeException(nameof(length), length, $"length is {length}; expected 0 to the capacity, {Capacity}.");
        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, length);
        Length = length;
        HasEqualLengths = true;
    }

    /// <summary>Makes keys that a kernel has written part of the cache, where each sequence has a number of its own.</summary>
    /// <param name="newKeys">[batch + 1]: cumulative numbers of new keys.</param>
    [EditorBrowsable(EditorBrowsableState.Never)]
    public void CommitNewKeys(ReadOnlySpan<int> newKeys)
    {
        for (int sequence = 0; sequence < Batch; sequence++)
        {
            long length = (long)lengths[sequence] + newKeys[sequence + 1] - newKeys[sequence];
            if ((ulong)length > (ulong)Capacity)
                throw new ArgumentOutOfRangeException(nameof(newKeys), length, $"newKeys gives sequence {sequence} {length} keys; expected 0 to the capacity, {Capacity}.");
        }

        for (int sequence = 0; sequence < Batch; sequence++)
            SetLength(sequence, lengths[sequence] + (newKeys[sequence + 1] - newKeys[sequence]));
        LengthsChanged();
    }

    /// <summary>Says that a sequence's memory is about to be written up to a key, whether or not the call then succeeds.</summary>
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
    }

    private void LengthsChanged()
    {
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

    /// <summary>Whether rows can follow the first <paramref name="length"/> keys of a sequence: what they see must not have made room for later keys.</summary>
    private void CheckHeld(int sequence, int length)
    {
        int first = Math.Max(0, length - Math.Max(0, Shape.CacheWindow));
        if (length == 0 || length >= lengths[sequence] || first >= firstHeldKeys[sequence])
            return;
        throw new InvalidOperationException(
            $"length is {length}, whose next row sees keys from {first} on; sequence {sequence} holds keys from {firstHeldKeys[sequence]} on, " +
            $"because the cache keeps a window. Expected 0, or {firstHeldKeys[sequence] + Math.Max(0, Shape.CacheWindow)} to {lengths[sequence]}.");
    }
}
