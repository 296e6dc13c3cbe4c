using System.Collections.Generic;
using System.Globalization;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Plan;

/// <summary>What the numbers of an operand are stored as.</summary>
internal enum ElementType
{
    Float32,
}

/// <summary>How an operand lies in memory.</summary>
internal enum OperandLayout
{
    /// <summary>One row after another.</summary>
    Rows,

    /// <summary>Panels of <see cref="AttentionPlan.PanelWidth"/> columns, each with one step of the depth after another.</summary>
    Panels,

    /// <summary>Panels that are packed once, for the vector target that runs: it may have them interleaved.</summary>
    PackedPanels,
}

/// <summary>
/// One thing that is done to a tile's sums. Another one is another record here, a case in <c>EpilogueEmitter</c>, and a place in a kernel's list.
/// </summary>
internal abstract record EpilogueStep
{
    /// <summary>Adds the column's bias.</summary>
    public sealed record AddBias : EpilogueStep;

    /// <summary>Stores the sums in the rows of C.</summary>
    public sealed record StoreRows : EpilogueStep;
}

/// <summary>A size: a literal of the generated text, or a parameter of the kernel.</summary>
/// <param name="Literal">The size, or 0 where it is a parameter.</param>
/// <param name="Parameter">The parameter's name, empty where the size is a literal.</param>
internal sealed record Extent(int Literal, string Parameter)
{
    public static Extent Of(int literal) => new(literal, "");

    public static Extent Named(string parameter) => new(0, parameter);

    public bool IsLiteral => Parameter.Length == 0;

    public override string ToString() => IsLiteral ? Literal.ToString(CultureInfo.InvariantCulture) : Parameter;
}

/// <summary>A matrix that a kernel reads or writes.</summary>
/// <param name="Name">Its name in the generated text.</param>
/// <param name="Element">What its numbers are stored as.</param>
/// <param name="Layout">How it lies in memory.</param>
/// <param name="Stride">Elements from one row, or from one panel, to the next.</param>
internal sealed record Operand(string Name, ElementType Element, OperandLayout Layout, Extent Stride);

/// <summary>
/// One matrix product, C = A · B and what follows it: what is computed, not how. A <see cref="ProductPlan"/> tells how.
/// The name identifies it: two products of one depth that do different things to their sums have different names.
/// </summary>
/// <param name="Name">Name of the kernel's entry point, and stem of the names of its tiles.</param>
/// <param name="A">The rows that are multiplied.</param>
/// <param name="B">What they are multiplied with.</param>
/// <param name="C">The rows that are written.</param>
/// <param name="Depth">Length of the sums.</param>
/// <param name="Panels">Panels of B, and so sixteenths of the columns of C.</param>
/// <param name="Epilogue">What is done to the sums, from the first step to the last, which stores them.</param>
internal sealed record MatrixKernel(string Name, Operand A, Operand B, Operand C, Extent Depth, Extent Panels, EquatableArray<EpilogueStep> Epilogue)
{
    /// <summary>
    /// Blocks that the depth is cut into, each with a chain of multiply-adds of its own from zero, added in ascending order: the bits depend on
    /// it, so it is the same for every vector target. Weights alone are deep enough; 1 for other products.
    /// </summary>
    public int DepthBlocks => B.Layout == OperandLayout.PackedPanels ? (Depth.Literal + AttentionPlan.DepthBlock - 1) / AttentionPlan.DepthBlock : 1;

    /// <summary>Rows times packed weights.</summary>
    public static MatrixKernel Projection(int depth, params EpilogueStep[] epilogue) => Projection(depth, depth, epilogue);

    /// <summary>The same for rows that do not follow each other.</summary>
    public static MatrixKernel Projection(int depth, int rowStride, params EpilogueStep[] epilogue) => new(
        ProjectionName(depth, rowStride, epilogue),
        Rows("a", Extent.Of(rowStride)),
        new("weights", ElementType.Float32, OperandLayout.PackedPanels, Extent.Of(depth * AttentionPlan.PanelWidth)),
        Rows("c", Extent.Named("stride")),
        Extent.Of(depth),
        Extent.Named("panels"),
        new(epilogue));

    /// <summary>Queries times key panels.</summary>
    public static MatrixKernel Scores(int headDim, int scoreStride) => new(
        "Scores",
        Rows("queries", Extent.Of(headDim)),
        Panelled("keys", Extent.Of(headDim * AttentionPlan.PanelWidth)),
        Rows("scores", Extent.Of(scoreStride)),
        Extent.Of(headDim),
        Extent.Named("panels"),
        new([new EpilogueStep.StoreRows()]));

    /// <summary>Probabilities times value panels, as deep as there are keys.</summary>
    public static MatrixKernel Values(int valueHeadDimPadded, int scoreStride) => new(
        "Values",
        Rows("probabilities", Extent.Of(scoreStride)),
        Panelled("values", Extent.Named("panelStride")),
        Rows("heads", Extent.Of(valueHeadDimPadded)),
        Extent.Named("keys"),
        Extent.Of(valueHeadDimPadded / AttentionPlan.PanelWidth),
        new([new EpilogueStep.StoreRows()]));

    private static Operand Rows(string name, Extent stride) => new(name, ElementType.Float32, OperandLayout.Rows, stride);

    private static Operand Panelled(string name, Extent stride) => new(name, ElementType.Float32, OperandLayout.Panels, stride);

    /// <summary>
    /// Everything that tells two projections apart: the depth, the stride of rows apart, and what the epilogue does beside the usual bias and rows.
    /// </summary>
    private static string ProjectionName(int depth, int rowStride, IReadOnlyList<EpilogueStep> epilogue)
    {
        EpilogueStep[] usual = [new EpilogueStep.AddBias(), new EpilogueStep.StoreRows()];
        string unusual = epilogue.SequenceEqual(usual) ? "" : string.Concat(epilogue.Select(step => step.GetType().Name));
        string apart = rowStride == depth ? "" : $"Of{rowStride.ToString(CultureInfo.InvariantCulture)}";
        return $"Project{depth.ToString(CultureInfo.InvariantCulture)}{apart}{unusual}";
    }
}
