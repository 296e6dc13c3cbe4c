using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes the forms of <c>Forward</c>: what the configuration declares is a parameter, what it does not declare cannot be passed.</summary>
internal static class ForwardSignatureEmitter
{
    public static void Write(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        AttentionShape shape = plans[0].Shape;
        TransformerLayerShape? layer = plans[0].Layer;
        WriteForward(writer, shape, layer, cached: false);
        writer.Line();
        if (shape.HasCache)
        {
            WriteForward(writer, shape, layer, cached: true);
            writer.Line();
        }

        if (shape.Gradients)
        {
            WriteForward(writer, shape, layer, cached: false, keeps: true);
            writer.Line();
            BackwardEmitter.Write(writer, plans);
        }

        if (shape.IsCrossAttention || IsDecoder(plans[0]))
        {
            WriteProjectMemory(writer, plans);
            writer.Line();
        }

        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        writer.Line("public void Forward(in Library::AttentionArguments arguments) => Run(in arguments);");
        writer.Line();
        WriteRun(writer, plans);
    }

    /// <summary>Whether the class is a layer whose cache has a part for a memory.</summary>
    public static bool IsDecoder(AttentionPlan plan) => plan.Memory is not null && plan.Shape.HasCache;

    private static void WriteForward(CodeWriter writer, AttentionShape shape, TransformerLayerShape? layer, bool cached, bool keeps = false)
    {
        List<ForwardParameter> parameters = ForwardParameters.Of(shape, layer, cached, keeps).ToList();
        List<string> assignments = parameters
            .OrderBy(parameter => parameter.Property is "Input" or "Output" ? 0 : 1)
            .Select(parameter => $"{parameter.Property} = {parameter.Name}")
            .ToList();
        if (cached)
            assignments.Insert(assignments.IndexOf("Cache = cache") + 1, "Batch = cache.Batch");
        else if (shape.Ragged)
            assignments.Add("Batch = rowOffsets.Length - 1");
        writer.Line($"/// <summary>{Summary(shape, cached)}{(keeps ? " Keeps what <c>Backward</c> reads." : "")}</summary>");
        foreach (ForwardParameter parameter in parameters)
            writer.Line($"/// <param name=\"{parameter.Name}\">{parameter.Text}.</param>");
        WriteExceptions(writer, shape, cached, "A length is wrong");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"public void Forward({string.Join(", ", parameters.Select(parameter => parameter.Declaration))})"))
        {
            if (cached || keeps)
                writer.Line($"ArgumentNullException.ThrowIfNull({(cached ? "cache" : "activations")});");
            writer.Line($"Run(new Library::AttentionArguments {{ {string.Join(", ", assignments)} }});");
        }
    }

    /// <summary>What a form of <c>Forward</c> refuses.</summary>
    /// <param name="wrong">What is refused beside an overlap, as the beginning of a sentence.</param>
    public static void WriteExceptions(CodeWriter writer, AttentionShape shape, bool cached, string wrong)
    {
        writer.Line($"/// <exception cref=\"global::System.ArgumentException\">{wrong}, or the output overlaps an input. Nothing is written then.</exception>");
        if (cached)
            writer.Line($"/// <exception cref=\"global::System.InvalidOperationException\">{CacheRefusal(shape)}. Nothing is written then.</exception>");
        writer.Line(
            $"/// <exception cref=\"global::System.OperationCanceledException\">The call was cancelled. The output is "
                + $"undefined{(cached && !shape.IsCrossAttention ? ", and the cache is as it was" : "")}.</exception>");
    }

    /// <summary>What a form of <c>Forward</c> does.</summary>
    public static string Summary(AttentionShape shape, bool cached) => (shape.IsCrossAttention, cached) switch
    {
        (_, true) when !shape.HasProjections =>
            "Appends the new keys and values to the cache and attends to all keys. A call may be a prefill of any length, or a decode of one row.",
        (_, false) when !shape.HasProjections => "Attends with queries to keys and values.",
        (true, true) => "Attends to the memory that <c>ProjectMemory</c> wrote to the cache.",
        (true, false) => "Attends to a memory.",
        (false, true) =>
            "Runs the block on the rows that follow the cached rows, and appends their keys and values. A call may be a prefill of any length, or a decode of "
                + "one row.",
        _ => "Runs the block on whole sequences.",
    };

    private static string CacheRefusal(AttentionShape shape) => (shape.IsCrossAttention, shape.Ragged) switch
    {
        (true, true) => "Another call writes the cache",
        (true, false) => "The sequences of the cache differ in length, or another call writes the cache",
        (false, true) => "The cache has no room for the rows, or another call uses the cache",
        (false, false) => "The cache has no room for the rows, its sequences differ in length, or another call uses the cache",
    };

    private static void WriteProjectMemory(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        bool isLayer = plans[0].Memory is not null;
        AttentionShape shape = (plans[0].Memory ?? plans[0]).Shape;
        string memory = shape.Ragged
            ? CodeWriter.Invariant($"[total memory rows, {shape.MemoryDim}]")
            : CodeWriter.Invariant($"[cache.Batch, memory rows, {shape.MemoryDim}]; the length gives the number of memory rows");
        bool hasValues = shape.ValueInputDim > 0;
        string values = hasValues
            ? CodeWriter.Invariant($"[{(shape.Ragged ? "total memory rows" : "cache.Batch, memory rows")}, {shape.ValueInputDim}]")
            : "";
        WriteProjectMemorySummary(writer, plans[0], memory, values, "A length is wrong");
        FileEmitter.GeneratedCode(writer);
        using (
            writer.Block(
                $"public void ProjectMemory(ReadOnlySpan<float> memory, {(hasValues ? "ReadOnlySpan<float> valueInput, " : "")}Library::AttentionCache cache, "
                    + $"{(shape.Ragged ? "ReadOnlySpan<int> memoryOffsets, " : "")}in Library::ForwardOptions options = default)"))
        {
            WriteProjection(writer, plans, shape.Ragged ? "memoryOffsets" : "default", hasValues);
        }

        if (hasValues)
        {
            WriteGenericProjection(writer, plans, "ICrossAttention", takesValues: false);
            if (!shape.Ragged)
                WriteGenericProjection(writer, plans, "ICrossAttention", takesValues: true);
            return;
        }

        if (!shape.Ragged)
            WriteGenericProjection(writer, plans, isLayer ? "IDecoderLayer" : "ICrossAttention", takesValues: false);
    }

    private static void WriteGenericProjection(CodeWriter writer, IReadOnlyList<AttentionPlan> plans, string type, bool takesValues)
    {
        // For generic code, which may give offsets or values to a kernel that takes none, or give none: the path refuses that.
        writer.Line();
        writer.Line("/// <inheritdoc/>");
        FileEmitter.GeneratedCode(writer);
        using (
            writer.Block(
                $"void Library::{type}.ProjectMemory(ReadOnlySpan<float> memory, {(takesValues ? "ReadOnlySpan<float> valueInput, " : "")}"
                    + "Library::AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in Library::ForwardOptions options)"))
        {
            WriteProjection(writer, plans, "memoryOffsets", takesValues);
        }
    }

    /// <summary>What <c>ProjectMemory</c> does and refuses.</summary>
    /// <param name="memory">What the memory is.</param>
    /// <param name="values">What the input of values is; empty where there is none.</param>
    /// <param name="wrong">What is refused beside a cache of another class, as the beginning of a sentence.</param>
    public static void WriteProjectMemorySummary(CodeWriter writer, AttentionPlan plan, string memory, string values, string wrong)
    {
        bool isLayer = plan.Memory is not null;
        string kernel = isLayer ? "layer" : "kernel", content = isLayer ? "the memory that the cache holds" : "the content of the cache",
        empty = isLayer ? "holds no memory" : "is empty";
        string sources = values.Length > 0 ? "a memory to keys, and an input of their own to values," : "a memory to keys and values";
        writer.Line($"/// <summary>Projects {sources}, which replace {content}.</summary>");
        writer.Line($"/// <param name=\"memory\">{memory}.</param>");
        if (values.Length > 0)
            writer.Line($"/// <param name=\"valueInput\">{values}: what values come from, a row for each memory row.</param>");
        writer.Line($"/// <param name=\"cache\">A cache of this {kernel} with room for the memory rows.</param>");
        if (plan.Shape.Ragged)
            writer.Line("/// <param name=\"memoryOffsets\">[cache.Batch + 1]: the first memory row of each sequence, and the end of the last one.</param>");
        writer.Line("/// <param name=\"options\">Threads and cancellation.</param>");
        writer.Line(
            $"/// <exception cref=\"global::System.ArgumentException\">{wrong}, or the cache belongs to another {kernel}. The cache is then as it "
                + $"was.</exception>");
        writer.Line(
            "/// <exception cref=\"global::System.InvalidOperationException\">The memory does not fit into the cache, or another call uses the cache. The "
                + "cache is then as it was.</exception>");
        writer.Line(
            $"/// <exception cref=\"global::System.OperationCanceledException\">The call was cancelled. The cache {empty}, or as it was if the call had not "
                + $"begun.</exception>");
    }

    private static void WriteProjection(CodeWriter writer, IReadOnlyList<AttentionPlan> plans, string offsets, bool takesValues) =>
        SupportEmitter.WriteChoice(
            writer,
            plans.Select(plan => plan.Target),
            target => (plans[0].Memory is null ? $"{ConstantsEmitter.Path(target)}.ProjectMemory" : $"{ConstantsEmitter.MemoryPath(target)}.ProjectLayerMemory")
                + $"(packedWeights, memory, {(takesValues ? "valueInput, " : "")}cache, {offsets}, in options);");

    private static void WriteRun(CodeWriter writer, IReadOnlyList<AttentionPlan> plans)
    {
        using (writer.Block("private void Run(in Library::AttentionArguments arguments)"))
            SupportEmitter.WriteChoice(
                writer, plans.Select(plan => plan.Target), target => $"{ConstantsEmitter.Path(target)}.Forward(packedWeights, in arguments);");
    }
}
