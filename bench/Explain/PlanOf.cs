using AttentionGen.Bench.Measure;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The generator's plan for a shape, on the vector target that this processor uses.</summary>
internal static class PlanOf
{
    public static AttentionPlan Shape(AttentionShape shape) =>
        AttentionPlan.Create(SpecOf(shape), VectorTarget.All.First(target => target.Lanes == FmaPeak.Lanes));

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
        KeyLengths = shape.KeyLengths,
        SequenceLength = shape.SequenceLength,
        Unrolling = Generator.Model.Unrolling.Auto,
    };
}
