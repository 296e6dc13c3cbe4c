using System;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes probabilities that each score gives by itself, in the place of a softmax (Ramapuram et al. 2024). A row that sees a key has the maximum 0 and the
/// sum 1, so that blocks are merged with factors of 1, and heads are divided by 1.
/// </summary>
internal static class SigmoidEmitter
{
    public static void WriteFunction(CodeWriter writer, AttentionPlan plan)
    {
        string name = plan.Target.VectorType;
        string biased = $"score + {name}.Create({SoftmaxEmitter.Literal((float)plan.Steps.SigmoidBias)})";
        writer.Line("/// <summary>The logistic function of a score and the bias; exactly 0 from a power of −127 down, NaN for NaN.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block($"private static {name}<float> Sigmoid({name}<float> score)"))
        {
            writer.Line($"{name}<float> x = {(plan.Steps.NaturalScores ? $"({biased}) * {name}.Create(1.44269502f)" : biased)};");
            writer.Line("// Of the smaller side, whose power is at most 1.");
            writer.Line($"{name}<float> power = Exp2(-{name}.Abs(x));");
            writer.Line(
                $"return {name}.ConditionalSelect({name}.LessThan(x, {name}<float>.Zero), power, {name}.Create(1f)) / ({name}.Create(1f) + power);");
        }

        writer.Line();
    }

    /// <summary>The pass over the rows of a block.</summary>
    public static void WritePass(CodeWriter writer, Action scores, Action probabilities)
    {
        using (writer.Block("for (nint row = 0; row < rows; row++)"))
        {
            scores();
            writer.Line();
            writer.Line($"Unsafe.Add(ref state, {KernelConstantsEmitter.Maximum} + row) = 0;");
            writer.Line($"Unsafe.Add(ref state, {KernelConstantsEmitter.Sum} + row) = 1;");
            probabilities();
        }
    }

    /// <summary>The probabilities of a row, in the place of its scores.</summary>
    /// <param name="writer">Where they go.</param>
    /// <param name="target">The vector target.</param>
    /// <param name="key">Names the loop's variable.</param>
    /// <param name="first">Where the first group of virtual lanes begins.</param>
    /// <param name="end">Where the last one ends.</param>
    public static void WriteRow(CodeWriter writer, VectorTarget target, string key, string first, string end)
    {
        using (writer.Block($"for (nint {key} = {first}; {key} < {end}; {key} += {SoftmaxEmitter.VirtualLanes})"))
        {
            foreach (int i in SoftmaxEmitter.Vectors(target))
                writer.Line(
                    $"Sigmoid({SoftmaxEmitter.Load(target, i, key)}).StoreUnsafe(ref Unsafe.Add(ref line, {key}{(i == 0 ? "" : $" + {i * target.Lanes}")}));");
        }
    }
}
