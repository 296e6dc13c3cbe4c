using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>How a kernel is declared. The path of a call knows those that are no products by the names and parameters here.</summary>
internal sealed record KernelSignature(string Result, string Name, string Parameters)
{
    public static readonly KernelSignature Softmax = new("void", "Softmax", "ref float scores, nint rows, nint columns, ref float state");

    public static readonly KernelSignature CausalSoftmax = new(
        "void", "CausalSoftmax", "ref float scores, nint rows, nint columns, nint first, nint seen, ref float state");

    public static readonly KernelSignature RangeSoftmax =
        new("void", "RangeSoftmax", "ref float scores, nint rows, nint from, nint columns, nint key, ref int ranges, ref float state");

    public static readonly KernelSignature Merge = new("void", "Merge", "ref float softmax, nint rows");

    public static readonly KernelSignature MergeHeads = new("void", "MergeHeads", "ref float heads, ref float blockHeads, nint rows, ref float softmax");

    public static readonly KernelSignature JoinHeads = new(
        "bool", "JoinHeads", "ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined");

    public static readonly KernelSignature Modify = new(
        "void",
        "Modify",
        "ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float maskLine, in "
            + "Services::AttendContext context");

    public static readonly KernelSignature Cap = new("void", "Cap", "ref float scores, nint rows, nint columns");

    public static readonly KernelSignature Finish = new(
        "void", "Finish", "ref float softmax, nint rows, nint first, nint head, nint firstRow, in Services::AttendContext context");

    public static readonly KernelSignature Probabilities = new(
        "void",
        "Probabilities",
        "ref float scores, nint rows, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax, in "
            + "Services::AttendContext context");

    public static readonly KernelSignature ModifyProbabilities = new(
        "void",
        "ModifyProbabilities",
        "ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, ref float softmax, in "
            + "Services::AttendContext context");

    public static readonly KernelSignature AppendedProbabilities =
        new("void", "AppendedProbabilities", "ref float scores, nint rows, nint columns, ref float softmax");

    public static readonly KernelSignature DeclaredRange = new("(int First, int End)", "DeclaredRange", "int head, int query, int keys");

    /// <summary>What stands before the method's body.</summary>
    public string Declaration => $"public static {Result} {Name}({Parameters})";

    /// <summary>Those that the path calls for a plan.</summary>
    public static IEnumerable<KernelSignature> Of(AttentionPlan plan)
    {
        if (plan.Steps.NormalizesBlocks)
            yield return plan.Steps.HasRowRanges ? RangeSoftmax : plan.Shape.Causal ? CausalSoftmax : Softmax;
        yield return Merge;
        yield return MergeHeads;
        yield return JoinHeads;
        if (plan.Steps.CapsAlone)
            yield return Cap;
        if (plan.Steps.ScorePass is not null)
            yield return Modify;
        if (plan.Steps.Finishes)
            yield return Finish;
        if (plan.Steps.WritesProbabilities)
            yield return Probabilities;
        if (plan.Steps.ModifiesProbabilities)
            yield return ModifyProbabilities;
        if (plan.Steps.ModifiesProbabilities && plan.Shape.AppendedKeys > 0)
            yield return AppendedProbabilities;
        if (plan.Steps.DeclaredRange is not null)
            yield return DeclaredRange;
    }

    /// <summary>The call of the method of another type with one's own parameters.</summary>
    public string Call(string type) => $"{type}.{Name}({string.Join(", ", Parameters.Split(',').Select(Argument))})";

    private static string Argument(string parameter)
    {
        string[] words = parameter.Trim().Split(' ');
        return words.Length == 3 ? $"{words[0]} {words[2]}" : words[1];
    }
}
