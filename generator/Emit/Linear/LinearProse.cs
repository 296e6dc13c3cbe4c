using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>The words of one product.</summary>
internal static class LinearProse
{
    /// <summary>What the prose of a file says of a plan.</summary>
    public static PlanProse Of(LinearPlan plan)
    {
        long narrow = NarrowLayout.ScratchFloats(plan.Shape.Weights, plan.Shape.Arithmetic, plan.RowBlock, plan.Shape.Inputs);
        long scratch = 4L * ((plan.StripFloats * (long)plan.RowBlock) + narrow);
        return new()
        {
            Class = plan.Class,
            Target = plan.Target,
            Configuration = Describe(plan.Shape),
            Reasons = plan.Reasons,
            SharedReasons = plan.SharedReasons,
            LargestTile = plan.Product.LargestTile,
            Blocks = CodeWriter.Invariant($"row blocks of {plan.RowBlock}"),
            Counts =
            [
                CodeWriter.Invariant($"Multiply-adds: {plan.MultiplyAdds} a row."),
                CodeWriter.Invariant($"Bytes: {plan.WeightBytes} of packed weights, {scratch} of scratch."),
            ],
            Legend = ProseEmitter.ProductLegend,
            Costs = CodeWriter.Invariant(
                $"{plan.MultiplyAdds} multiply-adds a row; {plan.WeightBytes / 1024} KiB of packed weights, up to {scratch / 1024} KiB of scratch a call"),
            Memory = CodeWriter.Invariant($"{plan.WeightBytes / 1024} KiB of packed weights"),
        };
    }

    /// <summary>The configuration in one sentence.</summary>
    private static string Describe(LinearShape shape)
    {
        string activation = shape.Activation switch
        {
            Activation.None => "",
            Activation.Relu => ", ReLU",
            Activation.Gelu => ", GELU",
            Activation.GeluTanh => ", GELU by tanh",
            Activation.QuickGelu => ", quick GELU",
            _ => ", SiLU",
        };
        string sizes = $"{CodeWriter.Count(shape.Inputs, "input")}, {CodeWriter.Count(shape.Outputs, "output")}";
        string rows = $"{(shape.Gate ? ", gate" : "")}{(shape.Residual ? ", residual" : "")}";
        return $"Linear: {sizes}{(shape.Bias ? ", bias" : ", no bias")}{activation}{rows}{(shape.Gradients ? ", gradients" : "")}.";
    }
}
