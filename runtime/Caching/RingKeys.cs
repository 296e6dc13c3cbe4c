using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>Which keys of a ring the present call overwrites, and room for one of each sequence, so that a decode step allocates nothing.</summary>
internal sealed class RingKeys(AttentionShape shape, int batch)
{
    // For each sequence the first key that it holds, and how many from there on are overwritten.
    private readonly int[] first = new int[batch];
    private readonly int[] count = new int[batch];

    /// <summary>Room for the rows of <see cref="Room"/> keys, as <see cref="StoredRows"/> has them.</summary>
    public byte[] Own { get; } = new byte[checked(batch * StoredRows.BytesOfKey(shape))];

    /// <summary>Keys of all sequences that <see cref="Own"/> has room for.</summary>
    public int Room => batch;

    /// <summary>Keys that are overwritten, of all sequences.</summary>
    public nint Count
    {
        get
        {
            nint sum = 0;
            foreach (int keys in count)
                sum += keys;
            return sum;
        }
    }

    /// <summary>Works out which keys of a sequence new ones will overwrite, and how many they are.</summary>
    public int Find(AttentionCache cache, int sequence, int newKeys)
    {
        int length = cache.Lengths[sequence];
        first[sequence] = cache.GetFirstHeldKey(sequence);
        long end = Math.Min(length, length + (long)newKeys - cache.KeyCapacity);
        return count[sequence] = (int)Math.Max(0, end - first[sequence]);
    }

    /// <summary>Copies them.</summary>
    public void Save(AttentionCache cache, Span<byte> rows)
    {
        for (int sequence = 0; sequence < count.Length; sequence++)
        {
            KeyValuePanels panels = cache.Panels(sequence);
            for (int head = 0; head < shape.KvHeads && count[sequence] > 0; head++)
            {
                StoredRows.Read(shape, in panels, true, head, first[sequence], Take(ref rows, sequence, true), count[sequence]);
                StoredRows.Read(shape, in panels, false, head, first[sequence], Take(ref rows, sequence, false), count[sequence]);
            }
        }
    }

    /// <summary>Puts them back.</summary>
    public void Restore(AttentionCache cache, Span<byte> rows)
    {
        for (int sequence = 0; sequence < count.Length; sequence++)
        {
            KeyValuePanels panels = cache.Panels(sequence);
            for (int head = 0; head < shape.KvHeads && count[sequence] > 0; head++)
            {
                StoredRows.Write(shape, Take(ref rows, sequence, true), count[sequence], true, in panels, head, first[sequence]);
                StoredRows.Write(shape, Take(ref rows, sequence, false), count[sequence], false, in panels, head, first[sequence]);
            }

            cache.SetFirstHeldKey(sequence, first[sequence]);
        }
    }

    private Span<byte> Take(ref Span<byte> rows, int sequence, bool isKeys)
    {
        int bytes = count[sequence] * StoredRows.RowBytes(shape, isKeys);
        Span<byte> taken = rows[..bytes];
        rows = rows[bytes..];
        return taken;
    }
}
