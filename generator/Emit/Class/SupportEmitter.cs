using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what a class does and says by the vector target that runs.</summary>
internal static class SupportEmitter
{
    /// <summary>Writes the file with the members that a user sees.</summary>
    /// <param name="plans">What is said of the class.</param>
    /// <param name="baseList">Its base list with its colon.</param>
    /// <param name="writeShape">Writes constants, fields and shape.</param>
    /// <param name="writeMembers">Writes constructors and methods.</param>
    public static GeneratedFile WriteClass(IReadOnlyList<PlanProse> plans, string baseList, Action<CodeWriter> writeShape, Action<CodeWriter> writeMembers)
    {
        void Write(CodeWriter writer)
        {
            writeShape(writer);
            WriteIsAccelerated(writer, plans.Select(plan => plan.Target));
            WritePlan(writer, plans);
            writeMembers(writer);
        }

        return FileEmitter.Write(
            plans[0].Class, "", writer => ProseEmitter.WriteHeader(writer, plans[0]), Write, baseList, writer => ProseEmitter.WriteRemarks(writer, plans));
    }

    /// <summary>The property that says whether the fast path runs.</summary>
    private static void WriteIsAccelerated(CodeWriter writer, IEnumerable<VectorTarget> targets)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        string fast = string.Join("\n    || ", targets.Where(target => target.Condition != "true").Select(target => $"({target.Condition})"));
        writer.Line($"public static bool IsAccelerated => {(fast.Length == 0 ? "false" : fast)};");
        writer.Line();
    }

    /// <summary>The property that describes the plan: the configuration, the tiles of the vector target that runs, and the memory.</summary>
    private static void WritePlan(CodeWriter writer, IReadOnlyList<PlanProse> plans)
    {
        PlanProse plan = plans[0];
        IEnumerable<(VectorTarget Target, string Text)> tiles = plans.Select(each => (each.Target, $"{each.Target.Name}, tiles of {each.LargestTile}"));
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        string choice = string.Join(
            "\n        : ", tiles.Select(each => each.Target.Condition == "true" ? Quote(each.Text) : $"{each.Target.Condition} ? {Quote(each.Text)}"));
        if (!RunsAnywhere(tiles.Select(each => each.Target)))
            choice += $"\n        : {Quote("no kernels for this processor")}";
        writer.Line($"public static string Plan => {Quote($"{plan.Configuration}\n")}\n    + ({choice})\n    + {Quote($"; {plan.Blocks}.\n{plan.Memory}.")};");
        writer.Line();
    }

    /// <summary>One call or another, by the vector target that runs.</summary>
    public static void WriteChoice(CodeWriter writer, IEnumerable<VectorTarget> targets, Func<VectorTarget, string> call)
    {
        VectorTarget[] all = [.. targets];
        for (int i = 0; i < all.Length; i++)
        {
            // The last one needs no condition: where it does not run, there is no object to call.
            string start = i < all.Length - 1 ? $"{(i == 0 ? "if" : "else if")} ({all[i].Condition})\n    " : i == 0 ? "" : "else\n    ";
            writer.Line(start + call(all[i]));
        }
    }

    /// <summary>The exception of a constructor whose project left out the vector target that every processor runs.</summary>
    public static void DescribeRefusal(CodeWriter writer, IEnumerable<VectorTarget> targets)
    {
        if (!RunsAnywhere(targets))
            writer.Line(
                "/// <exception cref=\"global::System.PlatformNotSupportedException\">The processor runs none of the vector targets that the project asks "
                    + "for.</exception>");
    }

    /// <summary>Where the project left out the vector target that every processor runs: no object exists where none of the others runs.</summary>
    public static void WriteRefusal(CodeWriter writer, string className, IEnumerable<VectorTarget> targets)
    {
        if (RunsAnywhere(targets))
            return;
        string names = string.Join(" or ", targets.Select(target => target.Name));
        using (writer.Block("if (!IsAccelerated)"))
        {
            writer.Line(
                $"throw new PlatformNotSupportedException(\"This processor does not run {names}, and {className} has kernels for nothing else "
                    + $"(AttentionGenVectorTargets of its project): "
                + "add Vector128, which every processor runs.\");");
        }

        writer.Line();
    }

    private static bool RunsAnywhere(IEnumerable<VectorTarget> targets) => targets.Last().Condition == "true";

    private static string Quote(string text) => $"\"{text.Replace("\n", "\\n")}\"";
}
