using System.Collections.Generic;
using System.Linq;
using AttentionGen.Generator.Model;

namespace AttentionGen.Generator.Emit;

/// <summary>A parameter of <c>Forward</c>.</summary>
/// <param name="Declaration">Type, name, and default where there is one.</param>
/// <param name="Name">Its name.</param>
/// <param name="Property">Where its value goes in the arguments.</param>
/// <param name="Text">What it is, for the XML documentation.</param>
internal sealed record ForwardParameter(string Declaration, string Name, string Property, string Text);

/// <summary>The parameters of the forms of <c>Forward</c>, in their order: input, output, cache, what is declared, batch, options.</summary>
internal static class ForwardParameters
{
    /// <summary>Whether the form without cache takes input, output, batch and options alone, as <c>ISelfAttention</c> does.</summary>
    public static bool ArePlain(AttentionShape shape, TransformerLayerShape? layer) =>
        shape.HasProjections && !shape.IsCrossAttention && !Declared(shape, cached: false).Any() && !shape.Ragged && layer is not { MemoryDim: > 0 };

    /// <summary>The last one of every form.</summary>
    public static ForwardParameter Options { get; } =
        new("in Library::ForwardOptions options = default", "options", "Options", "Threads and cancellation");

    /// <summary>The parameters of a form of <c>Forward</c>.</summary>
    /// <param name="cached">Whether it is the form with a cache.</param>
    /// <param name="keeps">Whether it is the form that keeps what <c>Backward</c> reads.</param>
    public static IEnumerable<ForwardParameter> Of(AttentionShape shape, TransformerLayerShape? layer, bool cached, bool keeps = false)
    {
        int memoryDim = MemoryDim(shape, layer);
        IEnumerable<ForwardParameter> all = shape.HasProjections ? Rows(shape, cached ? 0 : memoryDim) : CoreInputs(shape, cached);
        if (cached)
            all = all.Append(new("Library::AttentionCache cache", "cache", "Cache", Cache(shape, memoryDim > 0)));
        if (keeps)
            all = all.Append(Activations("Takes what <c>Backward</c> reads; see <c>CreateActivations</c>"));
        all = all.Concat(Offsets(shape, cached, memoryDim > 0)).Concat(Declared(shape, cached)).Concat(DeclaredOfMemory(shape, layer));
        if (!cached && !shape.Ragged)
            all = all.Append(new("int batch = 1", "batch", "Batch", Batch(shape)));
        return all.Append(Options);
    }

    /// <summary>What <c>Backward</c> gets of the forward: its inputs, and what it kept.</summary>
    public static IEnumerable<ForwardParameter> OfBackward(AttentionShape shape, TransformerLayerShape? layer)
    {
        int memoryDim = MemoryDim(shape, layer);
        IEnumerable<ForwardParameter> rows = shape.HasProjections ? Rows(shape, memoryDim) : CoreInputs(shape, cached: false);
        return rows.Concat(Offsets(shape, cached: false, memoryDim > 0)).Concat(Declared(shape, cached: false)).Where(parameter => !IsResult(parameter))
            .Concat(DeclaredOfMemory(shape, layer)).Append(Activations("What the forward kept"));
    }

    /// <summary>The gradients that <c>Backward</c> gets and gives; that of the output comes first.</summary>
    /// <param name="type">The type of the gradients of all weights.</param>
    public static IEnumerable<ForwardParameter> OfGradients(AttentionShape shape, TransformerLayerShape? layer, string type)
    {
        IEnumerable<ForwardParameter> rows = shape.HasProjections ? Rows(shape, MemoryDim(shape, layer)) : CoreInputs(shape, cached: false);
        yield return Floats("outputGradient", "OutputGradient", "The gradient of the loss at the output, laid out as the output");
        foreach (ForwardParameter input in rows.Where(parameter => !IsResult(parameter)))
            yield return Output($"{input.Name}Gradient", $"{input.Property}Gradient", $"Where the gradient of <paramref name=\"{input.Name}\"/> goes");
        if (shape.Learns)
            yield return new($"{type} gradients", "gradients", "Gradients", "What the gradients of the weights are added to");
    }

