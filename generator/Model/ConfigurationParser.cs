using System;
using System.Collections.Generic;
using System.Globalization;
using System.Linq;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the settings of the attribute, and resolves their defaults.</summary>
internal static class ConfigurationParser
{
    private const int MaxHeads = 256;
    private const int MaxHeadDim = 256;
    private const int MaxDModel = 65_536;
    private const int MaxSequenceLength = 1_048_576;
    private const long MaxArrayLength = 2_147_483_591;
    private const double DefaultRotaryBase = 10_000;

    /// <summary>Reports all that is wrong; the result means nothing then.</summary>
    public static AttentionSpec? Parse(AttributeArguments arguments, Func<TargetType> target, ProblemReporter problems)
    {
        // Settings that depend on others are judged only where those are legal: one mistake, one error.
        int heads = Required(arguments, problems, DiagnosticDescriptors.Heads, "Heads", MaxHeads, 8);
        int dModel = Required(arguments, problems, DiagnosticDescriptors.DModel, "DModel", MaxDModel, 512);
        int kvHeads = KvHeads(arguments, problems, heads);
        int headDim = HeadDim(arguments, problems, heads, dModel);
        int memoryDim = MemoryDim(arguments, problems);
        float scale = Scale(arguments, problems, headDim);
        int sequenceLength = SequenceLength(arguments, problems, dModel);
        bool causal = arguments.Get("Causal", false);
        var alignment = Enumeration<CausalAlignment>(arguments, problems, "CausalAlignment");
        if (!causal && arguments.Has("CausalAlignment"))
            problems.ReportOn(DiagnosticDescriptors.WithoutEffect, "CausalAlignment", null, "CausalAlignment", "Causal", "Causal = true");
        var rotary = Enumeration<RotaryKind>(arguments, problems, "Rotary");
        (int rotaryDim, double rotaryBase) = Rotary(arguments, problems, rotary, headDim);
        var unrolling = Enumeration<Unrolling>(arguments, problems, "Unrolling");
        if (problems.Any)
            return null;

        CheckMatrix(arguments, problems, "query", "Heads · HeadDim · DModel", "DModel", (long)heads * headDim * dModel);
        if (memoryDim > 0)
            CheckMatrix(arguments, problems, "key", "KvHeads · HeadDim · MemoryDim", "MemoryDim", (long)kvHeads * headDim * memoryDim);
        return new()
        {
            Target = target(),
            Heads = heads,
            KvHeads = kvHeads,
            HeadDim = headDim,
            DModel = dModel,
            MemoryDim = memoryDim == 0 ? dModel : memoryDim,
            IsCrossAttention = memoryDim > 0,
            QueryBias = arguments.Get("QueryBias", true),
            KeyBias = arguments.Get("KeyBias", true),
            ValueBias = arguments.Get("ValueBias", true),
            OutputBias = arguments.Get("OutputBias", true),
            Causal = causal,
            CausalAlignment = alignment,
            Scale = scale,
            RotaryEmbedding = new() { Kind = rotary, Dim = rotaryDim, Base = rotaryBase },
            KeyLengths = arguments.Get("KeyLengths", false),
            SequenceLength = sequenceLength,
            Unrolling = unrolling,
        };
    }

    /// <summary>A setting without a default. The result is 0 where it is missing or illegal.</summary>
    private static int Required(AttributeArguments arguments, ProblemReporter problems, Microsoft.CodeAnalysis.DiagnosticDescriptor descriptor, string name, int max, int example)
    {
        int value = arguments.Get(name, 0);
        if (!arguments.Has(name))
            problems.Report(descriptor, "is missing", $"for example {name} = {Text(example)}");
        else if (value < 1 || value > max)
            problems.ReportOn(descriptor, name, null, $"is {Text(value)}", Text(value < 1 ? 1 : max));
        else
            return value;
        return 0;
    }

    private static int KvHeads(AttributeArguments arguments, ProblemReporter problems, int heads)
    {
        int value = arguments.Get("KvHeads", 0);
        if (value == 0 || heads == 0)
            return heads;
        if (value < 0 || heads % value != 0)
            problems.ReportOn(DiagnosticDescriptors.KvHeads, "KvHeads", null, Text(value), Text(heads), Nearest(value, 1, heads, candidate => heads % candidate == 0));
        return value;
    }

