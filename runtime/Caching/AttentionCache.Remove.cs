using System.Runtime.InteropServices;
using AttentionGen.CompilerServices;

namespace AttentionGen;

// Keys that are removed from the middle of a sequence.
public sealed partial class AttentionCache
{
    /// <summary>Rows that are moved at once.</summary>
    private const int MovedRows = 16;

    /// <summary>
    /// Removes keys from the middle of a sequence and moves the later ones up: each is then at its place minus <paramref name="count"/>, and so is the next
    /// row. The first keys and the last ones thus stay in a cache with a bound, however long the text is (Xiao et al. 2023, "Efficient streaming language
    /// models with attention sinks", arXiv 2309.17453).
    /// </summary>
    /// <remarks>
    /// Rotary embedding is turned back by the angles of <paramref name="count"/> positions (R(p − c) = R(−c) R(p)), so that a key is what it would have
    /// been at its new place. Each removal rounds the moved keys once: remove many keys at a time. Keys of narrow formats are rounded to their format again.
    /// Keys stay as they are without rotary embedding, and where calls give positions or tables (<see cref="AttentionShape.Positions"/>,
    /// <see cref="AttentionShape.RotaryTables"/>): the caller then knows which positions the next rows must have.
    /// </remarks>
    /// <param name="sequence">0 to <see cref="Batch"/> − 1.</param>
    /// <param name="first">The first key that is removed, 0 to the length of the sequence.</param>
    /// <param name="count">The number of keys that are removed, 0 to the number of keys from <paramref name="first"/> on.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence, or there are no such keys. Nothing is changed.</exception>
    /// <exception cref="NotSupportedException">
    /// The cache is a ring, or holds a projected memory, or keys are normalised after their rotation
    /// (<see cref="AttentionShape.QueryKeyNormAfterRotary"/>), so that no rotation moves them.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// Another call uses the cache, or the moved keys lie in pages that are shared, and the pool has too few free pages for copies. Nothing is changed.
    /// </exception>
    public void RemoveKeys(int sequence, int first, int count)
    {
        using WriteScope writing = Writing();
        CheckRemove(sequence, first, count);
        if (count == 0)
            return;
        int length = lengths[sequence];
        if (first + count < length)
        {
            Pages?.TakeOwn(sequence, first / AttentionCachePool.PageKeys);
            MoveKeys(sequence, first, count, length);
        }

        shared?.Truncate(sequence, first);
        SetLength(sequence, length - count);
        LengthsChanged();
    }

    /// <summary>Checks everything that <see cref="RemoveKeys"/> can refuse, except for pages.</summary>
    internal void CheckRemove(int sequence, int first, int count)
    {
        if (IsRing)
            throw new NotSupportedException("RemoveKeys needs a cache that holds all keys. This cache is a ring, which removes the oldest keys itself.");
        if (Shape.IsCrossAttention)
            throw new NotSupportedException("RemoveKeys removes keys that rows have appended. This cache holds a projected memory: call ProjectMemory again.");
        if (Shape.Rotary != RotaryKind.None && Shape.QueryKeyNormAfterRotary)
        {
            throw new NotSupportedException(
                "RemoveKeys moves keys by turning their rotation back. This kernel normalises keys after their rotation (QueryKeyNormAfterRotary), so none "
                    + "moves them.");
        }

        CheckSequence(sequence);
        if ((uint)first > (uint)lengths[sequence])
        {
            throw new ArgumentOutOfRangeException(
                nameof(first), first, $"first is {first}; expected 0 to {lengths[sequence]}, the keys of sequence {sequence}.");
        }

        if ((uint)count > (uint)(lengths[sequence] - first))
        {
            throw new ArgumentOutOfRangeException(
                nameof(count), count, $"count is {count}; expected 0 to {lengths[sequence] - first}, the keys of sequence {sequence} from {first} on.");
        }
    }

    private void MoveKeys(int sequence, int first, int count, int length)
    {
        KeyValuePanels panels = Panels(sequence);
        bool rotates = Shape.Rotary != RotaryKind.None && !Shape.Positions && !Shape.RotaryTables;
        RotaryTable? rotary = rotates ? RotaryTable.Get(Shape) : null;
        // An int8 row has its scale behind it.
        Span<float> keys = stackalloc float[MovedRows * (ShapeLimits.MaxCoreHeadDim + 1)];
        Span<byte> rows = MemoryMarshal.AsBytes(keys);
        for (int head = 0; head < Shape.KvHeads; head++)
        {
            // A run is read before its places are written, and those lie before all that is not read yet.
            for (int key = first + count; key < length; key += MovedRows)
            {
                int moved = Math.Min(MovedRows, length - key);
                if (rotary is not null)
                {
                    PanelCopy.ReadKeys(Shape, in panels, head, key, keys, Shape.HeadDim, moved);
                    rotary.TurnBack(Shape.Rotary == RotaryKind.Interleaved, keys[..(moved * Shape.HeadDim)], Shape.HeadDim, count);
                    PanelCopy.WriteKeys(Shape, keys, Shape.HeadDim, moved, in panels, head, key - count);
                }
                else
                {
                    MoveStored(in panels, isKeys: true, head, key, count, moved, rows);
                }

                MoveStored(in panels, isKeys: false, head, key, count, moved, rows);
            }
        }
    }

    /// <summary>Moves rows up as they are stored.</summary>
    private void MoveStored(in KeyValuePanels panels, bool isKeys, int head, int key, int count, int moved, Span<byte> rows)
    {
        rows = rows[..(moved * StoredRows.RowBytes(Shape, isKeys))];
        StoredRows.Read(Shape, in panels, isKeys, head, key, rows, moved);
        StoredRows.Write(Shape, rows, moved, isKeys, in panels, head, key - count);
    }
}
