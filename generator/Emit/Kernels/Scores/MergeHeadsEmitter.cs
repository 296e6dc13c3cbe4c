using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the pass that merges a key block's values into the running output.</summary>
internal static class MergeHeadsEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        writer.Line("/// <summary>heads = heads · old factor + block heads · block factor, for each row.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.MergeHeads.Declaration))
        {
            using (writer.Block("for (nint row = 0; row < rows; row++)"))
            {
                writer.Line($"{target.VectorType}<float> old = {target.VectorType}.Create(Unsafe.Add(ref softmax, {KernelConstantsEmitter.OldFactor} + row));");
                writer.Line(
                    $"{target.VectorType}<float> block = {target.VectorType}.Create(Unsafe.Add(ref softmax, {KernelConstantsEmitter.BlockFactor} + row));");
                using (
                    writer.Block(
                        $"for (nint column = row * {KernelConstantsEmitter.HeadStride}; column < (row + 1) * {KernelConstantsEmitter.HeadStride}; column += "
                            + $"{target.Lanes})"))
                {
                    writer.Line($"{target.VectorType}<float> head = {target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref heads, column)) * old;");
                    writer.Line(
                        $"{target.VectorType}.{target.MultiplyAdd}({target.VectorType}.LoadUnsafe(ref Unsafe.Add(ref blockHeads, column)), block, "
                            + $"head).StoreUnsafe(ref Unsafe.Add(ref heads, column));");
                }
            }
        }
    }
}
