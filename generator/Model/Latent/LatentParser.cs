using System;
using System.Threading;
using Microsoft.CodeAnalysis;
using static AttentionGen.Generator.Model.SettingReader;
using static AttentionGen.Generator.Model.ShapeLimits;

namespace AttentionGen.Generator.Model;

/// <summary>From symbols to the spec of a block of latent attention. The generator and the analyzer share it.</summary>
internal static class LatentParser
{
    private const float DefaultEpsilon = 1e-6f;

    /// <inheritdoc cref="SpecParser{TSpec}"/>
    public static LatentSpec? Parse(
        INamedTypeSymbol type,
        AttributeData attribute,
        Compilation compilation,
        Action<Diagnostic>? report,
        CancellationToken cancellationToken)
    {
        var arguments = new AttributeArguments(attribute);
        var problems = new ProblemReporter(arguments, report, cancellationToken);
        ClassParser.Check(type, KernelKind.LatentAttention, attribute, compilation, problems, cancellationToken);
        if (!arguments.AreWellFormed)
            return null;
        var settings = new SettingReader(arguments, problems);
        LatentAttentionShape shape = Parse(settings);
        var unrolling = settings.Enumeration<Unrolling>("Unrolling");
        if (!problems.Any)
            CheckMatrices(settings, shape);
        return problems.Any ? null : new() { Class = ClassParser.Describe(type, compilation, cancellationToken), Shape = shape, Unrolling = unrolling };
    }

    private static LatentAttentionShape Parse(SettingReader settings)
    {
        // Causality and the rotary embedding are those of an attention block.
        AttentionShape read = ShapeSettings.Read(settings, AttentionShape.Unset() with { Causal = true, Rotary = RotaryKind.Interleaved });
        int heads = settings.Required(DiagnosticDescriptors.Heads, "Heads", MaxHeads, 16);
        int dModel = settings.Required(DiagnosticDescriptors.DModel, "DModel", MaxDModel, 2048);
        int latentDim = Size(settings, "LatentDim", 1, MaxHeadDim, 512);
        // A repair leaves room for the rotated part.
        int headDim = Size(settings, "HeadDim", 3, MaxHeadDim, 192, Math.Max(2, Math.Min(settings.Int("RotaryDim"), LatentAttentionShape.MaxRotaryDim)) + 1);
        int valueHeadDim = Size(settings, "ValueHeadDim", 1, MaxHeadDim, 128);
        int rotaryDim = RotaryDim(settings, headDim);
        int queryLatentDim = settings.Has("QueryLatentDim") && settings.Int("QueryLatentDim") != 0 ? Size(settings, "QueryLatentDim", 1, MaxDModel, 1536) : 0;
        if (read.Rotary is not (RotaryKind.Interleaved or RotaryKind.HalfSplit))
        {
            settings.Report(DiagnosticDescriptors.LatentRotary, "Rotary", $"RotaryKind.{read.Rotary}");
            read = read with { Rotary = RotaryKind.Interleaved };
        }

        // Of an illegal width it is not known what it stands for: a head of no width is judged no further.
        read = RotaryParser.Parse(settings, read with { HeadDim = rotaryDim == 0 ? 0 : headDim, RotaryDim = rotaryDim });
        float scale = ScoresParser.Scale(settings, read with { HeadDim = headDim });
        var weights = settings.Enumeration<WeightFormat>("Weights");
        var arithmetic = settings.Enumeration<WeightArithmetic>("Arithmetic");
        var shape = new LatentAttentionShape
        {
            Attention = LatentAttentionShape.Absorbed(heads, latentDim, scale, read),
            DModel = dModel,
            HeadDim = headDim,
            ValueHeadDim = valueHeadDim,
            QueryLatentDim = queryLatentDim,
            Biases = settings.Bool("Biases"),
            NormEpsilon = Epsilon(settings),
            Weights = weights,
            Arithmetic = arithmetic,
        };
        foreach (LinearShape product in new[] { shape.QueryUpProduct, shape.OutputProduct })
            NarrowParser.CheckDepth(settings, product.Inputs == shape.JoinedDim ? "Heads" : "DModel", product.Weights, product.Inputs);
        NarrowParser.CheckArithmetic(settings, arithmetic, weights, weights);
        return shape;
    }

    /// <summary>The rotated part of a head, beside which something must be left; 0 where it is illegal.</summary>
    private static int RotaryDim(SettingReader settings, int headDim)
    {
        int most = headDim == 0 ? LatentAttentionShape.MaxRotaryDim : Math.Min(LatentAttentionShape.MaxRotaryDim, (headDim - 1) / 2 * 2);
        int value = settings.Int("RotaryDim");
        if (settings.Has("RotaryDim") && value >= 2 && value <= most && value % 2 == 0)
            return value;
        bool isOdd = value >= 2 && value <= most;
        settings.Report(
            DiagnosticDescriptors.LatentSize,
            "RotaryDim",
            "RotaryDim",
            settings.Has("RotaryDim") ? $"is {Text(value)}" : "is missing",
            $"even and from 2 to {Text(most)}{(most < LatentAttentionShape.MaxRotaryDim ? ", less than HeadDim" : "")}",
            !settings.Has("RotaryDim") ? $"for example RotaryDim = {Text(Math.Min(64, most))}" : isOdd ? Nearest(value, 2, most, each => each % 2 == 0)
                : Text(value < 2 ? 2 : most));
        return 0;
    }

    /// <summary>A width; 0 where it is missing or illegal.</summary>
    private static int Size(SettingReader settings, string name, int least, int most, int example, int smallest = 1)
    {
        int value = settings.Int(name);
        if (settings.Has(name) && value >= least && value <= most)
            return value;
        settings.Report(
            DiagnosticDescriptors.LatentSize,
            name,
            name,
            settings.Has(name) ? $"is {Text(value)}" : "is missing",
            $"from {Text(least)} to {Text(most)}",
            settings.Has(name) ? Text(value < least ? Math.Max(least, smallest) : most) : $"for example {name} = {Text(example)}");
        return 0;
    }

    private static float Epsilon(SettingReader settings)
    {
        float value = settings.Float("NormEpsilon", DefaultEpsilon);
        if (!(value >= 0) || float.IsInfinity(value))
            settings.Report(DiagnosticDescriptors.NormEpsilon, "NormEpsilon", Text(value), value < 0 && !float.IsInfinity(value) ? Text(-value) : "1E-06");
        return value;
    }

    /// <summary>Reports matrices that no array can hold. Every setting is legal by itself.</summary>
    private static void CheckMatrices(SettingReader settings, LatentAttentionShape shape)
    {
        Check("query", (long)shape.QueryDim * shape.QueryInputDim, "Heads · HeadDim · DModel", "DModel");
        Check("query latent", (long)shape.QueryLatentDim * shape.DModel, "QueryLatentDim · DModel", "QueryLatentDim");
        Check("output", (long)shape.JoinedDim * shape.DModel, "Heads · ValueHeadDim · DModel", "DModel");

        void Check(string matrix, long elements, string product, string widest)
        {
            if (elements > MaxArrayLength)
                settings.Report(DiagnosticDescriptors.WeightsTooLarge, widest, matrix, Text(elements), product, widest);
        }
    }
}
