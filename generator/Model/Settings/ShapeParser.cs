using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using static AttentionGen.Generator.Model.SettingReader;
using static AttentionGen.Generator.Model.ShapeLimits;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the sizes of the block, and what it projects.</summary>
internal static class ShapeParser
{
    /// <summary>The shape with its sizes. Sizes that follow from an illegal one are 0.</summary>
    public static AttentionShape Parse(SettingReader settings, AttentionShape shape, bool isLayer)
    {
        bool projections = settings.Bool("Projections", true);
        int heads = settings.Required(DiagnosticDescriptors.Heads, "Heads", MaxHeads, 8);
        int dModel = projections ? settings.Required(DiagnosticDescriptors.DModel, "DModel", MaxDModel, 512) : 0;
        int headDim = projections ? HeadDim(settings, heads, dModel) : HeadDimOfCore(settings);
        int valueHeadDim = ValueHeadDim(settings);
        // The memory of a layer is that of its cross-attention.
        int memoryDim = projections && !isLayer ? MemoryDim(settings) : 0;
        int valueInputDim = projections && !isLayer ? ValueInputDim(settings) : 0;
        CheckProjections(settings, projections);
        shape = shape with
        {
            Heads = heads,
            KvHeads = KvHeads(settings, heads),
            HeadDim = headDim,
            ValueHeadDim = valueHeadDim == headDim ? 0 : valueHeadDim,
            HasProjections = projections,
            DModel = dModel,
            MemoryDim = memoryDim == 0 ? dModel : memoryDim,
            ValueInputDim = valueInputDim,
            IsCrossAttention = memoryDim > 0,
            QueryBias = projections && shape.QueryBias,
            KeyBias = projections && shape.KeyBias,
            ValueBias = projections && shape.ValueBias,
            OutputProjection = !projections || shape.OutputProjection,
            OutputBias = projections && shape.OutputProjection && shape.OutputBias,
        };
        CheckSequenceLength(settings, shape);
        return shape;
    }

    /// <summary>Reports a narrow format of keys and values where there is no cache.</summary>
    public static void CheckKeyValues(SettingReader settings, AttentionShape shape, bool isLayer)
    {
        // Of an illegal setting it is not known what it stands for.
        bool isUnknown = shape.SequenceLength < 0 || (!isLayer && settings.Int("MemoryDim") != 0);
        if (shape.KeyValues == KeyValueFormat.Float32 || shape.HasCache || isUnknown)
            return;
        bool isFixed = shape.SequenceLength > 0, seesAll = shape.HasProjections && !shape.Causal;
        (string why, string remedy) = (isFixed, seesAll) switch
        {
            (true, true) => ("its rows see all others, and SequenceLength fixes them", "remove SequenceLength and add Causal = true"),
            (true, false) => ("SequenceLength fixes its rows", "remove SequenceLength"),
            _ => ("its rows see all others", "add Causal = true"),
        };
        settings.Report(DiagnosticDescriptors.KeyValuesWithoutCache, "KeyValues", shape.KeyValues.ToString(), why, remedy);
    }

    /// <summary>Reports matrices that no array can hold. Every setting is legal by itself.</summary>
    public static void CheckMatrices(SettingReader settings, AttentionShape shape)
    {
        if (shape.HeadDim >= shape.ValueHeadDim)
            CheckMatrix(settings, "query", "Heads · HeadDim · DModel", "DModel", (long)shape.QueryDim * shape.DModel);
        else if (shape.ProjectsOutput || shape.OutputGate)
            CheckMatrix(settings, "output", "Heads · ValueHeadDim · DModel", "DModel", (long)shape.JoinedDim * shape.DModel);
        if (shape.IsCrossAttention)
            CheckMemoryMatrices(settings, shape);
    }

    /// <summary>The same of the matrices that read a memory.</summary>
    public static void CheckMemoryMatrices(SettingReader settings, AttentionShape shape)
    {
        if (shape.ValueInputDim > 0)
            CheckMatrix(settings, "value", "KvHeads · ValueHeadDim · ValueInputDim", "ValueInputDim", (long)shape.ValueDim * shape.ValueInputDim);
        if (shape.HeadDim >= shape.ValueHeadDim || shape.ValueInputDim > 0)
            CheckMatrix(settings, "key", "KvHeads · HeadDim · MemoryDim", "MemoryDim", (long)shape.KeyDim * shape.MemoryDim);
        else
            CheckMatrix(settings, "value", "KvHeads · ValueHeadDim · MemoryDim", "MemoryDim", (long)shape.ValueDim * shape.MemoryDim);
    }

    /// <summary>Reports what belongs to projections where there are none, and what has no meaning where there are.</summary>
    private static void CheckProjections(SettingReader settings, bool projections)
    {
        if (projections)
        {
            if (settings.Has("Layout"))
                settings.WithoutEffect("Layout", "Projections = false", "Projections = false");
            if (settings.Has("InputBias"))
                settings.WithoutEffect("InputBias", "Projections = false", "Projections = false");
            if (settings.Has("OutputBias") && !settings.Bool("OutputProjection", true))
                settings.WithoutEffect("OutputBias", "OutputProjection", "OutputProjection = true");
            return;
        }

        string[] widths = ["DModel", "MemoryDim", "ValueInputDim"], given = ["QueryBias", "KeyBias", "ValueBias", "OutputBias", "OutputProjection"];
        foreach (string name in widths.Where(name => settings.Int(name) != 0).Concat(given.Where(settings.Has)))
            settings.Report(DiagnosticDescriptors.WithoutProjections, name, name);
        foreach (string name in new[] { "SkipPadding", "OutputGate" }.Where(name => settings.Bool(name)))
            settings.Report(DiagnosticDescriptors.WithoutProjections, name, name);
    }

