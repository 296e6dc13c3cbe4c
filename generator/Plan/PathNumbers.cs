using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>The numbers that the path of a call folds, by the names that the runtime has for them. What a class does not declare has no number.</summary>
internal static class PathNumbers
{
    public static IEnumerable<(string Name, int Value)> Of(AttentionPlan plan) => OfShape(plan.Shape).Concat(OfBlocks(plan));

    /// <summary>The axes of each declared mask.</summary>
    public static IEnumerable<(string Name, MaskAxes Axes)> Masks(AttentionShape shape) =>
        new[] { ("BooleanMask", shape.BooleanMask), ("AdditiveMask", shape.AdditiveMask) }.Where(mask => mask.Item2 != MaskAxes.None);

    /// <summary>Where each slice of the scratch begins, and how long it is in all.</summary>
    public static IEnumerable<(string Name, int Value)> OfScratch(ScratchLayout scratch)
    {
        yield return ("ScratchFloats", scratch.Length);
        foreach (ScratchSlice slice in scratch.Slices)
            yield return (slice.Name == "Heads" ? "RunningHeadsOffset" : $"{slice.Name}Offset", slice.Offset);
    }

    private static IEnumerable<(string Name, int Value)> OfShape(AttentionShape shape)
    {
        yield return ("Heads", shape.Heads);
        yield return ("KvHeads", shape.KvHeads);
        yield return ("HeadDim", shape.HeadDim);
        yield return ("ValueHeadDim", shape.ValueHeadDim);
        if (shape.HasProjections)
        {
            yield return ("DModel", shape.DModel);
            yield return ("MemoryDim", shape.MemoryDim);
            if (shape.ValueInputDim > 0)
                yield return ("ValueInputDim", shape.ValueInputDim);
        }

        if (shape.SequenceLength > 0)
            yield return ("SequenceLength", shape.SequenceLength);
        if (shape.Rotary != RotaryKind.None)
            yield return ("RotaryDim", shape.RotaryDim);
        if (shape.WindowLeft >= 0)
            yield return ("WindowLeft", shape.WindowLeft);
        // A span has fewer keys than the widest window, whose end would be no int.
        if (shape.WindowRight >= 0)
            yield return ("WindowRight", Math.Min(shape.WindowRight, int.MaxValue - 1));
        if (shape.ChunkSize > 0)
            yield return ("ChunkSize", shape.ChunkSize);
        if (shape.AppendedKeys > 0)
            yield return ("AppendedKeys", shape.AppendedKeys);
    }

    private static IEnumerable<(string Name, int Value)> OfBlocks(AttentionPlan plan)
    {
        yield return ("QueryBlock", AttentionPlan.QueryBlock);
        yield return ("QueryRun", AttentionPlan.QueryRun);
        yield return ("RowBlock", plan.RowBlock);
        yield return ("ScoreStride", plan.ScoreStride);
        yield return ("FewRows", AttentionPlan.FewRows);
        yield return ("PartRows", AttentionPlan.PartRows);
        yield return ("PartsPerThread", plan.PartsPerThread);
        if (plan.Steps.ModifiesProbabilities)
            yield return ("KeyPasses", plan.Steps.KeyPasses);
        if (plan.FeedForward is { } network)
        {
            yield return ("FeedForwardDim", network.Width);
            yield return ("FeedForwardStrip", network.StripPanels);
            yield return ("HiddenStride", network.HiddenStride);
        }
    }
}
