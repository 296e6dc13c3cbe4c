using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the file with the members that a user of a block of latent attention sees.</summary>
internal static class LatentClassEmitter
{
    public static GeneratedFile Write(LatentPlan plan) => SupportEmitter.WriteClass(
        LatentProse.Of(plan),
        $" : Library::ILatentAttention<{plan.Spec.Class.Name}>",
        writer => WriteShape(writer, plan.Spec.Shape),
        writer => WriteMembers(writer, plan));

    private static void WriteMembers(CodeWriter writer, LatentPlan plan)
    {
        WriteParts(writer, plan);
        WriteConstruction(writer, plan);
        WriteForward(writer, plan.Spec.Shape.Attention.Ragged, cached: false);
        WriteForward(writer, plan.Spec.Shape.Attention.Ragged, cached: true);
        Member(writer, "public void Forward(in Library::LatentAttentionArguments arguments) => block.Forward(in arguments);", isLast: true);
    }

    private static void WriteShape(CodeWriter writer, LatentAttentionShape shape)
    {
        void Constant(string name, int value, string summary)
        {
            writer.Line($"/// <summary>{summary}</summary>");
            FileEmitter.GeneratedCode(writer);
            writer.Line(CodeWriter.Invariant($"public const int {name} = {value};"));
            writer.Line();
        }

        Constant("Heads", shape.Heads, "Number of heads.");
        Constant("DModel", shape.DModel, "Width of input and output rows.");
        Constant("HeadDim", shape.HeadDim, "Width of one head of queries and keys, the rotated part included.");
        Constant("RotaryDim", shape.RotaryDim, "Width of the rotated part of a head.");
        Constant("ValueHeadDim", shape.ValueHeadDim, "Width of one head of values.");
        Constant("LatentDim", shape.LatentDim, "Width of the latent vector of keys and values.");
        writer.Line("private readonly Services::LatentBlock block;");
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public static Library::LatentAttentionShape Shape { get; } = new()");
        using (writer.Block(after: ";"))
        {
            // The cache of the absorbed form compares shapes, and this one by reference.
            writer.Line("Attention = AbsorbedAttention.Shape,");
            LatentAttentionShape standard = new() { Attention = shape.Attention, DModel = shape.DModel, HeadDim = 0, ValueHeadDim = 0 };
            foreach ((string name, object value) in ShapeSettings.Declared(shape, standard).Where(setting => setting.Value is not AttentionShape))
                writer.Line($"{name} = {ShapeEmitter.Literal(value)},");
        }

        writer.Line();
    }

    private static void WriteParts(CodeWriter writer, LatentPlan plan)
    {
        writer.Line("private static Services::LatentParts Parts { get; } = new()");
        using (writer.Block(after: ";"))
        {
            writer.Line("Expanded = Services::CoreKind.Of<ExpandedAttention>(),");
            writer.Line("Absorbed = Services::CoreKind.Of<AbsorbedAttention>(),");
            foreach (LatentProduct product in plan.Products)
                writer.Line($"{product.Property} = Services::ProductKind.Of<{product.Name}>(),");
        }

        writer.Line();
    }

