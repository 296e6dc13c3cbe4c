using System;
using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file with the members that a user sees.</summary>
internal static class ClassEmitter
{
    public static GeneratedFile Write(IReadOnlyList<AttentionPlan> plans)
    {
        var writer = new CodeWriter();
        AttentionSpec spec = plans[0].Spec;
        bool plain = ForwardParameters.ArePlain(spec.Shape);
        string name = spec.Class.Name;
        HeaderEmitter.Write(writer, plans[0]);
        FileEmitter.Open(writer);
        string bases = $" : Library::IAttentionKernel<{name}>{(plain ? ", Library::ISelfAttention" : "")}";
        using (FileEmitter.Nest(writer, spec, bases, remarks => RemarksEmitter.Write(remarks, plans)))
        {
            WriteConstants(writer, spec);
            WriteFields(writer);
            WriteShape(writer, spec);
            WritePath(writer, plans);
            WriteConstruction(writer, plans);
            WriteSizes(writer);
            ForwardSignatureEmitter.Write(writer, plans);
        }

        return new($"{spec.Class.HintName}.g.cs", writer.ToString());
    }

    private static void WriteConstants(CodeWriter writer, AttentionSpec spec)
    {
        void Constant(string name, int value, string summary)
        {
            writer.Line($"/// <summary>{summary}</summary>");
            FileEmitter.GeneratedCode(writer);
            writer.Line(CodeWriter.Invariant($"public const int {name} = {value};"));
            writer.Line();
        }

        Constant("Heads", spec.Heads, "Number of query heads.");
        Constant("KvHeads", spec.KvHeads, "Number of key/value heads.");
        Constant("HeadDim", spec.HeadDim, "Width of one head.");
        if (spec.HasProjections)
            Constant("DModel", spec.DModel, "Width of input and output rows.");
        if (spec.ValueHeadDim != spec.HeadDim)
            Constant("ValueHeadDim", spec.ValueHeadDim, "Width of one head of values.");
        if (spec.IsCrossAttention)
            Constant("MemoryDim", spec.MemoryDim, "Width of memory rows.");
        if (spec.SequenceLength > 0)
            Constant("SequenceLength", spec.SequenceLength, "Query rows of every sequence.");
    }

    private static void WriteFields(CodeWriter writer)
    {
        writer.Line("private readonly Services::PackedWeights packedWeights;");
        writer.Line();
    }

    private static void WriteShape(CodeWriter writer, AttentionSpec spec)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public static Library::AttentionShape Shape { get; } = new()");
        writer.Line("{");
        foreach (string assignment in ShapeEmitter.Assignments(spec.Shape))
            writer.Line($"    {assignment},");
        writer.Line("};");
        writer.Line();
    }

    private static void WritePath(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        string fast = string.Join("\n    || ", plans.Select(plan => plan.Target).Where(target => target.Condition != "true").Select(target => $"({target.Condition})"));
        writer.Line($"public static bool IsAccelerated => {fast}\n    || global::System.Runtime.Intrinsics.Arm.AdvSimd.Arm64.IsSupported;");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        string tiles = string.Join("\n        : ", plans.Select(plan => plan.Target.Condition == "true" ? Quote(HeaderEmitter.Tiles(plan)) : $"{plan.Target.Condition} ? {Quote(HeaderEmitter.Tiles(plan))}"));
        writer.Line($"public static string Plan => {Quote($"{HeaderEmitter.Describe(plans[0])}\n")}\n    + ({tiles})\n    + {Quote(HeaderEmitter.Costs(plans[0]))};");
        writer.Line();
    }

    private static string Quote(string text) => $"\"{text.Replace("\n", "\\n")}\"";

    private static void WriteConstruction(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionSpec spec = plans[0].Spec;
        string name = spec.Class.Name;
        if (!spec.Shape.Learns)
        {
            writer.Line("/// <summary>Makes the kernel, which learns nothing. The object is immutable: share it between threads.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"public {name}()\n    : this(Library::AttentionWeights.Empty)"))
            {
            }

            writer.Line();
        }

        writer.Line("/// <summary>Packs the weights once. The object is immutable afterwards: share it between threads.</summary>");
        string keysAndValues = spec.KeyDim == spec.ValueDim
            ? $"key and value [{spec.KeyDim}, {spec.MemoryDim}]"
            : $"key [{spec.KeyDim}, {spec.MemoryDim}], value [{spec.ValueDim}, {spec.MemoryDim}]";
        writer.Line(spec.HasProjections
            ? $"/// <param name=\"weights\">Query [{spec.QueryDim}, {spec.DModel}], {keysAndValues}, output [{spec.DModel}, {spec.JoinedDim}], and the declared biases.</param>"
            : $"/// <param name=\"weights\">{(spec.Shape.Learns ? "What the configuration declares to be learned" : "None: <c>AttentionWeights.Empty</c>")}.</param>");
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A tensor has another shape, or a bias is missing or superfluous.</exception>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public {name}(Library::AttentionWeights weights)"))
        {
            writer.Line($"packedWeights = Services::PackedWeights.Pack<{ConstantsEmitter.TypeName}>(Shape, weights);");
        }

        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static {name} Create(Library::AttentionWeights weights) => new(weights);");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        if (spec.HasCache)
        {
            writer.Line("public Library::AttentionCache CreateCache(int capacity, int batch = 1) => packedWeights.CreateCache(capacity, batch);");
        }
        else
        {
            writer.Line($"Library::AttentionCache Library::IAttentionKernel<{name}>.CreateCache(int capacity, int batch) =>");
            writer.Line("    throw new NotSupportedException(\"This kernel has no cache: a cache needs Causal self-attention of free SequenceLength, or cross-attention.\");");
        }

        writer.Line();
    }

    private static void WriteSizes(CodeWriter writer)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static long GetScratchBytes(int batch, int rows, int keys) => Services::AttentionCall.GetScratchBytes<{ConstantsEmitter.TypeName}>(batch, rows, keys);");
        writer.Line();
    }
}
