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
        string bases = $" : Library::IAttentionKernel<{name}>{(plain ? ", Library::ISelfAttention" : "")}, Services::IForwardParts";
        using (FileEmitter.Nest(writer, spec, bases, remarks => RemarksEmitter.Write(remarks, plans)))
        {
            WriteConstants(writer, spec);
            WriteFields(writer, spec);
            WriteShape(writer, spec);
            WritePath(writer, plans);
            WriteConstruction(writer, plans);
            WriteSizes(writer, plans);
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

    private static void WriteFields(CodeWriter writer, AttentionSpec spec)
    {
        if (spec.HasProjections)
        {
            foreach (string matrix in new[] { "query", "key", "value", "output" })
                writer.Line($"private readonly Services::PackedMatrix {matrix}Weights;");
        }

        if (spec.QueryKeyNorm != QueryKeyNorm.None)
        {
            writer.Line("private readonly Services::HeadNorm queryNorm;");
            writer.Line("private readonly Services::HeadNorm keyNorm;");
        }

        if (spec.Rotary != RotaryKind.None)
        {
            string table = spec.Shape.RotaryScaling == RotaryScaling.None ? CodeWriter.Invariant($"{spec.RotaryDim}, {spec.Shape.RotaryBase:R}") : "Shape";
            writer.Line($"private readonly Services::RotaryTable rotaryTable = Services::RotaryTable.Get({table});");
        }

        if (spec.HasDistanceBias)
            writer.Line("private readonly Services::DistanceBias distanceBias;");
        if (spec.Sinks)
            writer.Line("private readonly Services::AlignedMemory sinkLogits;");
        if (spec.AppendedKeys > 0)
            writer.Line("private readonly Services::AppendedKeys appendedKeys;");
        if (spec.Shape.Learns || spec.Rotary != RotaryKind.None || spec.HasDistanceBias || spec.AppendedKeys > 0)
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
            writer.Line("Services::KernelChecks.ValidateWeights(Shape, weights);");
            WritePacking(writer, plans);
            if (spec.HasDistanceBias)
                writer.Line("distanceBias = new Services::DistanceBias(Shape, weights.RelativePositionBias);");
            if (spec.Sinks)
                writer.Line("sinkLogits = Services::AlignedMemory.CopyOf(weights.Sinks);");
            if (spec.AppendedKeys > 0)
                writer.Line("appendedKeys = new Services::AppendedKeys(Shape, weights.BiasKey, weights.BiasValue);");
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
            using (writer.Block("public Library::AttentionCache CreateCache(int capacity, int batch = 1)"))
            {
                writer.Line("var cache = new Library::AttentionCache(Shape, capacity, batch);");
                if (spec.Rotary != RotaryKind.None)
                    writer.Line("// Now, so that no call that uses the cache allocates.\nrotaryTable.Ensure(capacity);");
                if (spec.HasDistanceBias)
                    writer.Line("// Now, so that no call that uses the cache allocates.\ndistanceBias.Ensure(2 * (nint)capacity);");
                writer.Line("return cache;");
            }
        }
        else
        {
            writer.Line($"Library::AttentionCache Library::IAttentionKernel<{name}>.CreateCache(int capacity, int batch) =>");
            writer.Line("    throw new NotSupportedException(\"This kernel has no cache: a cache needs Causal self-attention of free SequenceLength, or cross-attention.\");");
        }

        writer.Line();
    }

    /// <summary>The factor of the scores goes into the first thing that queries are multiplied by last.</summary>
    private static void WritePacking(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionSpec spec = plans[0].Spec;
        bool norms = spec.QueryKeyNorm != QueryKeyNorm.None;
        if (!norms && !spec.HasProjections)
            return;
        if (spec.NaturalScores)
        {
            writer.Line("// The scale goes into the queries; what is done to scores wants them natural, without log2(e).");
            writer.Line("double factor = Shape.Scale;");
        }
        else
        {
            writer.Line("// Softmax works in powers of two: log2(e) and the scale go into the queries.");
            writer.Line("double factor = Shape.Scale / Math.Log(2);");
        }

        if (spec.HasProjections)
        {
            void Pack(string field, string tensor, int outputs, int inputs, Func<AttentionPlan, ProductPlan> product, string factor = "") =>
                writer.Line(CodeWriter.Invariant($"{field}Weights = Services::PackedMatrix.Pack(weights.{tensor}, weights.{tensor}Bias, {outputs}, {inputs}, {Interleaved(plans, product)}{factor});"));

            Pack("query", "Query", spec.QueryDim, spec.DModel, plan => plan.InputProjection!, norms ? "" : ", factor");
            Pack("key", "Key", spec.KeyDim, spec.MemoryDim, plan => plan.MemoryProjection!);
            Pack("value", "Value", spec.ValueDim, spec.MemoryDim, plan => plan.MemoryProjection!);
            Pack("output", "Output", spec.DModel, spec.JoinedDim, plan => plan.OutputProjection!);
        }

        if (norms)
        {
            writer.Line("// What comes before the normalisation has no say in the size of what comes out of it.");
            writer.Line("queryNorm = new Services::HeadNorm(Shape.QueryKeyNorm, weights.QueryNorm, weights.QueryNormBias, Shape.QueryKeyNormEpsilon, factor);");
            writer.Line("keyNorm = new Services::HeadNorm(Shape.QueryKeyNorm, weights.KeyNorm, weights.KeyNormBias, Shape.QueryKeyNormEpsilon);");
        }
    }

    /// <summary>Panels that are interleaved in the weights of a projection, as the target that runs wants them.</summary>
    private static string Interleaved(IReadOnlyList<AttentionPlan> plans, Func<AttentionPlan, ProductPlan> product)
    {
        string interleaved = "";
        foreach (AttentionPlan plan in plans.Reverse())
        {
            string mine = CodeWriter.Invariant($"{product(plan).InterleavedPanels}");
            // The last target runs wherever no other does.
            interleaved = interleaved.Length == 0 || interleaved == mine ? mine : $"{plan.Target.Condition} ? {mine} : {interleaved}";
        }

        return interleaved;
    }

    private static void WriteSizes(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block("public static long GetScratchBytes(int batch, int rows, int keys)"))
        {
            writer.Line("Services::KernelChecks.ValidateSizes(batch, rows, keys);");
            string path = PathEmitter.Name(plans[0].Target);
            writer.Line($"return 4L * ({path}.ScratchFloats + {path}.KeyValueFloats(keys));");
        }

        writer.Line();
    }
}
