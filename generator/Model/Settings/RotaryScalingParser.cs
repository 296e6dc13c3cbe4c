using System;
using System.Linq;
using Microsoft.CodeAnalysis;
using static AttentionGen.Generator.Model.RotaryScaling;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges how rotary frequencies are stretched.</summary>
internal static class RotaryScalingParser
{
    private const string Factor = "RotaryScalingFactor", OriginalLength = "RotaryOriginalLength", Attention = "RotaryAttentionFactor";
    private const string Low = "RotaryLowFrequencyFactor", High = "RotaryHighFrequencyFactor", Fast = "RotaryBetaFast", Slow = "RotaryBetaSlow";
    private const string Length = "RotaryLength", Short = "RotaryShortFactors", Long = "RotaryLongFactors";
    private const string Truncate = "RotaryTruncate", Mscale = "RotaryMscale", MscaleAllDim = "RotaryMscaleAllDim";

    /// <summary>Settings that mean nothing without a scaling.</summary>
    public static readonly string[] Dependent =
        [Factor, OriginalLength, Low, High, Fast, Slow, Truncate, Attention, Mscale, MscaleAllDim, Length, Short, Long];

    /// <summary>The shape with its scaling; what another scaling needs is left at its default.</summary>
    public static AttentionShape Parse(SettingReader settings, AttentionShape shape)
    {
        RotaryScaling scaling = shape.RotaryScaling;
        if (scaling == RotaryScaling.None)
        {
            if (settings.Int("RotaryScaling") == 0)
                Refuse(settings, Dependent, "RotaryScaling", $"RotaryScaling = {AnyOf(Linear, Llama3, Yarn, DynamicNtk, LongRope)}");
            return shape;
        }

        Refuse(settings, scaling, [OriginalLength], Llama3, Yarn, DynamicNtk, LongRope);
        Refuse(settings, scaling, [Low, High], Llama3);
        Refuse(settings, scaling, [Fast, Slow, Truncate, Mscale, MscaleAllDim], Yarn);
        Refuse(settings, scaling, [Attention], Yarn, LongRope);
        Refuse(settings, scaling, [Length], DynamicNtk, LongRope);
        Refuse(settings, scaling, [Short, Long], LongRope);

        CheckFactor(settings);
        if (scaling != Linear)
            CheckOriginalLength(settings, shape);
        if (scaling is DynamicNtk or LongRope)
            CheckLength(settings, shape);
        switch (scaling)
        {
            case Llama3:
                (double low, double high) = Ordered(settings, Low, 1, High, 4);
                return shape with { RotaryLowFrequencyFactor = low, RotaryHighFrequencyFactor = high };
            case Yarn:
                (double slow, double fast) = Ordered(settings, Slow, 1, Fast, 32);
                double factor = AttentionFactor(settings, shape.RotaryScalingFactor);
                return shape with { RotaryBetaSlow = slow, RotaryBetaFast = fast, RotaryAttentionFactor = factor };
            case DynamicNtk when shape.RotaryWidth == 2:
                settings.Report(
                    DiagnosticDescriptors.RotaryExclusion, "RotaryScaling", "RotaryScaling.DynamicNtk", "RotaryDim = 2",
                    "the exponent d / (d − 2) is infinite");
                return shape;
            case LongRope:
                RotaryParser.CheckList(settings, shape, Short, shape.RotaryShortFactors, positive: true);
                RotaryParser.CheckList(settings, shape, Long, shape.RotaryLongFactors, positive: true);
                return shape with { RotaryAttentionFactor = LongAttentionFactor(settings, shape) };
            default:
                return shape;
        }
    }

    /// <summary>Reports settings of other scalings.</summary>
    private static void Refuse(SettingReader settings, RotaryScaling scaling, string[] names, params RotaryScaling[] needed)
    {
        if (!needed.Contains(scaling))
            Refuse(settings, names, AnyOf(needed), $"RotaryScaling = {AnyOf(needed)}");
    }

    private static string AnyOf(params RotaryScaling[] scalings)
    {
        string[] names = [.. scalings.Select(scaling => $"RotaryScaling.{scaling}")];
        string others = string.Join(", ", names.Take(names.Length - 1));
        return others.Length == 0 ? names[0] : $"{others} or {names[names.Length - 1]}";
    }

