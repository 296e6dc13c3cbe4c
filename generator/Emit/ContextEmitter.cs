using System.Collections.Generic;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;

namespace AttentionGen.Generator.Emit;

/// <summary>Writes what the attention of a sequence reads beside queries, keys and values: a struct with a field for each declared input, and its making.</summary>
internal static class ContextEmitter
{
    public const string TypeName = "AttendContext";

    /// <summary>The struct, for the path and the kernels of every target.</summary>
    public static void WriteType(CodeWriter writer, AttentionSpec spec)
    {
        writer.Line("/// <summary>What the attention of one sequence reads beside queries, keys and values.</summary>");
        FileEmitter.GeneratedCode(writer);
        using (writer.Block($"private ref struct {TypeName}"))
        {
            bool first = true;
            foreach ((string declaration, string summary, _) in Fields(spec))
            {
                if (!first)
                    writer.Line();
                first = false;
                writer.Line($"/// <summary>{summary}</summary>");
                writer.Line($"public {declaration};");
            }
        }
    }

    /// <summary>The method of the path that fills the struct for one sequence.</summary>
    public static void WriteCreation(CodeWriter writer, AttentionSpec spec)
    {
        writer.Line("/// <summary>What the attention of a sequence reads beside queries, keys and values.</summary>");
        using (writer.Block($"private static {TypeName} Context({spec.Target.Name} block, {ForwardEmitter.CallParameters}, nint sequence)"))
        {
            if (spec.HasDistanceBias)
                writer.Line($"Services::DistanceTable distances = block.distanceBias.Ensure({ForwardEmitter.Rows(spec)} + {ForwardEmitter.Keys(spec)});");
            writer.Line($"var context = new {TypeName}();");
            foreach ((string declaration, _, string value) in Fields(spec))
            {
                string name = declaration.Substring(declaration.LastIndexOf(' ') + 1);
                writer.Line(declaration.StartsWith("ref ", System.StringComparison.Ordinal) ? $"context.{name} = ref {value};" : $"context.{name} = {value};");
            }

            writer.Line("return context;");
        }
    }

    /// <summary>Declaration, meaning and value of each field.</summary>
    private static IEnumerable<(string Declaration, string Summary, string Value)> Fields(AttentionSpec spec)
    {
        string rows = ForwardEmitter.Rows(spec);
        string keys = ForwardEmitter.Keys(spec);
        yield return ("nint Visible", "Keys that are there and not masked by a length.", "Visible(in arguments, in dimensions, sequence)");
        if (ForwardEmitter.ComparesPositions(spec))
            yield return ("nint Offset", "Position of row r is r + offset.", ForwardEmitter.Offset(spec).Replace("visible", "context.Visible"));
        if (spec.KeyStarts)
            yield return ("nint Start", "The first key that is not masked.", "arguments.KeyStarts[(int)sequence]");
        if (spec.PrefixLengths)
            yield return ("nint Prefix", "Keys that every row sees.", "arguments.PrefixLengths[(int)sequence]");
        if (spec.Documents || spec.BooleanMask != MaskAxes.None || spec.AdditiveMask != MaskAxes.None || spec.MaskPredicate?.Range is not null || spec.HasProbabilities || spec.ScoreOutput != AttentionOutputs.None)
            yield return ("nint Keys", "All keys of the sequence.", keys);
        if (spec.Documents)
            yield return ("ref int Documents", "The document of each key.", $"Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Documents), sequence * {keys})");
        if (NeedsRows(spec))
            yield return ("nint Rows", "Query rows of the sequence.", rows);
        if (spec.BooleanMask != MaskAxes.None)
            yield return ("ref bool BooleanMask", "The sequence's part of the boolean mask.", MaskValue(spec, "BooleanMask", spec.BooleanMask));
        if (spec.AdditiveMask != MaskAxes.None)
            yield return ("ref float AdditiveMask", "The sequence's part of the additive mask.", MaskValue(spec, "AdditiveMask", spec.AdditiveMask));
        if (spec.HasDistanceBias)
        {
            yield return ("nint DistanceReach", "Floats of the distance biases of one head on each side of distance 0.", "distances.Reach");
            yield return ("ref float DistanceBias", "The bias of distance 0 of the first head.", "distances.Centre");
        }

        if (spec.Sinks)
            yield return ("ref float Sinks", "The sink's logit of each head.", "block.sinkLogits.Reference");
        if (spec.AppendedKeys > 0)
        {
            yield return ("ref float AppendedKeys", "One panel of keys for each KV head.", "block.appendedKeys.Keys");
            yield return ("ref float AppendedValues", "Panels of 16 values for each KV head.", "block.appendedKeys.Values");
        }

        if (spec.HasLogSumExp)
            yield return ("ref float LogSumExp", "The sequence's part of the log-sum-exps.", CodeWriter.Invariant($"Unsafe.Add(ref MemoryMarshal.GetReference(arguments.LogSumExp), {ForwardEmitter.FirstRow(spec)} * {spec.Heads})"));
        if (spec.HasProbabilities)
        {
            string heads = (spec.Outputs & AttentionOutputs.AveragedProbabilities) != 0 ? "" : CodeWriter.Invariant($" * {spec.Heads}");
            yield return ("ref float Probabilities", "The sequence's part of the probabilities.", $"Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Probabilities), sequence{heads} * {rows} * {keys})");
        }

        if (spec.ScoreOutput != AttentionOutputs.None)
            yield return ("ref float Scores", "The sequence's part of the scores.", CodeWriter.Invariant($"Unsafe.Add(ref MemoryMarshal.GetReference(arguments.Scores), sequence * {spec.Heads} * {rows} * {keys})"));
    }

    private static bool NeedsRows(AttentionSpec spec) =>
        HasAxis(spec, MaskAxes.Head) || spec.HasProbabilities || spec.ScoreOutput != AttentionOutputs.None || (spec.HasLogSumExp && spec.Layout == HeadLayout.HeadsRows && !spec.HasProjections);

    private static bool HasAxis(AttentionSpec spec, MaskAxes axis) => ((spec.BooleanMask | spec.AdditiveMask) & axis) != 0;

    /// <summary>Where the mask of a sequence begins: at once where the batch is no axis of it.</summary>
    private static string MaskValue(AttentionSpec spec, string name, MaskAxes axes)
    {
        string span = $"MemoryMarshal.GetReference(arguments.{name})";
        if ((axes & MaskAxes.Batch) == 0)
            return span;
        string heads = (axes & MaskAxes.Head) != 0 ? CodeWriter.Invariant($" * {spec.Heads}") : "";
        string rows = (axes & MaskAxes.Query) != 0 ? $" * {ForwardEmitter.Rows(spec)}" : "";
        return $"Unsafe.Add(ref {span}, sequence{heads}{rows} * {ForwardEmitter.Keys(spec)})";
    }
}
