using System;
using System.Linq;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

public sealed partial record AttentionShape
{
    /// <summary>Throws for sizes that no kernel has. Shapes of generated classes are legal, but a caller can create any shape.</summary>
    /// <exception cref="ArgumentException">A size is outside the range that <see cref="AttentionConfigAttribute"/> documents.</exception>
    internal void ThrowIfIllegal()
    {
        Check(nameof(Heads), Heads, 1, ShapeLimits.MaxHeads);
        Check(nameof(KvHeads), KvHeads, 1, ShapeLimits.MaxHeads);
        if (Heads % KvHeads != 0)
            throw new ArgumentException($"shape has Heads = {Heads} and KvHeads = {KvHeads}; expected a multiple of KvHeads.", "shape");
        Check(nameof(HeadDim), HeadDim, 1, HasProjections ? ShapeLimits.MaxHeadDim : ShapeLimits.MaxCoreHeadDim);
        Check(nameof(ValueHeadDim), ValueHeadDim, 1, ShapeLimits.MaxHeadDim);
        int narrowest = HasProjections ? 1 : 0;
        Check(nameof(DModel), DModel, narrowest, ShapeLimits.MaxDModel);
        Check(nameof(MemoryDim), MemoryDim, narrowest, ShapeLimits.MaxDModel);
        Check(nameof(ValueInputDim), ValueInputDim, 0, HasProjections && IsCrossAttention ? ShapeLimits.MaxDModel : 0);
        Check(nameof(SequenceLength), SequenceLength, 0, ShapeLimits.MaxSequenceLength);
        Check(nameof(RelativePositionBuckets), RelativePositionBuckets, 0, ShapeLimits.MaxRelativePositionBuckets);
        CheckList(nameof(AlibiSlopes), AlibiSlopes.Count, isNeeded: false, Heads);
        CheckList(nameof(RotaryFrequencies), RotaryFrequencies.Count, isNeeded: false, RotaryDim / 2);
        CheckList(nameof(RotaryShortFactors), RotaryShortFactors.Count, RotaryScaling == RotaryScaling.LongRope, RotaryDim / 2);
        CheckList(nameof(RotaryLongFactors), RotaryLongFactors.Count, RotaryScaling == RotaryScaling.LongRope, RotaryDim / 2);
        if (RotarySections.Count > 0 && (RotarySections.Any(pairs => pairs < 1) || RotarySections.Sum(pairs => (long)pairs) != RotaryDim / 2))
            throw new ArgumentException($"shape has RotarySections = {RotarySections}; expected {RotaryDim / 2} pairs in sections of 1 or more.", "shape");
        Check(nameof(WindowLeft), WindowLeft, -1, int.MaxValue);
        Check(nameof(WindowRight), WindowRight, -1, int.MaxValue);
        Check(nameof(ChunkSize), ChunkSize, 0, int.MaxValue);
        if (KeyValues is < KeyValueFormat.Float32 or > KeyValueFormat.Int8)
            throw new ArgumentException($"shape has KeyValues = {KeyValues}; expected one of the enumeration.", "shape");
        if (KeyValues != KeyValueFormat.Float32 && !HasCache)
            throw new ArgumentException($"shape has KeyValues = {KeyValues} and no cache; expected Float32.", "shape");
    }

    /// <summary>A list has so many numbers, or where it is not needed none.</summary>
    private static void CheckList(string name, int count, bool isNeeded, int expected)
    {
        if (count != expected && (isNeeded || count != 0))
            throw new ArgumentException($"shape has {name} with {count} numbers; expected {expected}.", "shape");
    }

    private static void Check(string size, int value, int least, int most)
    {
        if (value < least || value > most)
            throw new ArgumentException($"shape has {size} = {value}; expected {least} to {most}.", "shape");
    }
}
