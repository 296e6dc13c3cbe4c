using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the pass over a block's scores between product and softmax: softcap, the user's modifier, biases, masks, in this order.</summary>
internal static class ModifyEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        if (plan.Shape.Softcap > 0)
        {
            SoftcapEmitter.WriteTanh(writer, plan.Target);
            writer.Line();
            if (plan.Steps.CapsAlone)
            {
                SoftcapEmitter.WriteCap(writer, plan);
                writer.Line();
            }
        }

        if (plan.Steps.ScorePass is not { } pass)
            return;
        writer.Line("/// <summary>Changes the scores of each row as configured; masked ones become −∞.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.Modify.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
                WriteRow(writer, plan, pass);
        }

        writer.Line();
    }

    private static void WriteRow(CodeWriter writer, AttentionPlan plan, ScorePass pass)
    {
        VectorTarget target = plan.Target;
        string name = target.VectorType;
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {KernelConstantsEmitter.ScoreStride});");
        if (pass.NeedsHead)
            writer.Line($"nint queryHead = {GroupedRow.QueryHead(plan, wrap: false)};");
        string inputRow = GroupedRow.InputRow(plan);
        if (pass.NeedsPosition)
            writer.Line($"nint position = {inputRow} + context.Offset;");
        if (pass.AddsDistanceBias)
            writer.Line("ref float distance = ref Unsafe.Add(ref context.DistanceBias, (queryHead * 2 * context.DistanceReach) + key - position);");
        if (pass.MasksAdditively)
        {
            string line = pass.MasksBooleanly ? $"ref Unsafe.Add(ref maskLine, {ScratchLayout.MaskLineFloats})" : "ref maskLine";
            WriteMaskRow(writer, "additive", "AdditiveMask", pass.AdditiveMask, pass.MaskKeys, inputRow, "Services::MaskRows.Whole", line);
        }

        if (pass.MasksBooleanly)
            WriteMaskRow(writer, "boolean", "BooleanMask", pass.BooleanMask, pass.MaskKeys, inputRow, "Services::MaskRows.Expand", "ref maskLine");

        if (pass.ModifiesApart || pass.PredicatesApart)
        {
            writer.Line("nint begin = Math.Max(from, Unsafe.Add(ref ranges, 2 * row) - key);");
            writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
        }

        if (pass.ModifiesApart)
        {
            if (pass.Cap > 0)
            {
                using (writer.Block($"for (nint k = from; k < columns; k += {target.Lanes})"))
                    writer.Line(SoftcapEmitter.Cap(plan, $"{name}.LoadUnsafe(ref Unsafe.Add(ref line, k))") + ".StoreUnsafe(ref Unsafe.Add(ref line, k));");
            }

            writer.Line("for (nint k = begin; k < end; k++)");
            writer.Line(
                $"    Unsafe.Add(ref line, k) = "
                    + $"{HookEmitter.Call(plan.Class, pass.Modifier!, "Unsafe.Add(ref line, k)", "(int)queryHead", "(int)position", "(int)(key + k)")};");
        }

        if (pass.HasVectorLoop)
        {
            using (writer.Block($"for (nint k = from; k < columns; k += {target.Lanes})"))
            {
                writer.Line($"{name}<float> score = {name}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
                if (pass.CapsInVectors)
                    writer.Line($"score = {SoftcapEmitter.Cap(plan, "score")};");
                if (pass.ModifiesInVectors)
                    HookEmitter.Modify(writer, target, plan.Class, pass.Modifier!, "score", "(int)queryHead", "(int)position", "(int)(key + k)");
                if (pass.MasksAdditively)
                {
                    writer.Line($"{name}<float> bias = {name}.LoadUnsafe(ref Unsafe.Add(ref additive, k));");
                    writer.Line("// −∞ masks, even over a NaN.");
                    writer.Line($"score = {name}.ConditionalSelect({name}.Equals(bias, {name}.Create(float.NegativeInfinity)), bias, score + bias);");
                }

                if (pass.AddsDistanceBias)
                    writer.Line($"score += {name}.LoadUnsafe(ref Unsafe.Add(ref distance, k));");
                if (pass.MasksBooleanly)
                    writer.Line(
                        $"score = {name}.ConditionalSelect({name}.LoadUnsafe(ref Unsafe.Add(ref boolean, k)), score, {name}.Create(float.NegativeInfinity));");
                if (pass.PredicatesInVectors)
                    HookEmitter.Predicate(writer, target, plan.Class, pass.Predicate!, "score", "(int)queryHead", "(int)position", "(int)(key + k)");
                writer.Line("score.StoreUnsafe(ref Unsafe.Add(ref line, k));");
            }
        }

        if (pass.PredicatesApart)
        {
            using (writer.Block("for (nint k = begin; k < end; k++)"))
            {
                writer.Line($"if (!{HookEmitter.Call(plan.Class, pass.Predicate!, "(int)queryHead", "(int)position", "(int)(key + k)")})");
                writer.Line("    Unsafe.Add(ref line, k) = float.NegativeInfinity;");
            }
        }
    }

    /// <summary>The part of a mask's row that a block reads, so that whole vectors can be loaded from it.</summary>
    private static void WriteMaskRow(CodeWriter writer, string local, string field, MaskAxes axes, string keys, string inputRow, string method, string line)
    {
        bool heads = (axes & MaskAxes.Head) != 0, queries = (axes & MaskAxes.Query) != 0;
        string row = (heads, queries) switch
        {
            (true, true) => $"((queryHead * context.Rows) + {inputRow}) * context.{keys}",
            (true, false) => $"queryHead * context.{keys}",
            (false, true) => $"({inputRow}) * context.{keys}",
            _ => "0",
        };
        string place = row == "0" ? "key" : $"({row}) + key";
        writer.Line($"ref float {local} = ref {method}(ref Unsafe.Add(ref context.{field}, {place}), from, columns, {line});");
    }
}
