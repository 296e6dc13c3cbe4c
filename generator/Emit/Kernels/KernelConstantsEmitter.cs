using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the names of offsets and sizes that the kernels of every vector target use, so that no bare number stands in them.</summary>
internal static class KernelConstantsEmitter
{
    /// <summary>Running maxima of a query block's rows.</summary>
    public const string Maximum = "SoftmaxState.Maximum";

    /// <summary>Running sums of a query block's rows.</summary>
    public const string Sum = "SoftmaxState.Sum";

    public const string BlockMaximum = "SoftmaxState.BlockMaximum";
    public const string BlockSum = "SoftmaxState.BlockSum";
    public const string OldFactor = "SoftmaxState.OldFactor";
    public const string BlockFactor = "SoftmaxState.BlockFactor";

    /// <summary>Floats between the scores of two queries.</summary>
    public const string ScoreStride = "ScoreStride";

    /// <summary>Floats between the running outputs of two rows.</summary>
    public const string HeadStride = "HeadStride";

    /// <summary>Floats of a joined row.</summary>
    public const string JoinedDim = "JoinedDim";

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line("/// <summary>Floats between the scores of two queries, between the running outputs of two rows, and of a row of joined heads.</summary>");
        writer.Line(
            CodeWriter.Invariant(
                $"private const int {ScoreStride} = {plan.ScoreStride}, {HeadStride} = {plan.ValueHeadDimPadded}, {JoinedDim} = {plan.Shape.JoinedDim};"));
        writer.Line();
        writer.Line(
            "/// <summary>Where maxima, sums and factors of a query block lie, in floats: of what was merged so far, and of the present key block.</summary>");
        using (writer.Block("private static class SoftmaxState"))
        {
            writer.Line(CodeWriter.Invariant($"public const int Maximum = {SoftmaxState.Maximum}, Sum = {SoftmaxState.Sum};"));
            writer.Line(
                CodeWriter.Invariant(
                    $"public const int BlockMaximum = {SoftmaxState.Block + SoftmaxState.Maximum}, BlockSum = {SoftmaxState.Block + SoftmaxState.Sum};"));
            writer.Line(CodeWriter.Invariant($"public const int OldFactor = {SoftmaxState.OldFactor}, BlockFactor = {SoftmaxState.BlockFactor};"));
        }

        writer.Line();
    }
}
