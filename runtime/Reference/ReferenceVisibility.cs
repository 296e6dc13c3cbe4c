namespace AttentionGen;

/// <summary>Which keys a query sees.</summary>
internal static class ReferenceVisibility
{
    /// <summary>Keys of a sequence that are not padding at its end.</summary>
    public static int KeyLength(AttentionShape shape, in AttentionArguments arguments, ReferenceSequence sequence) =>
        shape.KeyLengths ? arguments.KeyLengths[sequence.Index] : sequence.Keys;

    /// <summary>
    /// Whether a row is padding that is not computed: where its own key is padding. What counts is its place in the sequence, not its position under an
    /// alignment.
    /// </summary>
    public static bool IsPadding(AttentionShape shape, in AttentionArguments arguments, ReferenceSequence sequence, int row) =>
        shape.SkipPadding && sequence.CachedKeys + row >= KeyLength(shape, in arguments, sequence);

    /// <summary>The position of query row i is i + offset: the cached keys of a self-attention, and without a cache what the alignment says.</summary>
    public static int Offset(AttentionShape shape, in AttentionArguments arguments, ReferenceSequence sequence, bool hasCache)
    {
        if (hasCache && !shape.IsCrossAttention)
            return sequence.CachedKeys;
        return shape.CausalAlignment == CausalAlignment.BottomRight ? KeyLength(shape, in arguments, sequence) - sequence.Rows : 0;
    }

    /// <summary>Whether every declared rule lets this row see this key.</summary>
    public static bool Sees(
        AttentionShape shape, in AttentionArguments arguments, ReferenceHooks hooks, ReferenceSequence sequence, int head, int row, int position, int key)
    {
        int index = sequence.Index;
        if (key >= KeyLength(shape, in arguments, sequence))
            return false;
        if (shape.MaskLength && key >= arguments.MaskLength)
            return false;
        if (shape.KeyStarts && key < arguments.KeyStarts[index])
            return false;
        bool inPrefix = shape.PrefixLengths && key < arguments.PrefixLengths[index];
        if (shape.Causal && key > position && !inPrefix)
            return false;
        if (shape.WindowLeft >= 0 && key < position - shape.WindowLeft)
            return false;
        if (shape.WindowRight >= 0 && key > position + shape.WindowRight)
            return false;
        if (shape.ChunkSize > 0 && Chunk(shape, key) != Chunk(shape, position))
            return false;
        if (shape.Documents && !SameDocument(arguments.Documents.Slice(sequence.FirstKey, sequence.Keys), position, key))
            return false;
        if (shape.BooleanMask != MaskAxes.None && !arguments.BooleanMask[sequence.MaskIndex(shape, shape.BooleanMask, head, row, key)])
            return false;
        return hooks.MaskPredicate is not { } predicate || predicate(head, position, key);
    }

    // Positions may be negative: the division rounds down.
    private static int Chunk(AttentionShape shape, int position) => (int)Math.Floor((double)position / shape.ChunkSize);

    // A position outside of the keys has no document.
    private static bool SameDocument(ReadOnlySpan<int> documents, int position, int key) =>
        (uint)position < (uint)documents.Length && documents[position] == documents[key];
}