    private static int KvHeads(SettingReader settings, int heads)
    {
        int value = settings.Int("KvHeads");
        if (value == 0 || heads == 0)
            return heads;
        if (value < 0 || heads % value != 0)
            settings.Report(DiagnosticDescriptors.KvHeads, "KvHeads", Text(value), Text(heads), Nearest(value, 1, heads, candidate => heads % candidate == 0));
        return value;
    }

    /// <summary>The result is 0 where no legal head dimension is known.</summary>
    private static int HeadDim(SettingReader settings, int heads, int dModel)
    {
        int value = settings.Int("HeadDim");
        if (value is >= 1 and <= MaxHeadDim)
            return value;
        if (value != 0)
        {
            settings.Report(DiagnosticDescriptors.HeadDim, "HeadDim", Text(value), Text(value < 1 ? 1 : MaxHeadDim), ", or leave it out for DModel / Heads");
            return 0;
        }

        if (heads == 0 || dModel == 0)
            return 0;
        bool divides = dModel % heads == 0;
        if (divides && dModel / heads <= MaxHeadDim)
            return dModel / heads;

        string what = divides
            ? $"DModel / Heads is {Text(dModel / heads)} but HeadDim must be from 1 to {Text(MaxHeadDim)}"
            : $"Heads, {Text(heads)}, does not divide DModel, {Text(dModel)}, so HeadDim has no default";
        var remedies = new List<string>
        {
            Remedy("Heads", Nearest(heads, 1, MaxHeads, candidate => dModel % candidate == 0 && dModel / candidate <= MaxHeadDim)),
            Remedy("DModel", Nearest(dModel, 1, Math.Min(MaxDModel, heads * MaxHeadDim), candidate => candidate % heads == 0)),
            "set HeadDim",
        };
        remedies.RemoveAll(remedy => remedy.Length == 0);
        settings.Report(
            DiagnosticDescriptors.HeadDimDefault, "Heads", what, string.Join(", ", remedies.Take(remedies.Count - 1)) + ", or " + remedies[remedies.Count - 1]);
        return 0;
    }

    /// <summary>Without projections there is no width to divide.</summary>
    private static int HeadDimOfCore(SettingReader settings)
    {
        int value = settings.Int("HeadDim");
        if (value is >= 1 and <= MaxHeadDim)
            return value;
        if (value == 0)
            settings.Report(DiagnosticDescriptors.HeadDimMissing, "HeadDim", "HeadDim = 64");
        else
            settings.Report(DiagnosticDescriptors.HeadDim, "HeadDim", Text(value), Text(value < 1 ? 1 : MaxHeadDim), "");
        return 0;
    }

    /// <summary>0 where it is not given.</summary>
    private static int ValueHeadDim(SettingReader settings)
    {
        int value = settings.Int("ValueHeadDim");
        if (value is >= 0 and <= MaxHeadDim)
            return value;
        settings.Report(DiagnosticDescriptors.ValueHeadDim, "ValueHeadDim", Text(value), Text(value < 1 ? 1 : MaxHeadDim));
        return 0;
    }

    private static string Remedy(string name, string values) => values.Length == 0 ? "" : $"{name} = {values}";

    /// <summary>0 for self-attention.</summary>
    public static int MemoryDim(SettingReader settings)
    {
        int value = settings.Int("MemoryDim");
        if (value is < 0 or > MaxDModel)
            settings.Report(DiagnosticDescriptors.MemoryDim, "MemoryDim", Text(value), Text(value < 0 ? 1 : MaxDModel), "MemoryDim", "for self-attention");
        return value;
    }

    /// <summary>0 where values come from the memory.</summary>
    private static int ValueInputDim(SettingReader settings)
    {
        int value = settings.Int("ValueInputDim");
        if (value is < 0 or > MaxDModel)
            settings.Report(
                DiagnosticDescriptors.MemoryDim, "ValueInputDim", Text(value), Text(value < 0 ? 1 : MaxDModel), "ValueInputDim", "for values of the memory");
        else if (value > 0 && settings.Int("MemoryDim") == 0)
            settings.WithoutEffect("ValueInputDim", "MemoryDim", "MemoryDim = 512");
        return value;
    }

    private static void CheckSequenceLength(SettingReader settings, AttentionShape shape)
    {
        int value = shape.SequenceLength;
        int width = Math.Max(shape.InputDim, shape.OutputDim);
        int most = width == 0 ? MaxSequenceLength : Math.Min(MaxSequenceLength, int.MaxValue / width);
        string rows = shape.HasProjections ? $"DModel {Text(width)}" : $"{Text(width)} floats a row";
        string why = most < MaxSequenceLength ? $" with {rows}, as a span holds at most 2147483647 floats" : "";
        if (value < 0 || value > most)
            settings.Report(DiagnosticDescriptors.SequenceLength, "SequenceLength", Text(value), Text(most), why, Text(value < 0 ? 1 : most));
    }

    private static void CheckMatrix(SettingReader settings, string matrix, string product, string widest, long elements)
    {
        if (elements > MaxArrayLength)
            settings.Report(DiagnosticDescriptors.WeightsTooLarge, widest, matrix, Text(elements), product, widest);
    }
}
