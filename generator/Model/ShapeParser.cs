using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the sizes of the block, and what it projects.</summary>
internal static class ShapeParser
{
    private const int MaxHeads = 256;
    private const int MaxHeadDim = 256;
    private const int MaxDModel = 65_536;
    private const int MaxSequenceLength = 1_048_576;
    private const long MaxArrayLength = 2_147_483_591;

    /// <summary>A spec with sizes only. Sizes that follow from an illegal one are 0.</summary>
    public static AttentionSpec Parse(SettingReader settings, TargetType target)
    {
        bool projections = settings.Bool("Projections", true);
        int heads = Required(settings, DiagnosticDescriptors.Heads, "Heads", MaxHeads, 8);
        int dModel = projections ? Required(settings, DiagnosticDescriptors.DModel, "DModel", MaxDModel, 512) : 0;
        int headDim = HeadDim(settings, heads, dModel);
        int valueHeadDim = settings.Int("ValueHeadDim");
        int memoryDim = projections ? MemoryDim(settings) : 0;
        return new()
        {
            Target = target,
            Heads = heads,
            KvHeads = KvHeads(settings, heads),
            HeadDim = headDim,
            ValueHeadDim = valueHeadDim == headDim ? 0 : valueHeadDim,
            HasProjections = projections,
            Layout = settings.Enumeration<HeadLayout>("Layout"),
            DModel = dModel,
            MemoryDim = memoryDim == 0 ? dModel : memoryDim,
            IsCrossAttention = memoryDim > 0,
            QueryBias = projections && settings.Bool("QueryBias", true),
            KeyBias = projections && settings.Bool("KeyBias", true),
            ValueBias = projections && settings.Bool("ValueBias", true),
            OutputBias = projections && settings.Bool("OutputBias", true),
            SequenceLength = SequenceLength(settings, dModel),
            Unrolling = settings.Enumeration<Unrolling>("Unrolling"),
        };
    }

    /// <summary>Reports matrices that no array can hold. Every setting is legal by itself.</summary>
    public static void CheckMatrices(SettingReader settings, AttentionSpec spec)
    {
        CheckMatrix(settings, "query", "Heads · HeadDim · DModel", "DModel", (long)spec.QueryDim * spec.DModel);
        if (spec.IsCrossAttention)
            CheckMatrix(settings, "key", "KvHeads · HeadDim · MemoryDim", "MemoryDim", (long)spec.KeyDim * spec.MemoryDim);
    }

    /// <summary>A setting without a default. The result is 0 where it is missing or illegal.</summary>
    private static int Required(SettingReader settings, DiagnosticDescriptor descriptor, string name, int max, int example)
    {
        int value = settings.Int(name);
        if (!settings.Has(name))
            settings.Report(descriptor, name, "is missing", $"for example {name} = {Text(example)}");
        else if (value < 1 || value > max)
            settings.Report(descriptor, name, $"is {Text(value)}", Text(value < 1 ? 1 : max));
        else
            return value;
        return 0;
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
            settings.Report(DiagnosticDescriptors.HeadDim, "HeadDim", Text(value), Text(value < 1 ? 1 : MaxHeadDim));
            return 0;
        }

        if (heads == 0 || dModel == 0)
            return 0;
        bool divides = dModel % heads == 0;
        if (divides && dModel / heads <= MaxHeadDim)
            return dModel / heads;

        string what = divides
            ? $"DModel / Heads is {Text(dModel / heads)} but HeadDim must be from 1 to 256"
            : $"Heads, {Text(heads)}, does not divide DModel, {Text(dModel)}, so HeadDim has no default";
        var remedies = new List<string>
        {
            Remedy("Heads", Nearest(heads, 1, MaxHeads, candidate => dModel % candidate == 0 && dModel / candidate <= MaxHeadDim)),
            Remedy("DModel", Nearest(dModel, 1, Math.Min(MaxDModel, heads * MaxHeadDim), candidate => candidate % heads == 0)),
            "set HeadDim",
        };
        remedies.RemoveAll(remedy => remedy.Length == 0);
        settings.Report(DiagnosticDescriptors.HeadDimDefault, "Heads", what, string.Join(", ", remedies.Take(remedies.Count - 1)) + ", or " + remedies[remedies.Count - 1]);
        return 0;
    }

    private static string Remedy(string name, string values) => values.Length == 0 ? "" : $"{name} = {values}";

    /// <summary>0 for self-attention.</summary>
    private static int MemoryDim(SettingReader settings)
    {
        int value = settings.Int("MemoryDim");
        if (value is < 0 or > MaxDModel)
            settings.Report(DiagnosticDescriptors.MemoryDim, "MemoryDim", Text(value), Text(value < 0 ? 1 : MaxDModel));
        return value;
    }

    private static int SequenceLength(SettingReader settings, int dModel)
    {
        int value = settings.Int("SequenceLength");
        int most = dModel == 0 ? MaxSequenceLength : Math.Min(MaxSequenceLength, int.MaxValue / dModel);
        string why = most < MaxSequenceLength ? $" with DModel {Text(dModel)}, as a span holds at most 2147483647 floats" : "";
        if (value < 0 || value > most)
            settings.Report(DiagnosticDescriptors.SequenceLength, "SequenceLength", Text(value), Text(most), why, Text(value < 0 ? 1 : most));
        return value;
    }

    private static void CheckMatrix(SettingReader settings, string matrix, string product, string widest, long elements)
    {
        if (elements > MaxArrayLength)
            settings.Report(DiagnosticDescriptors.WeightsTooLarge, widest, matrix, Text(elements), product, widest);
    }
}
