using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>Which keys of a ring the present call overwrites, and room for one of each sequence, so that a decode step allocates nothing.</summary>
internal sealed class RingKeys(AttentionShape shape, int batch)
{
    // For each sequence the first key that it holds, and how many from there on are overwritten.
    private readonly int[] first = new int[batch];
    private readonly int[] count = new int[batch];

    /// <summary>Room for the rows of <see cref="Room"/> keys.</summary>
    public float[] Own { get; } = new float[checked(batch * (shape.KeyDim + shape.ValueDim))];

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
    public void Save(AttentionCache cache, Span<float> rows)
    {
        for (int sequence = 0; sequence < count.Length; sequence++)
        {
            KeyValuePanels panels = cache.Panels(sequence);
            for (int head = 0; head < shape.KvHeads && count[sequence] > 0; head++)
            {
                PanelCopy.ReadKeys(shape, in panels, head, first[sequence], Take(ref rows, count[sequence] * shape.HeadDim), shape.HeadDim, count[sequence]);
                PanelCopy.ReadValues(
                    shape, in panels, head, first[sequence], Take(ref rows, count[sequence] * shape.ValueHeadDim), shape.ValueHeadDim, count[sequence]);
            }
        }
    }

    /// <summary>Puts them back.</summary>
    public void Restore(AttentionCache cache, Span<float> rows)
    {
        for (int sequence = 0; sequence < count.Length; sequence++)
        {
            KeyValuePanels panels = cache.Panels(sequence);
            for (int head = 0; head < shape.KvHeads && count[sequence] > 0; head++)
            {
                PanelCopy.WriteKeys(shape, Take(ref rows, count[sequence] * shape.HeadDim), shape.HeadDim, count[sequence], in panels, head, first[sequence]);
                PanelCopy.WriteValues(
                    shape, Take(ref rows, count[sequence] * shape.ValueHeadDim), shape.ValueHeadDim, count[sequence], in panels, head, first[sequence]);
            }

            cache.SetFirstHeldKey(sequence, first[sequence]);
        }
    }

    private static Span<float> Take(ref Span<float> rows, int floats)
    {
        Span<float> taken = rows[..floats];
        rows = rows[floats..];
        return taken;
    }
}
