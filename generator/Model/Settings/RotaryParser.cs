using System;
using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the rotary position embedding.</summary>
internal static class RotaryParser
{
    private const string Frequencies = "RotaryFrequencies", Sections = "RotarySections";
    private const string SectionsInterleaved = "RotarySectionsInterleaved", Tables = "RotaryTables";

    /// <summary>Settings that mean nothing without a rotary embedding.</summary>
    private static readonly string[] Dependent =
        ["RotaryDim", "RotaryBase", Frequencies, Tables, Sections, SectionsInterleaved, "RotaryScaling", .. RotaryScalingParser.Dependent];

    /// <summary>The shape with its rotary embedding; all its settings are at their defaults where there is none.</summary>
    public static AttentionShape Parse(SettingReader settings, AttentionShape shape)
    {
        if (shape.Rotary == RotaryKind.None)
        {
            CheckDependent(settings, shape);
            return shape;
        }

        if (shape.IsCrossAttention)
            settings.Report(DiagnosticDescriptors.RotaryCrossAttention, "Rotary");
        if (shape.QueryKeyNormAfterRotary && shape.NormSpansHeads)
            settings.Report(
                DiagnosticDescriptors.RotaryExclusion, "QueryKeyNormAfterRotary", "QueryKeyNormAfterRotary",
                "QueryKeyNormScope = QueryKeyNormScope.Projection", "threads that share the heads of a row would have to rotate all of them");
        shape = shape with { RotaryDim = Dim(settings, shape) };
        if (shape.RotaryFrequencies.Count == 0)
            CheckBase(settings, shape.RotaryBase);
        else
            CheckFrequencies(settings, shape);
        CheckTables(settings, shape);
        CheckSections(settings, shape);
        return RotaryScalingParser.Parse(settings, shape);
    }

    private static void CheckTables(SettingReader settings, AttentionShape shape)
    {
        if (!shape.RotaryTables)
            return;
        foreach (string name in new[] { "RotaryBase", Frequencies, "RotaryScaling" }.Where(settings.Has))
            settings.Report(DiagnosticDescriptors.RotaryExclusion, name, name, Tables, "the tables of a call replace all frequencies");
    }

    private static void CheckSections(SettingReader settings, AttentionShape shape)
    {
        EquatableArray<int> sections = shape.RotarySections;
        if (sections.Count == 0)
        {
            if (shape.RotarySectionsInterleaved)
                settings.WithoutEffect(SectionsInterleaved, Sections, $"{Sections}, the pairs of each axis");
            return;
        }

        if (!shape.Positions)
            settings.WithoutEffect(Sections, "Positions", "Positions = true");
        int pairs = shape.RotaryDim / 2;
        // The last pair of an axis that takes turns with the others must be one.
        bool reaches = !shape.RotarySectionsInterleaved
            || sections.Skip(1).Select((count, axis) => axis + 1 + ((count - 1L) * sections.Count)).All(last => last < pairs);
        if (pairs > 0 && (sections.Count < 2 || sections.Any(count => count < 1) || sections.Sum(count => (long)count) != pairs || !reaches))
            settings.Report(DiagnosticDescriptors.RotarySections, Sections, sections.ToString(), Text(pairs));
    }

    /// <summary>Reports a list that has not a legal number for each pair that is rotated.</summary>
    public static void CheckList(SettingReader settings, AttentionShape shape, string name, EquatableArray<double> list, bool positive)
    {
        int illegal = list.TakeWhile(number => !double.IsNaN(number) && !double.IsInfinity(number) && (!positive || number > 0)).Count();
        bool given = settings.Has(name), fits = list.Count == shape.RotaryDim / 2;
        if (shape.RotaryDim == 0 || (fits && illegal == list.Count))
            return;
        string what = !given ? "is missing"
            : fits ? $"has {Text(list[illegal])} at index {Text(illegal)}"
            : $"has {Text(list.Count)} {(list.Count == 1 ? "number" : "numbers")}";
        settings.Report(
            DiagnosticDescriptors.RotaryList, given ? name : "RotaryScaling", name, what, Text(shape.RotaryDim / 2),
            positive ? "positive and finite" : "finite");
    }

    private static void CheckDependent(SettingReader settings, AttentionShape shape)
    {
        // A value that is no value of its enumeration was reported as such.
        bool IsSet(string name) => name switch
        {
            "RotaryDim" => shape.RotaryDim != 0,
            Frequencies => shape.RotaryFrequencies.Count > 0,
            Tables => shape.RotaryTables,
            Sections => shape.RotarySections.Count > 0,
            SectionsInterleaved => shape.RotarySectionsInterleaved,
            "RotaryScaling" => shape.RotaryScaling != RotaryScaling.None,
            _ => true,
        };
        foreach (string name in Dependent.Where(settings.Has).Where(IsSet))
            settings.WithoutEffect(
                name,
                "Rotary",
                RotaryScalingParser.Dependent.Contains(name) ? "Rotary and RotaryScaling" : "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
        if (shape.QueryKeyNormAfterRotary)
            settings.WithoutEffect("QueryKeyNormAfterRotary", "Rotary", "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
        if (shape.Positions)
            settings.WithoutEffect("Positions", "Rotary", "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
    }

    private static void CheckBase(SettingReader settings, double value)
    {
        if (!(value > 1) || double.IsInfinity(value))
            settings.Report(DiagnosticDescriptors.RotaryBase, "RotaryBase", Text(value));
    }

    private static void CheckFrequencies(SettingReader settings, AttentionShape shape)
    {
        CheckList(settings, shape, Frequencies, shape.RotaryFrequencies, positive: false);
        if (settings.Has("RotaryBase"))
            settings.Report(DiagnosticDescriptors.RotaryExclusion, "RotaryBase", "RotaryBase", Frequencies, "the frequencies replace those of the base");
        if (shape.RotaryScaling is RotaryScaling.Yarn or RotaryScaling.DynamicNtk)
            settings.Report(
                DiagnosticDescriptors.RotaryExclusion, "RotaryScaling", $"RotaryScaling.{shape.RotaryScaling}", Frequencies,
                "it computes with the base, which the frequencies replace");
    }

    /// <summary>The result is 0 where no legal rotary dimension is known.</summary>
    private static int Dim(SettingReader settings, AttentionShape shape)
    {
        int headDim = shape.HeadDim, dim = shape.RotaryDim;
        if (headDim == 0)
            return 0;
        int resolved = dim == 0 ? headDim : dim;
        if (resolved < 2 || resolved > headDim || resolved % 2 != 0)
        {
            string what = dim == 0 ? $"RotaryDim is not given, so that it is HeadDim, {Text(headDim)}," : $"RotaryDim is {Text(dim)}";
            string remedy = headDim < 2
                ? "remove Rotary, or set HeadDim to 2 or more"
                : $"use RotaryDim = {Nearest(resolved, 2, headDim, candidate => candidate % 2 == 0)}";
            settings.Report(DiagnosticDescriptors.RotaryDim, settings.Has("RotaryDim") ? "RotaryDim" : "Rotary", what, Text(headDim), remedy);
            return 0;
        }

        if (shape.Rotary == RotaryKind.Proportional && headDim % 2 != 0)
        {
            settings.Report(
                DiagnosticDescriptors.RotaryExclusion, "Rotary", "RotaryKind.Proportional", $"HeadDim = {Text(headDim)}", "its pairs are half a head apart");
            return 0;
        }

        return resolved;
    }
}
