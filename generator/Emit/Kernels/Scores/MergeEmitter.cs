using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the step that takes a key block's maxima and sums into the running ones (Milakov and Gimelshein 2018).</summary>
internal static class MergeEmitter
{
    public static void Write(CodeWriter writer, AttentionPlan plan)
    {
        VectorTarget target = plan.Target;
        string name = target.VectorType;
        writer.Line("/// <summary>Takes the block's maxima and sums into the running ones; leaves the factors of what was and of the block.</summary>");
        writer.Line("[MethodImpl(MethodImplOptions.NoInlining)]");
        using (writer.Block(KernelSignature.Merge.Declaration))
        {
            using (writer.Block($"for (nint row = 0; row < rows; row += {target.Lanes})"))
            {
                writer.Line("ref float state = ref Unsafe.Add(ref softmax, row);");
                writer.Line($"{name}<float> none = {name}.Create(float.NegativeInfinity);");
                writer.Line($"{name}<float> oldMaximum = {name}.LoadUnsafe(ref state, {KernelConstantsEmitter.Maximum});");
                writer.Line($"{name}<float> blockMaximum = {name}.LoadUnsafe(ref state, {KernelConstantsEmitter.BlockMaximum});");
                writer.Line($"{name}<float> maximum = {name}.MaxNative(oldMaximum, blockMaximum);");
                writer.Line("// A side that saw no key has factor 0, also where neither saw one.");
                writer.Line(
                    $"{name}<float> oldFactor = {name}.ConditionalSelect({name}.Equals(oldMaximum, none), {name}<float>.Zero, "
                        + $"{SoftmaxEmitter.Power(plan, "oldMaximum - maximum")});");
                writer.Line(
                    $"{name}<float> blockFactor = {name}.ConditionalSelect({name}.Equals(blockMaximum, none), {name}<float>.Zero, "
                        + $"{SoftmaxEmitter.Power(plan, "blockMaximum - maximum")});");
                string blockSum = $"{name}.LoadUnsafe(ref state, {KernelConstantsEmitter.BlockSum})";
                string oldSum = $"{name}.LoadUnsafe(ref state, {KernelConstantsEmitter.Sum})";
                writer.Line(
                    plan.Steps.TakesSigmoid
                        ? $"{name}<float> sum = {name}.MaxNative({blockSum}, {oldSum});"
                        : $"{name}<float> sum = {name}.{target.MultiplyAdd}({blockSum}, blockFactor, {oldSum} * oldFactor);");
                writer.Line($"maximum.StoreUnsafe(ref state, {KernelConstantsEmitter.Maximum});");
                writer.Line($"sum.StoreUnsafe(ref state, {KernelConstantsEmitter.Sum});");
                writer.Line($"oldFactor.StoreUnsafe(ref state, {KernelConstantsEmitter.OldFactor});");
                writer.Line($"blockFactor.StoreUnsafe(ref state, {KernelConstantsEmitter.BlockFactor});");
            }
        }
    }
}
