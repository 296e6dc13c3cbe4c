using AttentionGen.Bench.Measure;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The generator's plan for a shape, on the vector target that this processor uses.</summary>
internal static class PlanOf
{
    /// <exception cref="ArgumentException">It has a feature whose calls are not known here.</exception>
    public static AttentionPlan Shape(AttentionShape shape) => KnownPart(shape) == shape with { ValueHeadDim = shape.ValueHeadDim }
        ? AttentionPlan.Create(SpecOf(shape), VectorTarget.All.First(target => target.Lanes == FmaPeak.Lanes))
        : throw new ArgumentException("the class declares something that no calls are known for.");

    /// <summary>The shape with those features alone that calls are known for: one that another feature is added to must be refused, not explained without it.</summary>
    private static AttentionShape KnownPart(AttentionShape shape) => new()
    {
        Heads = shape.Heads,
        KvHeads = shape.KvHeads,
        HeadDim = shape.HeadDim,
        ValueHeadDim = shape.ValueHeadDim,
        HasProjections = shape.HasProjections,
        Layout = shape.Layout,
        DModel = shape.DModel,
        MemoryDim = shape.MemoryDim,
        IsCrossAttention = shape.IsCrossAttention,
        QueryBias = shape.QueryBias,
        KeyBias = shape.KeyBias,
        ValueBias = shape.ValueBias,
        OutputBias = shape.OutputBias,
        Causal = shape.Causal,
        CausalAlignment = shape.CausalAlignment,
        Scale = shape.Scale,
        QueryKeyNorm = shape.QueryKeyNorm,
        QueryKeyNormEpsilon = shape.QueryKeyNormEpsilon,
        Rotary = shape.Rotary,
        RotaryDim = shape.RotaryDim,
        RotaryBase = shape.RotaryBase,
        RotaryScaling = shape.RotaryScaling,
        RotaryScalingFactor = shape.RotaryScalingFactor,
        RotaryOriginalLength = shape.RotaryOriginalLength,
        RotaryLowFrequencyFactor = shape.RotaryLowFrequencyFactor,
        RotaryHighFrequencyFactor = shape.RotaryHighFrequencyFactor,
        RotaryBetaFast = shape.RotaryBetaFast,
        RotaryBetaSlow = shape.RotaryBetaSlow,
        RotaryAttentionFactor = shape.RotaryAttentionFactor,
        KeyLengths = shape.KeyLengths,
        Ragged = shape.Ragged,
        SkipPadding = shape.SkipPadding,
        SequenceLength = shape.SequenceLength,
    };

    /// <summary>The spec that the generator made of the attribute; the class and its unrolling are taken to be ordinary.</summary>
    public static AttentionSpec SpecOf(AttentionShape shape) => new()
    {
        Target = new() { Namespace = "", Declarations = new(["partial class Block"]), Name = "Block", HintName = "Block" },
        Heads = shape.Heads,
        KvHeads = shape.KvHeads,
        HeadDim = shape.HeadDim,
        ValueHeadDim = shape.ValueHeadDim,
        HasProjections = shape.HasProjections,
        Layout = (Generator.Model.HeadLayout)shape.Layout,
        DModel = shape.DModel,
        MemoryDim = shape.MemoryDim,
        IsCrossAttention = shape.IsCrossAttention,
        QueryBias = shape.QueryBias,
        KeyBias = shape.KeyBias,
        ValueBias = shape.ValueBias,
        OutputBias = shape.OutputBias,
        Causal = shape.Causal,
        CausalAlignment = (Generator.Model.CausalAlignment)shape.CausalAlignment,
        Scale = shape.Scale,
        RotaryEmbedding = new() { Kind = (Generator.Model.RotaryKind)shape.Rotary, Dim = shape.RotaryDim, Base = shape.RotaryBase },
        QueryKeyNorm = (Generator.Model.QueryKeyNorm)shape.QueryKeyNorm,
        QueryKeyNormEpsilon = shape.QueryKeyNormEpsilon,
        KeyLengths = shape.KeyLengths,
        SequenceLength = shape.SequenceLength,
        Unrolling = Generator.Model.Unrolling.Auto,
    };
}
