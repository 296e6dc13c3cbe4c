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
        AttentionPlan plan = plans[0];
        bool plain = ForwardParameters.ArePlain(plan.Shape, plan.Layer);
        string memory = plan.Shape.IsCrossAttention ? ", Library::ICrossAttention" : ForwardSignatureEmitter.IsDecoder(plan) ? ", Library::IDecoderLayer" : "";
        string trainable = plan.Shape.Gradients ? $", {BackwardEmitter.Interface(plan)}" : "";
        string length = HasLength(plan.Shape) ? $", Library::IRotaryLength<{plan.Class.Name}>" : "";
        string bases = $" : {Interface(plan)}{(plain ? ", Library::ISelfAttention" : "")}{memory}{trainable}{length}";
        return SupportEmitter.WriteClass(
            [.. plans.Select(AttentionProse.Of)], bases, writer => WriteShape(writer, plan), writer => WriteMembers(writer, plans));
    }

    private static void WriteMembers(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        WriteConstruction(writer, plans);
        if (HasLength(plans[0].Shape))
            WriteRotaryLength(writer, plans[0].Class.Name);
        WriteSizes(writer);
        ForwardSignatureEmitter.Write(writer, plans);
    }

    /// <summary>The interface of the generated class.</summary>
    public static string Interface(AttentionPlan plan) =>
        $"Library::{(plan.FeedForward is null ? "IAttentionKernel" : "ITransformerLayer")}<{plan.Class.Name}>";

    /// <summary>The type of the class's weights.</summary>
    public static string WeightsType(AttentionPlan plan) => plan.FeedForward is null ? "Library::AttentionWeights" : "Library::TransformerLayerWeights";

    private static void WriteConstants(CodeWriter writer, AttentionShape shape, TransformerLayerShape? layer)
    {
        void Constant(string name, int value, string summary)
        {
            writer.Line($"/// <summary>{summary}</summary>");
            FileEmitter.GeneratedCode(writer);
            writer.Line(CodeWriter.Invariant($"public const int {name} = {value};"));
            writer.Line();
        }

        Constant("Heads", shape.Heads, "Number of query heads.");
        Constant("KvHeads", shape.KvHeads, "Number of key/value heads.");
        Constant("HeadDim", shape.HeadDim, "Width of one head.");
        if (shape.HasProjections)
            Constant("DModel", shape.DModel, "Width of input and output rows.");
        if (layer is not null)
            Constant("FeedForwardDim", layer.FeedForwardDim, "Width of the rows between the products of the feed-forward network.");
        if (shape.ValueHeadDim != shape.HeadDim)
            Constant("ValueHeadDim", shape.ValueHeadDim, "Width of one head of values.");
        int memoryDim = shape.IsCrossAttention ? shape.MemoryDim : layer?.MemoryDim ?? 0;
        if (memoryDim > 0)
            Constant("MemoryDim", memoryDim, "Width of memory rows.");
        if (shape.ValueInputDim > 0)
            Constant("ValueInputDim", shape.ValueInputDim, "Width of the rows that values come from.");
        if (shape.SequenceLength > 0)
            Constant("SequenceLength", shape.SequenceLength, "Query rows of every sequence.");
    }

    private static void WriteShape(CodeWriter writer, AttentionPlan plan)
    {
        WriteConstants(writer, plan.Shape, plan.Layer);
        writer.Line($"private {(HasLength(plan.Shape) ? "" : "readonly ")}Services::PackedWeights packedWeights;");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static Library::{(plan.Layer is null ? "AttentionShape" : "TransformerLayerShape")} Shape {{ get; }} = new()");
        using (writer.Block(after: ";"))
        {
            if (plan.Layer is { } layer)
            {
                writer.Line("Attention = new()");
                using (writer.Block(after: ","))
                    WriteAssignments(writer, ShapeEmitter.Assignments(plan.Shape, plan.Shape.Standard()));
                WriteAssignments(writer, ShapeEmitter.Assignments(layer));
            }
            else
            {
                WriteAssignments(writer, ShapeEmitter.Assignments(plan.Shape, plan.Shape.Standard()));
            }
        }
        writer.Line();
    }

    private static void WriteAssignments(CodeWriter writer, IEnumerable<string> assignments)
    {
        foreach (string assignment in assignments)
            writer.Line($"{assignment},");
    }

    private static void WriteConstruction(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionShape shape = plans[0].Shape;
        string name = plans[0].Class.Name;
        if (!shape.Learns)
        {
            writer.Line("/// <summary>Creates the kernel, which has no learned weights. The object is immutable, so threads may share it.</summary>");
            FileEmitter.GeneratedCode(writer);
            using (writer.Block($"public {name}()\n    : this(Library::AttentionWeights.Empty)"))
            {
            }

            writer.Line();
        }

        string shared = shape.Gradients ? "Threads may share the object, but for calls of <c>Pack</c>" : "The object is immutable, so threads may share it";
        writer.Line($"/// <summary>Creates the kernel and packs the weights. {shared}.</summary>");
        string keysAndValues = shape.KeyDim == shape.ValueDim && shape.MemoryDim == shape.ValueSourceDim
            ? $"key and value [{shape.KeyDim}, {shape.MemoryDim}]"
            : $"key [{shape.KeyDim}, {shape.MemoryDim}], value [{shape.ValueDim}, {shape.ValueSourceDim}]";
        if (plans[0].Layer is { } layer)
            writer.Line(
                CodeWriter.Invariant(
                    $"/// <param name=\"weights\">Those of the attention{(layer.MemoryDim > 0 ? " and of the cross-attention" : "")}, ")
                        + CodeWriter.Invariant($"up{(layer.Gated ? " and gate" : "")} [{layer.FeedForwardDim}, {layer.DModel}], ")
                        + CodeWriter.Invariant($"down [{layer.DModel}, {layer.FeedForwardDim}], and ")
                        + "the declared biases and norms.</param>");
        else if (shape.HasProjections)
            writer.Line(
                $"/// <param name=\"weights\">Query [{shape.QueryDim}, {shape.DModel}], {keysAndValues}, "
                    + $"{(shape.ProjectsOutput ? $"output [{shape.DModel}, {shape.JoinedDim}], " : "")}"
                    + $"{(shape.OutputGate ? $"output gate [{shape.JoinedDim}, {shape.DModel}], " : "")}and the declared biases.</param>");
        else
        {
            string learned = shape.Learns ? "What the configuration declares to be learned" : "None: <c>AttentionWeights.Empty</c>";
            writer.Line($"/// <param name=\"weights\">{learned}.</param>");
        }

        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A tensor has another shape, or a bias is missing or superfluous.</exception>");
        SupportEmitter.DescribeRefusal(writer, plans.Select(plan => plan.Target));
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public {name}({WeightsType(plans[0])} weights)"))
        {
            SupportEmitter.WriteRefusal(writer, name, plans.Select(plan => plan.Target));
            string types = plans[0].Memory is null ? ConstantsEmitter.TypeName : $"{ConstantsEmitter.TypeName}, {ConstantsEmitter.MemoryTypeName}";
            writer.Line($"packedWeights = Services::PackedWeights.Pack<{types}>(Shape, weights);");
        }

        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line($"public static {name} Create({WeightsType(plans[0])} weights) => new(weights);");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        bool isDecoder = ForwardSignatureEmitter.IsDecoder(plans[0]);
        if (isDecoder)
        {
            writer.Line(
                "public Library::AttentionCache CreateCache(int capacity, int memoryCapacity, int batch = 1) => packedWeights.CreateCache(capacity, "
                    + "memoryCapacity, batch);");
            writer.Line();
            writer.Line("/// <inheritdoc/>");
            FileEmitter.GeneratedCode(writer);
        }

        if (shape.HasCache && !isDecoder)
        {
            writer.Line("public Library::AttentionCache CreateCache(int capacity, int batch = 1) => packedWeights.CreateCache(capacity, batch);");
        }
        else
        {
            // Hidden behind the interface: it throws, in the words of the runtime.
            writer.Line($"Library::AttentionCache {Interface(plans[0])}.CreateCache(int capacity, int batch) => packedWeights.CreateCache(capacity, batch);");
        }

        writer.Line();
    }

    /// <summary>Whether a kernel can be had for contexts of another length. What can be trained has one owner of its weights.</summary>
    private static bool HasLength(AttentionShape shape) => shape.RotaryLength > 0 && !shape.Gradients;

    private static void WriteRotaryLength(CodeWriter writer, string name)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public int RotaryLength => packedWeights.Shape.RotaryLength;");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public {name} WithRotaryLength(int rotaryLength)"))
        {
            writer.Line($"{name} other = ({name})MemberwiseClone();");
            writer.Line("other.packedWeights = packedWeights.WithRotaryLength(rotaryLength);");
            writer.Line("return other;");
        }

        writer.Line();
    }

    private static void WriteSizes(CodeWriter writer)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line(
            $"public static long GetScratchBytes(int batch, int rows, int keys, int threads = 1) => "
                + $"Services::AttentionCall.GetScratchBytes<{ConstantsEmitter.TypeName}>(batch, rows, keys, threads);");
        writer.Line();
    }
}