    private static bool IsResult(ForwardParameter parameter) => parameter.Declaration.StartsWith("Span<", System.StringComparison.Ordinal);

    private static int MemoryDim(AttentionShape shape, TransformerLayerShape? layer) => shape.IsCrossAttention ? shape.MemoryDim : layer?.MemoryDim ?? 0;

    private static ForwardParameter Activations(string text) => new("Library::SavedActivations activations", "activations", "Activations", text);

    private static IEnumerable<ForwardParameter> DeclaredOfMemory(AttentionShape shape, TransformerLayerShape? layer)
    {
        if (layer is { MemoryLengths: true })
            yield return Integers("memoryLengths", "MemoryLengths", "[batch]: the number of memory rows of each sequence that the cross-attention sees");
        if (shape.HeadMask && layer is { MemoryDim: > 0 })
            yield return Floats("memoryHeadMask", "MemoryHeadMask", HeadFactors(shape, "head of the cross-attention"));
    }

    private static IEnumerable<ForwardParameter> Rows(AttentionShape shape, int memoryDim)
    {
        bool takesMemory = memoryDim > 0;
        string rows = RowAxes(shape);
        string follow = shape.SequenceLength > 0 || shape.Ragged ? "" : "; the length gives the number of rows";
        yield return Floats("input", "Input", CodeWriter.Invariant($"[{rows}, {shape.DModel}]{follow}"));
        if (takesMemory)
        {
            string memoryRows = shape.Ragged ? "total memory rows" : "batch, memory rows";
            yield return Floats(
                "memory", "Memory", CodeWriter.Invariant($"[{memoryRows}, {memoryDim}]{(shape.Ragged ? "" : "; the length gives the number of memory rows")}"));
            if (shape.ValueInputDim > 0)
                yield return Floats(
                    "valueInput", "ValueInput",
                    CodeWriter.Invariant($"[{memoryRows}, {shape.ValueInputDim}]: what values come from, a row for each memory row"));
        }

        string others = !takesMemory ? "the input" : shape.ValueInputDim > 0 ? "an input" : "the input or the memory";
        yield return Output("output", "Output", CodeWriter.Invariant($"[{rows}, {shape.OutputDim}]; must not overlap {others}"));
    }

    private static IEnumerable<ForwardParameter> CoreInputs(AttentionShape shape, bool cached)
    {
        string Heads(string sequences, string rows, int heads, int width) => (shape.Layout, shape.Ragged) switch
        {
            (HeadLayout.RowsHeads, _) => CodeWriter.Invariant($"[{sequences}{rows}, {heads * width}]: {heads} heads of {width}"),
            (_, true) => CodeWriter.Invariant($"[{heads}, rows, {width}] of each sequence, one after another, {rows}"),
            _ => CodeWriter.Invariant($"[{sequences}{heads}, {rows}, {width}]"),
        };

        string batch = shape.Ragged ? "" : "batch, ";
        string queryRows = shape.Ragged ? "total rows" : shape.SequenceLength > 0 ? CodeWriter.Invariant($"{shape.SequenceLength}") : "rows";
        string keyRows = shape.Ragged ? "total keys" : "keys";
        string rowsFollow = shape.SequenceLength > 0 || shape.Ragged ? "" : "; the length gives the number of rows";
        string keysFollow = shape.Ragged ? "" : "; the length gives their number";
        yield return Floats("query", "Input", $"{Heads(batch, queryRows, shape.Heads, shape.HeadDim)}{rowsFollow}");
        yield return Floats("key", "Key", $"{(cached ? "New keys, " : "")}{Heads(batch, keyRows, shape.KvHeads, shape.HeadDim)}{keysFollow}");
        yield return Floats("value", "Value", $"{(cached ? "New values, " : "")}{Heads(batch, keyRows, shape.KvHeads, shape.ValueHeadDim)}; one for each key");
        yield return Output("output", "Output", $"{Heads(batch, queryRows, shape.Heads, shape.ValueHeadDim)}; must not overlap an input");
    }