    /// <summary>The result is 0 where no legal head dimension is known.</summary>
    private static int HeadDim(AttributeArguments arguments, ProblemReporter problems, int heads, int dModel)
    {
        int value = arguments.Get("HeadDim", 0);
        if (value is >= 1 and <= MaxHeadDim)
            return value;
        if (value != 0)
        {
            problems.ReportOn(DiagnosticDescriptors.HeadDim, "HeadDim", null, Text(value), Text(value < 1 ? 1 : MaxHeadDim));
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
        problems.ReportOn(DiagnosticDescriptors.HeadDimDefault, "Heads", null, what, string.Join(", ", remedies.Take(remedies.Count - 1)) + ", or " + remedies[remedies.Count - 1]);
        return 0;
    }

    private static string Remedy(string name, string values) => values.Length == 0 ? "" : $"{name} = {values}";

    /// <summary>0 for self-attention.</summary>
    private static int MemoryDim(AttributeArguments arguments, ProblemReporter problems)
    {
        int value = arguments.Get("MemoryDim", 0);
        if (value is < 0 or > MaxDModel)
            problems.ReportOn(DiagnosticDescriptors.MemoryDim, "MemoryDim", null, Text(value), Text(value < 0 ? 1 : MaxDModel));
        return value;
    }

    private static float Scale(AttributeArguments arguments, ProblemReporter problems, int headDim)
    {
        float value = arguments.Get("Scale", 0f);
        if (value < 0 || float.IsNaN(value) || float.IsInfinity(value))
        {
            string remedy = value < 0 && !float.IsInfinity(value) ? Text(-value) : headDim > 0 ? Text(DefaultScale(headDim)) : "1";
            problems.ReportOn(DiagnosticDescriptors.Scale, "Scale", null, Text(value), remedy);
        }

        return value == 0 ? DefaultScale(headDim) : value;
    }

    private static float DefaultScale(int headDim) => (float)(1 / Math.Sqrt(headDim));

    private static int SequenceLength(AttributeArguments arguments, ProblemReporter problems, int dModel)
    {
        int value = arguments.Get("SequenceLength", 0);
        int most = dModel == 0 ? MaxSequenceLength : Math.Min(MaxSequenceLength, int.MaxValue / dModel);
        string why = most < MaxSequenceLength ? $" with DModel {Text(dModel)}, as a span holds at most 2147483647 floats" : "";
        if (value < 0 || value > most)
            problems.ReportOn(DiagnosticDescriptors.SequenceLength, "SequenceLength", null, Text(value), Text(most), why, Text(value < 0 ? 1 : most));
        return value;
    }

    /// <summary>Dimension 0 and the default base where there is no rotary embedding.</summary>
    private static (int Dim, double Base) Rotary(AttributeArguments arguments, ProblemReporter problems, RotaryKind rotary, int headDim)
    {
        int dim = arguments.Get("RotaryDim", 0);
        double frequencyBase = arguments.Get("RotaryBase", DefaultRotaryBase);
        if (rotary == RotaryKind.None)
        {
            const string Add = "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved";
            if (dim != 0)
                problems.ReportOn(DiagnosticDescriptors.WithoutEffect, "RotaryDim", null, "RotaryDim", "Rotary", Add);
            if (arguments.Has("RotaryBase"))
                problems.ReportOn(DiagnosticDescriptors.WithoutEffect, "RotaryBase", null, "RotaryBase", "Rotary", Add);
            return (0, DefaultRotaryBase);
        }

        if (arguments.Get("MemoryDim", 0) != 0)
            problems.ReportOn(DiagnosticDescriptors.RotaryCrossAttention, "Rotary", null);
        if (!(frequencyBase > 1) || double.IsInfinity(frequencyBase))
            problems.ReportOn(DiagnosticDescriptors.RotaryBase, "RotaryBase", null, Text(frequencyBase));
        if (headDim == 0)
            return (0, frequencyBase);

        int resolved = dim == 0 ? headDim : dim;
        if (resolved < 2 || resolved > headDim || resolved % 2 != 0)
        {
            string what = dim == 0 ? $"RotaryDim is not given, so that it is HeadDim, {Text(headDim)}," : $"RotaryDim is {Text(dim)}";
            string remedy = headDim < 2
                ? "remove Rotary, or set HeadDim to 2 or more"
                : $"use RotaryDim = {Nearest(resolved, 2, headDim, candidate => candidate % 2 == 0)}";
            problems.ReportOn(DiagnosticDescriptors.RotaryDim, arguments.Has("RotaryDim") ? "RotaryDim" : "Rotary", null, what, Text(headDim), remedy);
        }

        return (resolved, frequencyBase);
    }

    private static void CheckMatrix(AttributeArguments arguments, ProblemReporter problems, string matrix, string product, string widest, long elements)
    {
        if (elements > MaxArrayLength)
            problems.ReportOn(DiagnosticDescriptors.WeightsTooLarge, widest, null, matrix, elements.ToString(CultureInfo.InvariantCulture), product, widest);
    }

    private static TEnum Enumeration<TEnum>(AttributeArguments arguments, ProblemReporter problems, string name)
        where TEnum : struct, Enum
    {
        int value = arguments.Get(name, 0);
        if (Enum.IsDefined(typeof(TEnum), value))
            return (TEnum)(object)value;
        string legal = string.Join(" or ", Enum.GetNames(typeof(TEnum)).Select(member => $"{typeof(TEnum).Name}.{member}"));
        problems.ReportOn(DiagnosticDescriptors.UndefinedEnumValue, name, null, name, Text(value), legal);
        return default;
    }

    /// <summary>The closest legal values below and above, such as <c>4 or 8</c>.</summary>
    private static string Nearest(int value, int min, int max, Func<int, bool> isLegal)
    {
        var found = new List<string>();
        for (int below = Math.Min(value, max); below >= min && found.Count == 0; below--)
        {
            if (isLegal(below))
                found.Add(Text(below));
        }

        int foundBelow = found.Count;
        for (int above = Math.Max(value, min); above <= max && found.Count == foundBelow; above++)
        {
            if (isLegal(above))
                found.Add(Text(above));
        }

        return string.Join(" or ", found.Distinct());
    }

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}
