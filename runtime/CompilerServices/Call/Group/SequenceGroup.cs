namespace AttentionGen.CompilerServices;

/// <summary>
/// How many short sequences go through the projections together: as many as fill a row block, so that a batch reads the weights once for all of them. The
/// bits of a row do not depend on it.
/// </summary>
internal static class SequenceGroup
{
    /// <summary>Sequences of a group at most: each takes panels of 16 keys at least, and so scratch.</summary>
    public const int MaxSequences = 32;

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

    /// <summary>Keys that the panels of a group without a cache have room for, each sequence in whole panels: exactly, or in a ragged batch at most, by its longest.</summary>
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
