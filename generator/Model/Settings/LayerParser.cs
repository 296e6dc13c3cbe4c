using System;
using System.Globalization;
using static AttentionGen.Generator.Model.SettingReader;
using static AttentionGen.Generator.Model.ShapeLimits;

namespace AttentionGen.Generator.Model;

/// <summary>Judges what a Transformer layer has beside its attention.</summary>
internal static class LayerParser
{
    /// <summary>The layer around an attention. Sizes that are illegal are 0.</summary>
    public static TransformerLayerShape Parse(SettingReader settings, AttentionShape attention)
    {
        bool gated = settings.Bool("Gated");
        var norm = settings.Enumeration<Norm>("Norm");
        var layer = new TransformerLayerShape
        {
            Attention = attention,
            FeedForwardDim = FeedForwardDim(settings),
            Activation = settings.Has("Activation") ? settings.Enumeration<Activation>("Activation") : Activation.Gelu,
            Gated = gated,
            UpBias = settings.Bool("UpBias", true),
            GateBias = gated && settings.Bool("GateBias", true),
            DownBias = settings.Bool("DownBias", true),
            FeedForwardWeights = settings.Has("FeedForwardWeights") ? settings.Enumeration<WeightFormat>("FeedForwardWeights") : attention.Weights,
            Norm = norm,
            NormPlacement = settings.Enumeration<NormPlacement>("NormPlacement"),
            NormEpsilon = settings.Float("NormEpsilon", 1e-5f),
            NormBias = norm == Norm.Layer && settings.Bool("NormBias", true),
            ParallelBranches = settings.Bool("ParallelBranches"),
            ParallelNorms = settings.Bool("ParallelNorms"),
            ResidualScale = settings.Float("ResidualScale", 1),
            MemoryDim = attention.HasProjections ? ShapeParser.MemoryDim(settings) : 0,
            MemoryLengths = settings.Bool("MemoryLengths"),
        };
        CheckAttention(settings, attention);
        if (settings.Has("GateBias") && !gated)
            settings.WithoutEffect("GateBias", "Gated", "Gated = true");
        if (settings.Has("NormBias") && norm != Norm.Layer)
            settings.WithoutEffect("NormBias", "Norm = Norm.Layer", "Norm = Norm.Layer");
        if (layer.MemoryLengths && !settings.Has("MemoryDim"))
            settings.WithoutEffect("MemoryLengths", "MemoryDim", "MemoryDim = 512");
        if (layer.ParallelNorms && !layer.ParallelBranches)
            settings.WithoutEffect("ParallelNorms", "ParallelBranches", "ParallelBranches = true");
        if (layer.ParallelBranches && layer.MemoryDim > 0)
            settings.Report(DiagnosticDescriptors.ParallelMemory, "ParallelBranches");
        if (layer.ParallelBranches && layer.NormPlacement != NormPlacement.Pre)
            settings.Report(DiagnosticDescriptors.ParallelBranches, "ParallelBranches", $"NormPlacement.{layer.NormPlacement}");
        if (!(layer.NormEpsilon >= 0) || float.IsInfinity(layer.NormEpsilon))
            settings.Report(
                DiagnosticDescriptors.NormEpsilon, "NormEpsilon", Text(layer.NormEpsilon), layer.NormEpsilon < 0 ? Text(-layer.NormEpsilon) : "1E-05");
        if (float.IsNaN(layer.ResidualScale) || float.IsInfinity(layer.ResidualScale))
            settings.Report(DiagnosticDescriptors.ResidualScale, "ResidualScale", Text(layer.ResidualScale));
        return layer;
    }

    /// <summary>Reports matrices that no array can hold. Every setting is legal by itself.</summary>
    public static void CheckMatrices(SettingReader settings, TransformerLayerShape layer)
    {
        if (layer.CrossAttention is { } cross)
            ShapeParser.CheckMemoryMatrices(settings, cross);
        long elements = (long)layer.FeedForwardDim * layer.DModel;
        if (elements > MaxArrayLength)
            settings.Report(
                DiagnosticDescriptors.WeightsTooLarge,
                "FeedForwardDim",
                "up",
                elements.ToString(CultureInfo.InvariantCulture),
                "FeedForwardDim · DModel",
                "FeedForwardDim");
    }

    private static int FeedForwardDim(SettingReader settings)
    {
        int value = settings.Int("FeedForwardDim");
        if (!settings.Has("FeedForwardDim"))
            settings.Report(DiagnosticDescriptors.FeedForwardDim, "FeedForwardDim", "is missing", "for example FeedForwardDim = 2048");
        else if (value < 1 || value > MaxFeedForwardDim)
            settings.Report(DiagnosticDescriptors.FeedForwardDim, "FeedForwardDim", $"is {Text(value)}", Text(value < 1 ? 1 : MaxFeedForwardDim));
        else
            return value;
        return 0;
    }

    /// <summary>What an attention may be alone, but not inside of a layer.</summary>
    private static void CheckAttention(SettingReader settings, AttentionShape attention)
    {
        const string NoRows = "has no rows of the model's width to add to";
        if (!attention.HasProjections)
            settings.Report(DiagnosticDescriptors.LayerAttention, "Projections", "Projections = false", NoRows);
        else if (!attention.OutputProjection)
            settings.Report(DiagnosticDescriptors.LayerAttention, "OutputProjection", "OutputProjection = false", NoRows);
        if (attention.HasProjections && settings.Int("ValueInputDim") != 0)
            settings.Report(
                DiagnosticDescriptors.LayerAttention, "ValueInputDim", "ValueInputDim", "reads an input of its values that a layer does not take");
    }
}
