using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the file with the numbers of a product and of its plan, which the runtime's path of a call folds. They are the same for every vector target.
/// </summary>
internal static class LinearConstantsEmitter
{
    /// <summary>The path of a call, closed over the kernels of a vector target and the numbers.</summary>
    public static string Path(VectorTarget target) => $"Services::LinearCall<{TargetEmitter.KernelsName(target)}, {ConstantsEmitter.TypeName}>";

    public static GeneratedFile Write(IReadOnlyList<LinearPlan> plans)
    {
        LinearPlan plan = plans[0];
        return ConstantsEmitter.Write(LinearProse.Of(plan), "ILinearConstants", writer =>
        {
            writer.Line(CodeWriter.Invariant($"public static int Inputs => {plan.Shape.Inputs};"));
            writer.Line(CodeWriter.Invariant($"public static int Outputs => {plan.Shape.Outputs};"));
            writer.Line($"public static Library::Activation Activation => Library::Activation.{plan.Shape.Activation};");
            writer.Line($"public static Library::WeightFormat Weights => Library::WeightFormat.{plan.Shape.Weights};");
            writer.Line($"public static Library::WeightArithmetic Arithmetic => Library::WeightArithmetic.{plan.Shape.Arithmetic};");
            writer.Line($"public static bool HasGate => {(plan.Shape.Gate ? "true" : "false")};");
            writer.Line($"public static bool HasResidual => {(plan.Shape.Residual ? "true" : "false")};");
            writer.Line(CodeWriter.Invariant($"public static int Panels => {plan.Panels};"));
            writer.Line(CodeWriter.Invariant($"public static int ColumnUnit => {plan.ColumnUnit};"));
            writer.Line(CodeWriter.Invariant($"public static int ColumnBlock => {LinearPlan.ColumnBlock};"));
            writer.Line(CodeWriter.Invariant($"public static int FinishedFloats => {LinearPlan.FinishedFloats};"));
            writer.Line(CodeWriter.Invariant($"public static int RowBlock => {plan.RowBlock};"));
            writer.Line(CodeWriter.Invariant($"public static int PartRows => {AttentionPlan.PartRows};"));
            writer.Line($"public static int InterleavedPanels => {ConstantsEmitter.Interleaved(plans.Select(each => (each.Target, each.Product)))};");
        });
    }
}
