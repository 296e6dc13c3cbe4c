using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the step that divides by the sums and joins the heads.</summary>
internal static class JoinEmitter
{
    /// <summary>Row e of a KV head is query head e mod group of input row e / group.</summary>
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        AttentionShape shape = plan.Shape;
        VectorTarget target = plan.Target;
        string width = shape.ValueHeadDim == shape.HeadDim ? "HeadDim" : "ValueHeadDim";
        bool masks = plan.Steps.LooksForNaN;
        // Probabilities that were changed are normalised already.
        bool divides = !plan.Steps.ModifiesProbabilities;
        string writes = divides ? "Divides by the sums and writes" : "Writes";
        writer.Line($"/// <summary>{writes} each head to its columns of the joined rows; a row that saw no key gives zeros.</summary>");
        writer.Line(masks ? "/// <returns>Whether any output is NaN.</returns>" : "/// <returns>False: every row sees the same keys.</returns>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.JoinHeads.Declaration))
        {
            bool checks = masks && plan.Join.HasVectors;
            if (checks)
                writer.Line($"{target.VectorType}<float> numbers = {target.VectorType}<float>.AllBitsSet;");
            if (masks)
                writer.Line("bool anyNaN = false;");
            using (writer.Block("for (nint index = 0; index < count; index++)"))
            {
                writer.Line($"float sum = Unsafe.Add(ref softmax, {(plan.Steps.TakesSinks ? FinishEmitter.SumOfKeys : KernelConstantsEmitter.Sum)} + index);");
                writer.Line(shape.Group == 1
                    ? $"ref float target = ref Unsafe.Add(ref joined, ((first + index) * {KernelConstantsEmitter.JoinedDim}) + (head * {width}));"
                    : $"ref float target = ref Unsafe.Add(ref joined, ((first + index) / {shape.Group} * {KernelConstantsEmitter.JoinedDim}) + (((head * "
                        + $"{shape.Group}) + ((first + index) % {shape.Group})) * {width}));");
                using (writer.Block("if (sum == 0)"))
                {
                    writer.Line($"MemoryMarshal.CreateSpan(ref target, {width}).Clear();");
                    writer.Line("continue;");
                }

                writer.Line();
                if (divides)
                {
                    writer.Line(plan.Steps.TakesSinks
                        ? $"float inverse = Unsafe.Add(ref softmax, {KernelConstantsEmitter.BlockFactor} + index) "
                            + $"/ Unsafe.Add(ref softmax, {KernelConstantsEmitter.Sum} + index);"
                        : "float inverse = 1 / sum;");
                }

                writer.Line($"ref float source = ref Unsafe.Add(ref heads, index * {KernelConstantsEmitter.HeadStride});");
                if (plan.Join.HasVectors)
                {
                    if (divides)
                        writer.Line($"{target.VectorType}<float> factor = {target.VectorType}.Create(inverse);");
                    using (writer.Block($"for (nint column = 0; column < {plan.Join.VectorColumns}; column += {target.Lanes})"))
                    {
                        writer.Line("// Adding zero turns −0 into +0: its sign would tell how many blocks were merged.");
                        string own = $"{target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref source, column))";
                        writer.Line($"{target.VectorType}<float> value = {(divides ? $"({own} * factor)" : own)} + {target.VectorType}<float>.Zero;");
                        if (checks)
                            writer.Line($"numbers &= {target.VectorType}.Equals(value, value);");
                        writer.Line("value.StoreUnsafe(ref Unsafe.Add(ref target, column));");
                    }
                }

                if (plan.Join.HasRest)
                {
                    using (writer.Block($"for (nint column = {plan.Join.VectorColumns}; column < {width}; column++)"))
                    {
                        writer.Line($"float value = {(divides ? "(Unsafe.Add(ref source, column) * inverse)" : "Unsafe.Add(ref source, column)")} + 0f;");
                        if (masks)
                            writer.Line("anyNaN |= float.IsNaN(value);");
                        writer.Line("Unsafe.Add(ref target, column) = value;");
                    }
                }
            }

            if (!masks)
                writer.Line("return false;");
            else
                writer.Line(
                    checks ? $"return anyNaN || !{target.VectorType}.EqualsAll(numbers.AsInt32(), {target.VectorType}<int>.AllBitsSet);" : "return anyNaN;");
        }
    }
}
