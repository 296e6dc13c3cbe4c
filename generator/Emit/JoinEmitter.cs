using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the step that divides by the sums and joins the heads.</summary>
internal static class JoinEmitter
{
    /// <summary>Row e of a KV head is query head e mod group of input row e / group.</summary>
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        AttentionSpec spec = plan.Spec;
        VectorTarget target = plan.Target;
        bool masks = spec.MasksKeys;
        writer.Line("/// <summary>Divides by the sums and writes each head to its columns of the joined rows; a row that saw no key gives zeros.</summary>");
        if (masks)
            writer.Line("/// <returns>Whether any output is NaN.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block($"public static {(masks ? "bool" : "void")} JoinHeads(ref float heads, ref float softmax, nint count, nint first, nint head, ref float joined)"))
        {
            int vectors = spec.ValueHeadDim / target.Lanes;
            bool checks = masks && vectors > 0;
            if (checks)
                writer.Line($"var numbers = {target.Name}<float>.AllBitsSet;");
            if (masks)
                writer.Line("bool anyNaN = false;");
            using (writer.Block("for (nint index = 0; index < count; index++)"))
            {
                writer.Line($"float sum = Unsafe.Add(ref softmax, {(spec.Sinks ? FinishEmitter.SumOfKeys : SoftmaxEmitter.RunningSum)} + index);");
                writer.Line(spec.Group == 1
                    ? $"ref float target = ref Unsafe.Add(ref joined, ((first + index) * {spec.JoinedDim}) + (head * {spec.ValueHeadDim}));"
                    : $"ref float target = ref Unsafe.Add(ref joined, ((first + index) / {spec.Group} * {spec.JoinedDim}) + (((head * {spec.Group}) + ((first + index) % {spec.Group})) * {spec.ValueHeadDim}));");
                using (writer.Block("if (sum == 0)"))
                {
                    writer.Line($"MemoryMarshal.CreateSpan(ref target, {spec.ValueHeadDim}).Clear();");
                    writer.Line("continue;");
                }

                writer.Line();
                writer.Line(spec.Sinks
                    ? $"float inverse = Unsafe.Add(ref softmax, {SoftmaxEmitter.BlockFactor} + index) / Unsafe.Add(ref softmax, {SoftmaxEmitter.RunningSum} + index);"
                    : "float inverse = 1 / sum;");
                writer.Line($"ref float source = ref Unsafe.Add(ref heads, index * {plan.ValueHeadDimPadded});");
                if (vectors > 0)
                {
                    writer.Line($"var factor = {target.Name}.Create(inverse);");
                    using (writer.Block($"for (nint column = 0; column < {vectors * target.Lanes}; column += {target.Lanes})"))
                    {
                        writer.Line("// Adding zero turns −0 into +0: its sign would tell how many blocks were merged.");
                        writer.Line($"var value = ({target.Name}.LoadUnsafe(ref Unsafe.Add(ref source, column)) * factor) + {target.Name}<float>.Zero;");
                        if (checks)
                            writer.Line($"numbers &= {target.Name}.Equals(value, value);");
                        writer.Line("value.StoreUnsafe(ref Unsafe.Add(ref target, column));");
                    }
                }

                if (spec.ValueHeadDim % target.Lanes != 0)
                {
                    using (writer.Block($"for (nint column = {vectors * target.Lanes}; column < {spec.ValueHeadDim}; column++)"))
                    {
                        writer.Line("float value = (Unsafe.Add(ref source, column) * inverse) + 0f;");
                        if (masks)
                            writer.Line("anyNaN |= float.IsNaN(value);");
                        writer.Line("Unsafe.Add(ref target, column) = value;");
                    }
                }
            }

            if (masks)
                writer.Line(checks ? $"return anyNaN || !{target.Name}.EqualsAll(numbers.AsInt32(), {target.Name}<int>.AllBitsSet);" : "return anyNaN;");
        }
    }
}
