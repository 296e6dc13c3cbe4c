using System;
using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges the rotary position embedding.</summary>
internal static class RotaryParser
{
    /// <summary>Settings that mean nothing without a rotary embedding.</summary>
    private static readonly string[] Dependent = ["RotaryDim", "RotaryBase", "RotaryScaling", .. RotaryScalingParser.Dependent];

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
        CheckBase(settings, shape.RotaryBase);
        return RotaryScalingParser.Parse(settings, shape with { RotaryDim = Dim(settings, shape) });
    }

    private static void CheckDependent(SettingReader settings, AttentionShape shape)
    {
        // A value that is no value of its enumeration was reported as such.
        bool IsSet(string name) => name switch
        {
            "RotaryDim" => shape.RotaryDim != 0,
            "RotaryScaling" => shape.RotaryScaling != RotaryScaling.None,
            _ => true,
        };
        foreach (string name in Dependent.Where(settings.Has).Where(IsSet))
            settings.WithoutEffect(
                name,
                "Rotary",
                RotaryScalingParser.Dependent.Contains(name) ? "Rotary and RotaryScaling" : "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
        if (shape.Positions)
            settings.WithoutEffect("Positions", "Rotary", "Rotary = RotaryKind.HalfSplit or RotaryKind.Interleaved");
    }

    private static void CheckBase(SettingReader settings, double value)
    {
        if (!(value > 1) || double.IsInfinity(value))
            settings.Report(DiagnosticDescriptors.RotaryBase, "RotaryBase", Text(value));
    }

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
        }

        return resolved;
    }
}
