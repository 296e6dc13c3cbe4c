using AttentionGen.Bench.Measure;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Bench.Explain;

/// <summary>The generator's plan for a shape, on the vector target that this processor uses.</summary>
internal static class PlanOf
{
    /// <summary>Settings whose calls are known here: a class that declares another one must be refused, not explained without it.</summary>
    private static readonly HashSet<string> Known =
    [
        "Heads", "KvHeads", "HeadDim", "ValueHeadDim", "HasProjections", "Layout", "DModel", "MemoryDim", "IsCrossAttention",
        "QueryBias", "KeyBias", "ValueBias", "OutputBias", "Causal", "CausalAlignment", "Scale", "QueryKeyNorm", "QueryKeyNormEpsilon",
        "Rotary", "RotaryDim", "RotaryBase", "RotaryScaling", "RotaryScalingFactor", "RotaryOriginalLength", "RotaryLowFrequencyFactor",
        "RotaryHighFrequencyFactor", "RotaryBetaFast", "RotaryBetaSlow", "RotaryAttentionFactor",
        "KeyLengths", "Ragged", "SkipPadding", "SequenceLength",
    ];

    /// <exception cref="ArgumentException">It has a feature whose calls are not known here.</exception>
    public static AttentionPlan Shape(AttentionShape shape)
    {
        AttentionSpec spec = SpecOf(shape);
        return ShapeSettings.Declared(spec.Shape).All(setting => Known.Contains(setting.Name))
            ? AttentionPlan.Create(spec, VectorTarget.All.First(target => target.Lanes == FmaPeak.Lanes))
            : throw new ArgumentException("the class declares something that no calls are known for.");
    }

    /// <summary>The spec that the generator made of the attribute; the class and its unrolling are taken to be ordinary.</summary>
    public static AttentionSpec SpecOf(AttentionShape shape) => new()
    {
        Class = new() { Namespace = "", Declarations = new(["partial class Block"]), Name = "Block", HintName = "Block" },
        Shape = ShapeCopy.To<Generator.Model.AttentionShape>(shape),
    };
}