    private static string Cache(AttentionShape shape, bool hasMemory) => (shape.IsCrossAttention, shape.HasProjections) switch
    {
        (false, true) when hasMemory =>
            "Keys and values of the earlier rows, to which the call appends those of the input, and the projected memory; see <c>ProjectMemory</c>. The cache "
                + "gives the batch",
        (true, _) => "Holds the projected memory; see <c>ProjectMemory</c>. The cache gives the batch",
        (_, true) => "Keys and values of the earlier rows; the call appends those of the input. The cache gives the batch",
        _ => "The earlier keys and values; the call appends the new ones. The cache gives the batch",
    };

    /// <summary>Where no declared length contradicts a forgotten batch, the user is told what becomes of it.</summary>
    private static string Batch(AttentionShape shape) => shape.SequenceLength > 0 || shape.KeyLengths || shape.KeyStarts || shape.PrefixLengths
        ? "Sequences in the batch"
        : "Sequences in the batch. No length tells their number: if it is left out, all rows are one sequence, and see each other";

    private static IEnumerable<ForwardParameter> Offsets(AttentionShape shape, bool cached, bool hasMemory)
    {
        if (!shape.Ragged)
            yield break;
        yield return Integers("rowOffsets", "RowOffsets", "[batch + 1]: the first row of each sequence, and the end of the last one");
        if (hasMemory && !cached)
            yield return Integers("memoryOffsets", "KeyOffsets", "[batch + 1]: the first memory row of each sequence, and the end of the last one");
        if (!shape.HasProjections)
            yield return Integers(
                "keyOffsets", "KeyOffsets", $"[batch + 1]: the first {(cached ? "new " : "")}key of each sequence, and the end of the last one");
    }

    /// <summary>What the configuration declares beside its inputs and its output.</summary>
    private static IEnumerable<ForwardParameter> Declared(AttentionShape shape, bool cached)
    {
        string rows = RowAxes(shape);
        string included = cached && !shape.IsCrossAttention ? "; keys include cached ones" : "";
        if (shape.KeyStarts)
            yield return Integers("keyStarts", "KeyStarts", "[batch]: the first visible key of each sequence; those before it are masked");
        if (shape.KeyLengths)
            yield return Integers("keyLengths", "KeyLengths", "[batch]: the number of keys of each sequence, cached keys included; keys beyond it are masked");
        if (shape.PrefixLengths)
            yield return Integers("prefixLengths", "PrefixLengths", "[batch]: the number of keys of each sequence that every query sees");
        if (shape.Documents)
            yield return Integers(
                "documents", "Documents",
                $"[{(shape.Ragged ? "total keys" : "batch, keys")}]: the document of each position, whose positions are neighbours; a query sees the keys of "
                    + $"its own document{included}");
        if (shape.Positions)
            yield return Integers(
                "positions", "Positions",
                shape.PositionAxes == 1
                    ? $"[{rows}]: rotary positions, 0 or more"
                    : CodeWriter.Invariant($"[{rows}, {shape.PositionAxes}]: rotary positions on each axis, 0 or more"));
        if (shape.RotaryTables)
        {
            string axes = CodeWriter.Invariant($"[positions, {shape.RotaryDim / 2}]");
            yield return Floats("cosines", "Cosines", $"{axes}: the cosine of each rotated pair at each position");
            yield return Floats("sines", "Sines", $"{axes}: the sines");
        }

        if (shape.BooleanMask != MaskAxes.None)
            yield return new("ReadOnlySpan<bool> booleanMask", "booleanMask", "BooleanMask", $"[{MaskOf(shape, shape.BooleanMask)}]: true = attend{included}");
        if (shape.AdditiveMask != MaskAxes.None)
            yield return Floats("additiveMask", "AdditiveMask", $"[{MaskOf(shape, shape.AdditiveMask)}]: added to the scores; −∞ masks{included}");
        if (shape.MaskLength)
        {
            string have = shape.DeclaredMasks > 1 ? "masks have" : "mask has", cachedToo = included.Length > 0 ? ", cached ones among them" : "";
            yield return new("int maskLength", "maskLength", "MaskLength", $"Keys that the {have}{cachedToo}: keys from there on are masked");
        }

        if (shape.HeadMask)
            yield return Floats("headMask", "HeadMask", HeadFactors(shape, "head"));
        if (shape.HasProbabilities)
        {
            bool averaged = (shape.Outputs & AttentionOutputs.AveragedProbabilities) != 0;
            MaskAxes axes = MaskAxes.Batch | MaskAxes.Query | MaskAxes.Key | (averaged ? MaskAxes.None : MaskAxes.Head);
            yield return Result(
                "probabilities",
                "Probabilities",
                $"[{Axes(shape, axes)}]: probabilities{(averaged ? ", the mean of the heads" : "")}; 0 for a key that the query does not see{included}");
        }

        if (shape.ScoreOutput != AttentionOutputs.None)
            yield return Result(
                "scores", "Scores", $"[{Axes(shape, MaskAxes.Batch | MaskAxes.Head | MaskAxes.Query | MaskAxes.Key)}]: {Stage(shape.ScoreOutput)}{included}");
        if (shape.HasLogSumExp)
        {
            string axes = shape.HeadsBeforeRows
                ? Axes(shape, MaskAxes.Batch | MaskAxes.Head | MaskAxes.Query)
                : CodeWriter.Invariant($"{rows}, {shape.Heads}");
            yield return Result("logSumExp", "LogSumExp", $"[{axes}]: the logarithm of each row's sum of exponentials; −∞ for a row that sees no key");
        }
    }