    private static void WriteConstruction(CodeWriter writer, LatentPlan plan)
    {
        string name = plan.Spec.Class.Name;
        LatentAttentionShape shape = plan.Spec.Shape;
        IReadOnlyList<VectorTarget> targets = [.. AttentionPlan.CreateAll(plan.Absorbed).Select(core => core.Target)];
        writer.Line("/// <summary>Creates the block and packs the weights. The object is immutable, so threads may share it.</summary>");
        string latentQueries = shape.QueryLatentDim == 0 ? "" : CodeWriter.Invariant($"query down [{shape.QueryLatentDim}, {shape.DModel}], ");
        writer.Line(
            CodeWriter.Invariant($"/// <param name=\"weights\">{Capital(latentQueries)}query up [{shape.QueryDim}, {shape.QueryInputDim}], ")
                + CodeWriter.Invariant($"key and value down [{shape.LatentDim + shape.RotaryDim}, {shape.DModel}], ")
                + CodeWriter.Invariant($"key and value up [{shape.KeyValueDim}, {shape.LatentDim}], output [{shape.DModel}, {shape.JoinedDim}], ")
                + $"the norms{(shape.Biases ? ", and the biases" : "")}.</param>");
        writer.Line("/// <exception cref=\"global::System.ArgumentException\">A tensor has another shape, is missing or is superfluous.</exception>");
        SupportEmitter.DescribeRefusal(writer, targets);
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public {name}(Library::LatentAttentionWeights weights)"))
        {
            SupportEmitter.WriteRefusal(writer, name, targets);
            writer.Line("block = new Services::LatentBlock(Shape, Parts, weights);");
        }

        writer.Line();
        Member(writer, $"public static {name} Create(Library::LatentAttentionWeights weights) => new(weights);");
        Member(writer, "public Library::AttentionCache CreateCache(int capacity, int batch = 1) => block.CreateCache(capacity, batch);");
        Member(
            writer,
            "public static long GetScratchBytes(int batch, int rows, int keys, Library::LatentForm form) => "
                + "Services::LatentBlock.GetScratchBytes(Shape, Parts, batch, rows, keys, form);");
    }

    private static string Capital(string text) => text.Length == 0 ? "" : char.ToUpperInvariant(text[0]) + text.Substring(1);

    private static void WriteForward(CodeWriter writer, bool ragged, bool cached)
    {
        string rows = ragged ? "[total rows, DModel]" : "[batch, rows, DModel]";
        writer.Line($"/// <summary>Runs the block{(cached ? " on rows that follow those of a cache" : "")}.</summary>");
        writer.Line($"/// <param name=\"input\">{rows}; the length gives the number of rows.</param>");
        writer.Line($"/// <param name=\"output\">{rows}; must not overlap an input.</param>");
        if (cached)
            writer.Line("/// <param name=\"cache\">A cache that <c>CreateCache</c> made: the rows are appended to it.</param>");
        if (ragged)
            writer.Line("/// <param name=\"rowOffsets\">[batch + 1]: the first row of each sequence, and the end of the last one.</param>");
        if (!ragged && !cached)
            writer.Line("/// <param name=\"batch\">The number of sequences.</param>");
        writer.Line(
            cached
                ? "/// <param name=\"form\">How the call computes: absorbed is faster for few rows, expanded for a prompt.</param>"
                : "/// <param name=\"form\">How the call computes: expanded takes fewer multiply-adds.</param>");
        writer.Line("/// <param name=\"options\">Threads and cancellation.</param>");
        LinearClassEmitter.WriteExceptions(writer, "A length is wrong");
        if (cached)
        {
            writer.Line("/// <exception cref=\"global::System.ArgumentNullException\"><paramref name=\"cache\"/> is null.</exception>");
            writer.Line(
                "/// <exception cref=\"global::System.InvalidOperationException\">The rows do not fit into the cache, or another call uses it.</exception>");
        }

        FileEmitter.GeneratedCode(writer);
        string form = cached ? "Absorbed" : "Expanded";
        string parameters = "ReadOnlySpan<float> input, Span<float> output"
            + (cached ? ", Library::AttentionCache cache" : "")
            + (ragged ? ", ReadOnlySpan<int> rowOffsets" : cached ? "" : ", int batch = 1")
            + $", Library::LatentForm form = Library::LatentForm.{form}, in Library::ForwardOptions options = default";
        using (writer.Block($"public void Forward({parameters})"))
        {
            if (cached)
                writer.Line("ArgumentNullException.ThrowIfNull(cache);");
            string batch = cached ? "cache.Batch" : ragged ? "rowOffsets.Length - 1" : "batch";
            string rest = $"{(cached ? "Cache = cache, " : "")}{(ragged ? "RowOffsets = rowOffsets, " : "")}Batch = {batch}, Form = form, Options = options";
            writer.Line($"block.Forward(new Library::LatentAttentionArguments {{ Input = input, Output = output, {rest} }});");
        }

        writer.Line();
    }

    private static void Member(CodeWriter writer, string declaration, bool isLast = false)
    {
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line(declaration);
        if (!isLast)
            writer.Line();
    }
}
