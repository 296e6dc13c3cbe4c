using System;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the smooth cap of scores, <c>c · tanh(score / c)</c>.</summary>
internal static class SoftcapEmitter
{
    /// <summary>
    /// tanh x = e / (e + 2) with e = 2^(2·log2(e)·|x|) − 1. The polynomial of the power lacks its constant term, so that e is as
    /// accurate near 0 as elsewhere.
    /// </summary>
    public static void WriteTanh(CodeWriter writer, VectorTarget target)
    {
        string name = target.VectorType;
        writer.Line("/// <summary>tanh x within a few ulp; ±1 beyond ±22, NaN for NaN.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.AggressiveInlining)]");
        using (writer.Block($"private static {name}<float> Tanh({name}<float> x)"))
        {
            writer.Line($"{name}<float> sign = x & {name}.Create(-0f);");
            writer.Line("// In this order the minimum keeps a NaN of x.");
            writer.Line($"{name}<float> power = {name}.MinNative({name}.Create(64f), (x ^ sign) * {name}.Create(2.88539008f));");
            writer.Line("// Adding 1.5·2²³ + 127 rounds to an integer and leaves it, biased, in the low bits.");
            writer.Line($"{name}<float> shifted = power + {name}.Create(12583039f);");
            writer.Line($"{name}<float> fraction = power - (shifted - {name}.Create(12583039f));");
            writer.Line($"{name}<float> scale = {name}.ShiftLeft(shifted.AsInt32(), 23).AsSingle();");
            writer.Line($"{name}<float> part = {name}.Create({SoftmaxEmitter.Coefficient(0)});");
            for (int i = 1; i < SoftmaxEmitter.CoefficientCount; i++)
                writer.Line($"part = {name}.{target.MultiplyAdd}(part, fraction, {name}.Create({SoftmaxEmitter.Coefficient(i)}));");
            writer.Line($"{name}<float> e = {name}.{target.MultiplyAdd}(part * fraction, scale, scale - {name}<float>.One);");
            writer.Line($"return (e / (e + {name}.Create(2f))) | sign;");
        }
    }

    /// <summary>The capped form of an expression. The reciprocal of a subnormal cap may be no float: the largest one gives the same ±c.</summary>
    public static string Cap(AttentionPlan plan, string score)
    {
        string create = $"{plan.Target.VectorType}.Create";
        double reciprocal = Math.Min(1 / (double)plan.Shape.Softcap, float.MaxValue);
        return CodeWriter.Invariant($"(Tanh({score} * {create}({reciprocal:R}f)) * {create}({plan.Shape.Softcap:G9}f))");
    }

    /// <summary>The cap alone, for keys without position and for scores that come out.</summary>
    public static void WriteCap(CodeWriter writer, AttentionPlan plan)
    {
        writer.Line("/// <summary>Caps the scores of each row.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.Cap.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
                writer.Line($"for (nint k = 0; k < columns; k += {plan.Target.Lanes})");
                writer.Line($"    {Cap(plan, $"{plan.Target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref line, k))")}.StoreUnsafe(ref Unsafe.Add(ref line, k));");
            }
        }
    }
}
