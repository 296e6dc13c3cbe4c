using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// How many short sequences go through the projections together: as many as fill a row block, so that a batch reads the weights once for all of them. The
/// bits of a row do not depend on it.
/// </summary>
internal static class SequenceGroup
{
    /// <summary>Sequences of a group at most: each takes panels of 16 keys at least, and so scratch.</summary>
    public const int MaxSequences = 32;

    /// <summary>
    /// Whether sequences of a call may form groups: their rows follow each other, and all of them are computed. A memory that is not in a cache has rows of
    /// its own, and a ring must have room for all new keys at once.
    /// </summary>
    /// <param name="features">What the class declares.</param>
    /// <param name="hasCache">Whether keys and values lie in a cache.</param>
    /// <param name="rows">Rows of the longest sequence.</param>
    /// <param name="chunkRows">Rows whose keys a ring has room for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool MayForm(AttentionFeatures features, bool hasCache, int rows, int chunkRows)
    {
        if ((features & (AttentionFeatures.Projections | AttentionFeatures.SkipPadding)) != AttentionFeatures.Projections)
            return false;
        bool needsCache = (features & (AttentionFeatures.CrossAttention | AttentionFeatures.Memory)) != 0;
        return (hasCache || !needsCache) && ((features & AttentionFeatures.CrossAttention) != 0 || rows <= chunkRows);
    }

    /// <summary>Sequences of a group where all have the same number of rows.</summary>
    public static int Count(int batch, int rows, int rowBlock) => Math.Clamp(rowBlock / Math.Max(1, rows), 1, Math.Clamp(batch, 1, MaxSequences));

    /// <summary>Sequences of a ragged batch that form a group, from the first one.</summary>
    public static int CountRagged(ReadOnlySpan<int> rowOffsets, int first, int rowBlock)
    {
        int last = Math.Min(rowOffsets.Length - 1, first + MaxSequences), end = first + 1;
        while (end < last && rowOffsets[end + 1] - rowOffsets[first] <= rowBlock)
            end++;
        return end - first;
    }

    /// <summary>
    /// Keys that the panels of a group without a cache have room for, each sequence in whole panels: exactly, or in a ragged batch at most, by its
    /// longest.
    /// </summary>
    public static nint Keys(int batch, int rows, int keys, int rowBlock, bool isRagged)
    {
        if (!isRagged)
            return Count(batch, rows, rowBlock) * WholePanels(keys);
        long together = Math.Min(rowBlock, (long)batch * rows) + ((PanelLayout.PanelWidth - 1L) * Math.Min(batch, MaxSequences));
        return Math.Max(WholePanels(keys), (nint)together & -PanelLayout.PanelWidth);
    }

    /// <summary>Keys in whole panels.</summary>
    public static nint WholePanels(nint keys) => (keys + PanelLayout.PanelWidth - 1) & -PanelLayout.PanelWidth;
}