    private static void Refuse(SettingReader settings, string[] names, string needed, string add)
    {
        foreach (string name in names.Where(settings.Has))
            settings.WithoutEffect(name, needed, add);
    }

    private static void CheckFactor(SettingReader settings)
    {
        double value = settings.Double(Factor);
        bool given = settings.Has(Factor);
        if (!(value >= 1) || double.IsInfinity(value))
            settings.Report(
                DiagnosticDescriptors.RotaryScalingFactor,
                given ? Factor : "RotaryScaling",
                given ? $"is {Text(value)}" : "is missing",
                given && value < 1 && !double.IsInfinity(value) ? "1" : "a number such as 8");
    }

    private static void CheckOriginalLength(SettingReader settings, AttentionShape shape)
    {
        // LongRoPE divides by the logarithm of the length.
        int value = shape.RotaryOriginalLength, least = shape.RotaryScaling == LongRope ? 2 : 1;
        if (value < least)
            ReportLength(settings, shape, DiagnosticDescriptors.RotaryOriginalLength, OriginalLength, value, Text(least));
    }

    private static void CheckLength(SettingReader settings, AttentionShape shape)
    {
        if (shape.RotaryLength < 1)
            ReportLength(settings, shape, DiagnosticDescriptors.RotaryLength, Length, shape.RotaryLength);
    }

    private static void ReportLength(
        SettingReader settings, AttentionShape shape, DiagnosticDescriptor descriptor, string name, int value, params string[] further)
    {
        bool given = settings.Has(name);
        settings.Report(
            descriptor, given ? name : "RotaryScaling", [given ? $"is {Text(value)}" : "is missing", shape.RotaryScaling.ToString(), .. further]);
    }

    /// <summary>Two bounds, the lower one first.</summary>
    private static (double Lower, double Upper) Ordered(SettingReader settings, string lower, double lowerDefault, string upper, double upperDefault)
    {
        double low = settings.Double(lower, lowerDefault), high = settings.Double(upper, upperDefault);
        if (!(low > 0) || !(low < high) || double.IsInfinity(high))
            settings.Report(
                DiagnosticDescriptors.RotaryScalingBounds,
                settings.Has(lower) ? lower : upper,
                lower,
                Text(low),
                upper,
                Text(high),
                $"{Text(lowerDefault)} and {Text(upperDefault)}");
        return (low, high);
    }

    /// <summary>The default is that of the paper (Peng et al. 2023, equation 22), or the quotient that Hugging Face makes of the two factors.</summary>
    private static double AttentionFactor(SettingReader settings, double scalingFactor)
    {
        double given = Positive(settings, Attention), mscale = Positive(settings, Mscale), allDim = Positive(settings, MscaleAllDim);
        if (mscale == 0 && allDim != 0)
            settings.WithoutEffect(MscaleAllDim, Mscale, $"{Mscale} = 1");
        if (allDim == 0 && mscale != 0)
            settings.WithoutEffect(Mscale, MscaleAllDim, $"{MscaleAllDim} = 1");
        if (given != 0)
            return given;
        return mscale == 0 || allDim == 0 ? Temperature(scalingFactor, 1) : Temperature(scalingFactor, mscale) / Temperature(scalingFactor, allDim);
    }

    /// <summary>The default is that of the paper's model (Ding et al. 2024), as Hugging Face computes it.</summary>
    private static double LongAttentionFactor(SettingReader settings, AttentionShape shape)
    {
        double given = Positive(settings, Attention), factor = shape.RotaryScalingFactor;
        return given != 0 ? given : factor <= 1 ? 1 : Math.Sqrt(1 + (Math.Log(factor) / Math.Log(shape.RotaryOriginalLength)));
    }

    private static double Temperature(double scalingFactor, double mscale) => (0.1 * mscale * Math.Log(scalingFactor)) + 1;

    private static double Positive(SettingReader settings, string name)
    {
        double value = settings.Double(name);
        if (value != 0 && (!(value > 0) || double.IsInfinity(value)))
            settings.Report(DiagnosticDescriptors.RotaryAttentionFactor, name, Text(value), value < 0 && !double.IsInfinity(value) ? Text(-value) : "1", name);
        return value;
    }
}
