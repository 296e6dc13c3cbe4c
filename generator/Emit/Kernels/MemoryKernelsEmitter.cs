using System.Linq;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>
/// Writes the kernels of a decoder layer's cross-attention. Its products, and what joins heads, are those of the self-attention. Softmax is its own: the
/// two may differ in what their scores are powers of, and in which keys a row sees. A self-attention with sinks or a probability modifier joins heads in
/// another way.
/// </summary>
internal static class MemoryKernelsEmitter
{
    /// <summary>Name of the nested type that holds a target's kernels.</summary>
    public static string KernelsName(VectorTarget target) => $"{target.Name}MemoryKernels";

    /// <summary>What the path of the layer calls, as members of the layer's own kernels.</summary>
    public static void WriteCalls(CodeWriter writer, VectorTarget target)
    {
        string path = ConstantsEmitter.MemoryPath(target);
        writer.Line();
        writer.Line("/// <summary>The cross-attention of some rows.</summary>");
        writer.Line(
            "public static void AttendMemory(in Services::KeyValuePanels memory, nint keys, ref float queries, nint rows, ref float joined, ref float scratch) "
                + "=>");
        writer.Line($"    {path}.AttendMemory(in memory, keys, ref queries, rows, ref joined, ref scratch);");
        writer.Line();
        writer.Line("/// <summary>The same for one KV head.</summary>");
        writer.Line(
            "public static void AttendMemoryHead("
                + "in Services::KeyValuePanels memory, nint keys, nint head, ref float queries, nint rows, ref float joined, ref float scratch) =>");
        writer.Line($"    {path}.AttendMemoryHead(in memory, keys, head, ref queries, rows, ref joined, ref scratch);");
        writer.Line();
        writer.Line("/// <summary>Projects memory rows into panels.</summary>");
        writer.Line(
            "public static void WriteMemory(Services::PackedWeights weights, in Services::KeyValuePanels memory, ref float source, nint first, nint rows, in "
                + "Library::ForwardOptions options, ref float scratch) =>");
        writer.Line($"    {path}.WriteMemory(weights, in memory, ref source, first, rows, in options, ref scratch);");
    }

    /// <summary>Writes the type with the kernels of the cross-attention.</summary>
    public static void Write(CodeWriter writer, AttentionPlan memory, SharedProducts products, bool joinsAlike)
    {
        string own = TargetEmitter.KernelsName(memory.Target);
        using (FileEmitter.Struct(writer, KernelsName(memory.Target), "IAttentionKernels", $"The kernels of the cross-attention for {memory.Target.Name}."))
        {
            writer.Line($"public static bool PinsRows => {own}.PinsRows;");
            TargetEmitter.WriteName(writer, "ProjectMemory", memory.MemoryProjection!, products.TypeOf(memory.Target, memory.MemoryProjection!));
            KernelSignature[] shared =
            [
                MatrixKernelEmitter.Signature(memory.Scores.Kernel),
                MatrixKernelEmitter.Signature(memory.Values.Kernel),
                KernelSignature.MergeHeads,
                .. joinsAlike ? [KernelSignature.JoinHeads] : (KernelSignature[])[],
            ];
            foreach (KernelSignature kernel in shared)
                WriteCall(writer, kernel, own);
            if (memory.Target.Base is { } equal)
            {
                foreach (KernelSignature kernel in KernelSignature.Of(memory).Except(shared))
                    WriteCall(writer, kernel, KernelsName(equal));
                return;
            }

            writer.Line();
            SoftmaxEmitter.Write(writer, memory);
            if (joinsAlike)
                return;
            writer.Line();
            JoinEmitter.Write(writer, memory);
        }
    }

    private static void WriteCall(CodeWriter writer, KernelSignature kernel, string type)
    {
        writer.Line();
        TargetEmitter.WriteCall(writer, kernel, type);
    }
}
