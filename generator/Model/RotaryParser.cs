using System;
using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the rotary position embedding.</summary>
internal static class RotaryParser
{
    private const double DefaultBase = 10_000;

    /// <summary>Settings that mean nothing without a rotary embedding.</summary>
    private static readonly string[] Dependent = ["RotaryDim", "RotaryBase", "RotaryScaling", .. RotaryScalingParser.Dependent];

    /// <summary>All defaults where there is no rotary embedding.</summary>
    public static RotarySpec Parse(SettingReader settings, AttentionSpec spec)
    {
        var kind = settings.Enumeration<RotaryKind>("Rotary");
        if (kind == RotaryKind.None)
        {
            foreach (string name in Dependent.Where(settings.Has).Where(name => name is not ("RotaryDim" or "RotaryScaling") || settings.Int(name) != 0))
                settings.WithoutEffect(name, "Rotary", RotaryScalingParser.Dependent.Contains(name) ? "Rotary and RotaryScaling" : "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
            if (settings.Bool("Positions"))
                settings.WithoutEffect("Positions", "Rotary", "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
            return RotarySpec.None;
        }

        if (settings.Int("MemoryDim") != 0)
            settings.Report(DiagnosticDescriptors.RotaryCrossAttention, "Rotary");
        var rotary = new RotarySpec { Kind = kind, Dim = Dim(settings, spec.HeadDim), Base = Base(settings), Positions = settings.Bool("Positions") };
        return RotaryScalingParser.Parse(settings, rotary);
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
}
