using System;
using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges how rotary frequencies are stretched.</summary>
internal static class RotaryScalingParser
{
    private const string Factor = "RotaryScalingFactor", OriginalLength = "RotaryOriginalLength", Attention = "RotaryAttentionFactor";
    private const string Low = "RotaryLowFrequencyFactor", High = "RotaryHighFrequencyFactor", Fast = "RotaryBetaFast", Slow = "RotaryBetaSlow";
    private const string Truncate = "RotaryTruncate", Mscale = "RotaryMscale", MscaleAllDim = "RotaryMscaleAllDim";

    /// <summary>Settings that mean nothing without a scaling.</summary>
    public static readonly string[] Dependent = [Factor, OriginalLength, Low, High, Fast, Slow, Truncate, Attention, Mscale, MscaleAllDim];

    /// <summary>The shape with its scaling; what another scaling needs is left at its default.</summary>
    public static AttentionShape Parse(SettingReader settings, AttentionShape shape)
    {
        RotaryScaling scaling = shape.RotaryScaling;
        if (scaling == RotaryScaling.None)
        {
            if (settings.Int("RotaryScaling") == 0)
                Refuse(settings, Dependent, "RotaryScaling", "RotaryScaling = RotaryScaling.Linear, RotaryScaling.Llama3 or RotaryScaling.Yarn");
            return shape;
        }

        if (scaling == RotaryScaling.Linear)
            Refuse(settings, [OriginalLength], "RotaryScaling.Llama3 or RotaryScaling.Yarn", "RotaryScaling = RotaryScaling.Llama3 or RotaryScaling.Yarn");
        if (scaling != RotaryScaling.Llama3)
            Refuse(settings, [Low, High], "RotaryScaling.Llama3", "RotaryScaling = RotaryScaling.Llama3");
        if (scaling != RotaryScaling.Yarn)
            Refuse(settings, [Fast, Slow, Truncate, Attention, Mscale, MscaleAllDim], "RotaryScaling.Yarn", "RotaryScaling = RotaryScaling.Yarn");

        CheckFactor(settings);
        if (scaling == RotaryScaling.Linear)
            return shape;
        CheckLength(settings, shape);
        if (scaling == RotaryScaling.Llama3)
        {
            (double low, double high) = Ordered(settings, Low, 1, High, 4);
            return shape with { RotaryLowFrequencyFactor = low, RotaryHighFrequencyFactor = high };
        }

        (double slow, double fast) = Ordered(settings, Slow, 1, Fast, 32);
        return shape with { RotaryBetaSlow = slow, RotaryBetaFast = fast, RotaryAttentionFactor = AttentionFactor(settings, shape.RotaryScalingFactor) };
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

    private static void CheckLength(SettingReader settings, AttentionShape shape)
    {
        int value = shape.RotaryOriginalLength;
        bool given = settings.Has(OriginalLength);
        if (value < 1)
            settings.Report(
                DiagnosticDescriptors.RotaryOriginalLength,
                given ? OriginalLength : "RotaryScaling",
                given ? $"is {Text(value)}" : "is missing",
                shape.RotaryScaling.ToString());
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

    private static double Temperature(double scalingFactor, double mscale) => (0.1 * mscale * Math.Log(scalingFactor)) + 1;

    private static double Positive(SettingReader settings, string name)
    {
        double value = settings.Double(name);
        if (value != 0 && (!(value > 0) || double.IsInfinity(value)))
            settings.Report(DiagnosticDescriptors.RotaryAttentionFactor, name, Text(value), value < 0 && !double.IsInfinity(value) ? Text(-value) : "1", name);
        return value;
    }
}
