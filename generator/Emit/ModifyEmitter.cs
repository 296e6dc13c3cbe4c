using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the pass over a block's scores between product and softmax: softcap, the user's modifier, biases, masks, in this order.</summary>
internal static class ModifyEmitter
{
    /// <summary>The parameters of the kernel; memory for mask rows only where there are masks.</summary>
    public static string Parameters(AttentionSpec spec) =>
        $"ref float scores, nint rows, nint from, nint columns, nint head, nint first, nint key, nint firstRow, ref int ranges, {(spec.DeclaredMasks > 0 ? "ref float maskLine, " : "")}in {ContextEmitter.TypeName} context";

    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        if (spec.Softcap > 0)
        {
            SoftcapEmitter.WriteTanh(writer, plan.Target);
            writer.Line();
            if (NeedsCapAlone(spec))
            {
                SoftcapEmitter.WriteCap(writer, plan);
                writer.Line();
            }
        }

        if (!spec.ModifiesScores)
            return;
        writer.Line("/// <summary>Changes the scores of each row as configured; masked ones become −∞.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"public static void Modify({Parameters(spec)})"))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
                WriteRow(writer, plan);
        }

        writer.Line();
    }

    /// <summary>Whether the softcap is also wanted without what follows it.</summary>
    public static bool NeedsCapAlone(AttentionSpec spec) =>
        spec.Softcap > 0 && (spec.AppendedKeys > 0 || spec.ScoreOutput == AttentionOutputs.CappedScores);

    private static void WriteRow(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        VectorTarget target = plan.Target;
        string name = target.Name;
        bool additive = spec.AdditiveMask != MaskAxes.None, boolean = spec.BooleanMask != MaskAxes.None;
        HookSpec? modifier = spec.ScoreModifier, predicate = spec.MaskPredicate?.Method;
        writer.Line($"ref float line = ref Unsafe.Add(ref scores, row * {plan.ScoreStride});");
        if (NeedsHead(spec))
            writer.Line(spec.Group == 1 ? "nint queryHead = head;" : $"nint queryHead = (head * {spec.Group}) + ((first + row) % {spec.Group});");
        string inputRow = GroupedRow.InputRow(spec);
        if (modifier is not null || predicate is not null || spec.HasDistanceBias)
            writer.Line($"nint position = {inputRow} + context.Offset;");
        if (spec.HasDistanceBias)
            writer.Line("ref float distance = ref Unsafe.Add(ref context.DistanceBias, (queryHead * 2 * context.DistanceReach) + key - position);");
        if (additive)
            WriteMaskRow(writer, "additive", "AdditiveMask", spec.AdditiveMask, inputRow, "Services::MaskRows.Whole", boolean ? $"ref Unsafe.Add(ref maskLine, {ScratchLayout.MaskLineFloats})" : "ref maskLine");
        if (boolean)
            WriteMaskRow(writer, "boolean", "BooleanMask", spec.BooleanMask, inputRow, "Services::MaskRows.Expand", "ref maskLine");

        // A scalar hook that vectors cannot compute is called for visible keys only, in a loop of its own.
        bool modifierApart = modifier is not null && HookEmitter.IsScalar(modifier), predicateApart = predicate is not null && HookEmitter.IsScalar(predicate);
        if (modifierApart || predicateApart)
        {
            writer.Line("nint begin = Math.Max(from, Unsafe.Add(ref ranges, 2 * row) - key);");
            writer.Line("nint end = Math.Min(columns, Unsafe.Add(ref ranges, (2 * row) + 1) - key);");
        }

        if (modifierApart)
        {
            if (spec.Softcap > 0)
            {
                using (writer.Block($"for (nint k = from; k < columns; k += {target.Lanes})"))
                    writer.Line(SoftcapEmitter.Cap(spec, target, $"{name}.LoadUnsafe(ref Unsafe.Add(ref line, k))") + ".StoreUnsafe(ref Unsafe.Add(ref line, k));");
            }

            writer.Line("for (nint k = begin; k < end; k++)");
            writer.Line($"    Unsafe.Add(ref line, k) = {HookEmitter.Call(spec, modifier!, "Unsafe.Add(ref line, k)", "(int)queryHead", "(int)position", "(int)(key + k)")};");
        }

        if (additive || boolean || spec.HasDistanceBias || (modifier is not null && !modifierApart) || (predicate is not null && !predicateApart) || (spec.Softcap > 0 && !modifierApart))
        {
            using (writer.Block($"for (nint k = from; k < columns; k += {target.Lanes})"))
            {
                writer.Line($"var score = {name}.LoadUnsafe(ref Unsafe.Add(ref line, k));");
                if (spec.Softcap > 0 && !modifierApart)
                    writer.Line($"score = {SoftcapEmitter.Cap(spec, target, "score")};");
                if (modifier is not null && !modifierApart)
                    HookEmitter.Modify(writer, target, spec, "score", "(int)queryHead", "(int)position", "(int)(key + k)");
                if (additive)
                {
                    writer.Line($"var bias = {name}.LoadUnsafe(ref Unsafe.Add(ref additive, k));");
                    writer.Line("// −∞ masks, even over a NaN.");
                    writer.Line($"score = {name}.ConditionalSelect({name}.Equals(bias, {name}.Create(float.NegativeInfinity)), bias, score + bias);");
                }

                if (spec.HasDistanceBias)
                    writer.Line($"score += {name}.LoadUnsafe(ref Unsafe.Add(ref distance, k));");
                if (boolean)
                    writer.Line($"score = {name}.ConditionalSelect({name}.LoadUnsafe(ref Unsafe.Add(ref boolean, k)), score, {name}.Create(float.NegativeInfinity));");
                if (predicate is not null && !predicateApart)
                    HookEmitter.Predicate(writer, target, spec, "score", "(int)queryHead", "(int)position", "(int)(key + k)");
                writer.Line("score.StoreUnsafe(ref Unsafe.Add(ref line, k));");
            }
        }

        if (predicateApart)
        {
            using (writer.Block("for (nint k = begin; k < end; k++)"))
            {
                writer.Line($"if (!{HookEmitter.Call(spec, predicate!, "(int)queryHead", "(int)position", "(int)(key + k)")})");
                writer.Line("    Unsafe.Add(ref line, k) = float.NegativeInfinity;");
            }
        }
    }

    private static bool NeedsHead(AttentionSpec spec) =>
        spec.ScoreModifier is not null || spec.MaskPredicate is not null || spec.HasDistanceBias || ((spec.AdditiveMask | spec.BooleanMask) & MaskAxes.Head) != 0;

    /// <summary>The part of a mask's row that a block reads, so that whole vectors can be loaded from it.</summary>
    private static void WriteMaskRow(CodeWriter writer, string local, string field, MaskAxes axes, string inputRow, string method, string line)
    {
        bool heads = (axes & MaskAxes.Head) != 0, queries = (axes & MaskAxes.Query) != 0;
        string row = (heads, queries) switch
        {
            (true, true) => $"((queryHead * context.Rows) + {inputRow}) * context.Keys",
            (true, false) => "queryHead * context.Keys",
            (false, true) => $"({inputRow}) * context.Keys",
            _ => "0",
        };
        string place = row == "0" ? "key" : $"({row}) + key";
        writer.Line($"ref float {local} = ref {method}(ref Unsafe.Add(ref context.{field}, {place}), from, columns, {line});");
    }
}
