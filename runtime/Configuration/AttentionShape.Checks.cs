namespace AttentionGen;

public sealed partial record AttentionShape
{
    private const int MostHeads = 256;
    private const int WidestHead = 256;
    private const int WidestRow = 65_536;

    /// <summary>Refuses sizes that no kernel has: the shapes of generated classes are legal, but anybody can make one.</summary>
    /// <exception cref="ArgumentException">A size is out of the range that <see cref="AttentionConfigAttribute"/> gives.</exception>
    internal void ThrowIfIllegal()
    {
        Check(nameof(Heads), Heads, 1, MostHeads);
        Check(nameof(KvHeads), KvHeads, 1, MostHeads);
        if (Heads % KvHeads != 0)
            throw new ArgumentException($"shape has Heads = {Heads} and KvHeads = {KvHeads}; expected a multiple of KvHeads.", "shape");
        Check(nameof(HeadDim), HeadDim, 1, WidestHead);
        Check(nameof(ValueHeadDim), ValueHeadDim, 1, WidestHead);
        int narrowest = HasProjections ? 1 : 0;
        Check(nameof(DModel), DModel, narrowest, WidestRow);
        Check(nameof(MemoryDim), MemoryDim, narrowest, WidestRow);
        Check(nameof(SequenceLength), SequenceLength, 0, int.MaxValue);
        Check(nameof(RelativePositionBuckets), RelativePositionBuckets, 0, WidestRow);
        Check(nameof(WindowLeft), WindowLeft, -1, int.MaxValue);
        Check(nameof(WindowRight), WindowRight, -1, int.MaxValue);
        Check(nameof(ChunkSize), ChunkSize, 0, int.MaxValue);
    }

    private static void Check(string size, int value, int least, int most)
    {
        if (value < least || value > most)
            throw new ArgumentException($"shape has {size} = {value}; expected {least} to {most}.", "shape");
    }
}
