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
    public static bool ArePlain(AttentionSpec spec) => spec.HasProjections && !spec.IsCrossAttention && !Declared(spec, cached: false).Any() && !spec.Ragged;

    public static IEnumerable<ForwardParameter> Of(AttentionSpec spec, bool cached)
    {
        IEnumerable<ForwardParameter> all = spec.HasProjections ? Rows(spec, cached) : Heads(spec, cached);
        if (cached)
            all = all.Append(new("Library::AttentionCache cache", "cache", "Cache", Cache(spec)));
        all = all.Concat(Offsets(spec, cached)).Concat(Declared(spec, cached));
        if (!cached && !spec.Ragged)
            all = all.Append(new("int batch = 1", "batch", "Batch", "Sequences in the batch"));
        return all.Append(new("in Library::ForwardOptions options = default", "options", "Options", "Threads and cancellation"));
    }

    private static IEnumerable<ForwardParameter> Rows(AttentionSpec spec, bool cached)
    {
        bool takesMemory = spec.IsCrossAttention && !cached;
        string rows = RowAxes(spec);
        string follow = spec.SequenceLength > 0 || spec.Ragged ? "" : "; rows follow from the length";
        yield return Floats("input", "Input", CodeWriter.Invariant($"[{rows}, {spec.DModel}]{follow}"));
        if (takesMemory)
        {
            string memoryRows = spec.Ragged ? "total memory rows" : "batch, memory rows";
            yield return Floats("memory", "Memory", CodeWriter.Invariant($"[{memoryRows}, {spec.MemoryDim}]{(spec.Ragged ? "" : "; memory rows follow from the length")}"));
        }

        yield return Output("output", "Output", CodeWriter.Invariant($"[{rows}, {spec.DModel}]; must not overlap the input{(takesMemory ? " or the memory" : "")}"));
    }

    private static IEnumerable<ForwardParameter> Heads(AttentionSpec spec, bool cached)
    {
        string Shape(string sequences, string rows, int heads, int width) => (spec.Layout, spec.Ragged) switch
        {
            (HeadLayout.RowsHeads, _) => CodeWriter.Invariant($"[{sequences}{rows}, {heads * width}]: {heads} heads of {width}"),
            (_, true) => CodeWriter.Invariant($"[{heads}, rows, {width}] of each sequence, one after another, {rows}"),
            _ => CodeWriter.Invariant($"[{sequences}{heads}, {rows}, {width}]"),
        };

        string batch = spec.Ragged ? "" : "batch, ";
        string queryRows = spec.Ragged ? "total rows" : spec.SequenceLength > 0 ? CodeWriter.Invariant($"{spec.SequenceLength}") : "rows";
        string keyRows = spec.Ragged ? "total keys" : "keys";
        string rowsFollow = spec.SequenceLength > 0 || spec.Ragged ? "" : "; rows follow from the length";
        string keysFollow = spec.Ragged ? "" : "; their number follows from the length";
        yield return Floats("query", "Input", $"{Shape(batch, queryRows, spec.Heads, spec.HeadDim)}{rowsFollow}");
        yield return Floats("key", "Key", $"{(cached ? "New keys, " : "")}{Shape(batch, keyRows, spec.KvHeads, spec.HeadDim)}{keysFollow}");
        yield return Floats("value", "Value", $"{(cached ? "New values, " : "")}{Shape(batch, keyRows, spec.KvHeads, spec.ValueHeadDim)}; as many as keys");
        yield return Output("output", "Output", $"{Shape(batch, queryRows, spec.Heads, spec.ValueHeadDim)}; must not overlap an input");
    }

    private static string Cache(AttentionSpec spec) => (spec.IsCrossAttention, spec.HasProjections) switch
    {
        (true, _) => "Holds the projected memory; see <c>ProjectMemory</c>. The batch is the cache's",
        (_, true) => "Keys and values of the rows before; those of the input are appended. The batch is the cache's",
        _ => "Keys and values before; the new ones are appended. The batch is the cache's",
    };

    private static IEnumerable<ForwardParameter> Offsets(AttentionSpec spec, bool cached)
    {
        if (!spec.Ragged)
            yield break;
        yield return Integers("rowOffsets", "RowOffsets", "[batch + 1]: where the rows of each sequence begin, and where the last one ends");
        if (spec.IsCrossAttention && !cached)
            yield return Integers("memoryOffsets", "KeyOffsets", "[batch + 1]: where the memory rows of each sequence begin, and where the last one ends");
        if (!spec.HasProjections)
            yield return Integers("keyOffsets", "KeyOffsets", $"[batch + 1]: where the {(cached ? "new " : "")}keys of each sequence begin, and where the last one ends");
    }

    /// <summary>What the configuration declares beside its inputs and its output.</summary>
    private static IEnumerable<ForwardParameter> Declared(AttentionSpec spec, bool cached)
    {
        string rows = RowAxes(spec);
        string included = cached && !spec.IsCrossAttention ? "; keys include cached ones" : "";
        if (spec.KeyStarts)
            yield return Integers("keyStarts", "KeyStarts", "[batch]: the first visible key of each sequence; those before it are masked");
        if (spec.KeyLengths)
            yield return Integers("keyLengths", "KeyLengths", "[batch]: keys of each sequence, cached ones included; those beyond are masked");
        if (spec.PrefixLengths)
            yield return Integers("prefixLengths", "PrefixLengths", "[batch]: how many keys of each sequence every query sees");
        if (spec.Documents)
            yield return Integers("documents", "Documents", $"[{(spec.Ragged ? "total keys" : "batch, keys")}]: the document of each position, never decreasing; a query sees the keys of its own document{included}");
        if (spec.Shape.Positions)
            yield return Integers("positions", "Positions", $"[{rows}]: rotary positions, 0 or more");
        if (spec.BooleanMask != MaskAxes.None)
            yield return new("ReadOnlySpan<bool> booleanMask", "booleanMask", "BooleanMask", $"[{Axes(spec, spec.BooleanMask)}]: true = attend{included}");
        if (spec.AdditiveMask != MaskAxes.None)
            yield return Floats("additiveMask", "AdditiveMask", $"[{Axes(spec, spec.AdditiveMask)}]: added to the scores; −∞ masks{included}");
        if (spec.HasProbabilities)
        {
            bool averaged = (spec.Outputs & AttentionOutputs.AveragedProbabilities) != 0;
            MaskAxes axes = MaskAxes.Batch | MaskAxes.Query | MaskAxes.Key | (averaged ? MaskAxes.None : MaskAxes.Head);
            yield return Output("probabilities", "Probabilities", $"[{Axes(spec, axes)}]: probabilities{(averaged ? ", the mean of the heads" : "")}; 0 where a key is not seen{included}");
        }

        if (spec.ScoreOutput != AttentionOutputs.None)
            yield return Output("scores", "Scores", $"[{Axes(spec, MaskAxes.Batch | MaskAxes.Head | MaskAxes.Query | MaskAxes.Key)}]: {Stage(spec.ScoreOutput)}{included}");
        if (spec.HasLogSumExp)
        {
            string axes = !spec.HasProjections && spec.Layout == HeadLayout.HeadsRows
                ? Axes(spec, MaskAxes.Batch | MaskAxes.Head | MaskAxes.Query)
                : CodeWriter.Invariant($"{rows}, {spec.Heads}");
            yield return Output("logSumExp", "LogSumExp", $"[{axes}]: the logarithm of each row's sum of exponentials; −∞ where a row sees no key");
        }
    }

    private static string Stage(AttentionOutputs stage) => stage switch
    {
        AttentionOutputs.ScaledScores => "scores after the scale",
        AttentionOutputs.CappedScores => "scores after the softcap",
        _ => "scores as the softmax gets them; −∞ where a key is not seen",
    };

    private static string RowAxes(AttentionSpec spec) =>
        spec.Ragged ? "total rows" : spec.SequenceLength > 0 ? CodeWriter.Invariant($"batch, {spec.SequenceLength}") : "batch, rows";

    private static string Axes(AttentionSpec spec, MaskAxes axes)
    {
        var names = new List<string>();
        if ((axes & MaskAxes.Batch) != 0)
            names.Add("batch");
        if ((axes & MaskAxes.Head) != 0)
            names.Add(CodeWriter.Invariant($"{spec.Heads}"));
        if ((axes & MaskAxes.Query) != 0)
            names.Add(spec.SequenceLength > 0 ? CodeWriter.Invariant($"{spec.SequenceLength}") : "rows");
        if ((axes & MaskAxes.Key) != 0)
            names.Add("keys");
        return string.Join(", ", names);
    }

    private static ForwardParameter Floats(string name, string property, string text) => new($"ReadOnlySpan<float> {name}", name, property, text);

    private static ForwardParameter Integers(string name, string property, string text) => new($"ReadOnlySpan<int> {name}", name, property, text);

    private static ForwardParameter Output(string name, string property, string text) => new($"Span<float> {name}", name, property, text);
}
