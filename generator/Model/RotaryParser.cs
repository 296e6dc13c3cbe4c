using System;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the rotary position embedding.</summary>
internal static class RotaryParser
{
    private const double DefaultBase = 10_000;

    /// <summary>All defaults where there is no rotary embedding.</summary>
    public static RotarySpec Parse(SettingReader settings, AttentionSpec spec)
    {
        var kind = settings.Enumeration<RotaryKind>("Rotary");
        if (kind == RotaryKind.None)
        {
            const string Add = "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved";
            if (settings.Int("RotaryDim") != 0)
                settings.WithoutEffect("RotaryDim", "Rotary", Add);
            if (settings.Has("RotaryBase"))
                settings.WithoutEffect("RotaryBase", "Rotary", Add);
            return RotarySpec.None;
        }

        if (settings.Int("MemoryDim") != 0)
            settings.Report(DiagnosticDescriptors.RotaryCrossAttention, "Rotary");
        var rotary = new RotarySpec { Kind = kind, Dim = Dim(settings, spec.HeadDim), Base = Base(settings), Positions = settings.Bool("Positions") };
        return Scale(settings, rotary);
    }

    private static double Base(SettingReader settings)
    {
        double value = settings.Double("RotaryBase", DefaultBase);
        if (!(value > 1) || double.IsInfinity(value))
            settings.Report(DiagnosticDescriptors.RotaryBase, "RotaryBase", Text(value));
        return value;
    }

    private static int Dim(SettingReader settings, int headDim)
    {
        if (headDim == 0)
            return 0;
        int dim = settings.Int("RotaryDim");
        int resolved = dim == 0 ? headDim : dim;
        if (resolved < 2 || resolved > headDim || resolved % 2 != 0)
        {
            string what = dim == 0 ? $"RotaryDim is not given, so that it is HeadDim, {Text(headDim)}," : $"RotaryDim is {Text(dim)}";
            string remedy = headDim < 2
                ? "remove Rotary, or set HeadDim to 2 or more"
                : $"use RotaryDim = {Nearest(resolved, 2, headDim, candidate => candidate % 2 == 0)}";
            settings.Report(DiagnosticDescriptors.RotaryDim, settings.Has("RotaryDim") ? "RotaryDim" : "Rotary", what, Text(headDim), remedy);
        }

        return resolved;
    }

    private static RotarySpec Scale(SettingReader settings, RotarySpec rotary)
    {
        var scaling = settings.Enumeration<RotaryScaling>("RotaryScaling");
        if (scaling == RotaryScaling.None)
            return rotary;
        double factor = settings.Double("RotaryScalingFactor");
        double attention = settings.Double("RotaryAttentionFactor");
        rotary = rotary with { Scaling = scaling, ScalingFactor = factor };
        return scaling switch
        {
            RotaryScaling.Llama3 => rotary with
            {
                OriginalLength = settings.Int("RotaryOriginalLength"),
                LowFrequencyFactor = settings.Double("RotaryLowFrequencyFactor", 1),
                HighFrequencyFactor = settings.Double("RotaryHighFrequencyFactor", 4),
            },
            RotaryScaling.Yarn => rotary with
            {
                OriginalLength = settings.Int("RotaryOriginalLength"),
                BetaFast = settings.Double("RotaryBetaFast", 32),
                BetaSlow = settings.Double("RotaryBetaSlow", 1),
                AttentionFactor = attention == 0 ? (0.1 * Math.Log(factor)) + 1 : attention,
            },
            _ => rotary,
        };
    }
}