    private static string HeadFactors(AttentionShape shape, string head) =>
        CodeWriter.Invariant($"[{shape.Heads}]: a factor of what each {head} gives; 0 removes it");

    private static string Stage(AttentionOutputs stage) => stage switch
    {
        AttentionOutputs.ScaledScores => "scores after the scale",
        AttentionOutputs.CappedScores => "scores after the softcap",
        _ => "the scores that the softmax gets; −∞ for a key that the query does not see",
    };

    private static string RowAxes(AttentionShape shape) =>
        shape.Ragged ? "total rows" : shape.SequenceLength > 0 ? CodeWriter.Invariant($"batch, {shape.SequenceLength}") : "batch, rows";

    private static string Axes(AttentionShape shape, MaskAxes axes)
    {
        var names = new List<string>();
        if ((axes & MaskAxes.Batch) != 0)
            names.Add("batch");
        if ((axes & MaskAxes.Head) != 0)
            names.Add(CodeWriter.Invariant($"{shape.Heads}"));
        if ((axes & MaskAxes.Query) != 0)
            names.Add(shape.SequenceLength > 0 ? CodeWriter.Invariant($"{shape.SequenceLength}") : "rows");
        if ((axes & MaskAxes.Key) != 0)
            names.Add("keys");
        return string.Join(", ", names);
    }

    /// <summary>The axes of a mask, whose keys may be fewer than there are.</summary>
    private static string MaskOf(AttentionShape shape, MaskAxes axes)
    {
        if (!shape.MaskLength)
            return Axes(shape, axes);
        string others = Axes(shape, axes & ~MaskAxes.Key);
        return others.Length > 0 ? $"{others}, maskLength" : "maskLength";
    }

    private static ForwardParameter Floats(string name, string property, string text) => new($"ReadOnlySpan<float> {name}", name, property, text);

    private static ForwardParameter Integers(string name, string property, string text) => new($"ReadOnlySpan<int> {name}", name, property, text);

    /// <summary>What is declared beside the output may be left out of a call.</summary>
    private static ForwardParameter Result(string name, string property, string text) => Output(name, property, $"{text}; empty if not wanted");

    private static ForwardParameter Output(string name, string property, string text) => new($"Span<float> {name}", name, property, text);
}
