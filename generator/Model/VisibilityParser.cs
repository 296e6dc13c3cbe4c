using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges which keys a query sees.</summary>
internal static class VisibilityParser
{
    /// <summary>The spec with its visibility.</summary>
    public static AttentionSpec Parse(SettingReader settings, AttentionSpec spec)
    {
        spec = spec with
        {
            Causal = settings.Bool("Causal"),
            CausalAlignment = settings.Enumeration<CausalAlignment>("CausalAlignment"),
            KeyLengths = settings.Bool("KeyLengths"),
            KeyStarts = settings.Bool("KeyStarts"),
            WindowLeft = Window(settings, "WindowLeft"),
            WindowRight = Window(settings, "WindowRight"),
            PrefixLengths = settings.Bool("PrefixLengths"),
            ChunkSize = ChunkSize(settings),
            Documents = settings.Bool("Documents"),
            BooleanMask = Mask(settings, "BooleanMask"),
            AdditiveMask = Mask(settings, "AdditiveMask"),
            Ragged = settings.Bool("Ragged"),
            SkipPadding = settings.Bool("SkipPadding"),
        };
        if (!ComparesPositions(settings, spec) && settings.Has("CausalAlignment"))
            settings.WithoutEffect("CausalAlignment", "Causal or another rule that compares positions", "Causal = true");
        if (spec.PrefixLengths && !spec.Causal)
            settings.WithoutEffect("PrefixLengths", "Causal", "Causal = true");
        if (spec.SkipPadding && !spec.KeyLengths && !spec.Ragged)
            settings.WithoutEffect("SkipPadding", "KeyLengths", "KeyLengths = true");
        if (spec.SkipPadding && spec.IsCrossAttention)
            settings.Report(DiagnosticDescriptors.SkipPaddingCrossAttention, "SkipPadding");
        if (spec.Documents && spec.IsCrossAttention)
            settings.Report(DiagnosticDescriptors.DocumentsCrossAttention, "Documents");
        return spec;
    }

    private static int Window(SettingReader settings, string name)
    {
        int value = settings.Int(name, -1);
        if (value < -1)
            settings.Report(DiagnosticDescriptors.Window, name, name, Text(value));
        return value;
    }

    private static int ChunkSize(SettingReader settings)
    {
        int value = settings.Int("ChunkSize");
        if (value < 0)
            settings.Report(DiagnosticDescriptors.ChunkSize, "ChunkSize", Text(value));
        return value;
    }

    private static MaskAxes Mask(SettingReader settings, string name)
    {
        var axes = settings.Flags<MaskAxes>(name);
        if (axes != MaskAxes.None && (axes & MaskAxes.Key) == 0)
        {
            string given = string.Join(" | ", axes.ToString().Split(',').Select(axis => $"MaskAxes.{axis.Trim()}"));
            settings.Report(DiagnosticDescriptors.MaskWithoutKeys, name, name, given);
        }

        return axes;
    }

    /// <summary>Whether anything depends on the position of a query relative to that of a key.</summary>
    private static bool ComparesPositions(SettingReader settings, AttentionSpec spec) =>
        spec.Causal || spec.WindowLeft >= 0 || spec.WindowRight >= 0 || spec.ChunkSize > 0 || spec.Documents
        || settings.Bool("Alibi") || settings.Int("RelativePositionBuckets") != 0
        || spec.ScoreModifier is not null || spec.MaskPredicate is not null;
}
