using System.Linq;
using static AttentionGen.Generator.Model.SettingReader;

namespace AttentionGen.Generator.Model;

/// <summary>Judges which keys a query sees.</summary>
internal static class VisibilityParser
{
    /// <summary>Reports all that is wrong with it.</summary>
    public static void Check(SettingReader settings, AttentionShape shape)
    {
        CheckWindow(settings, "WindowLeft", shape.WindowLeft);
        CheckWindow(settings, "WindowRight", shape.WindowRight);
        if (shape.ChunkSize < 0)
            settings.Report(DiagnosticDescriptors.ChunkSize, "ChunkSize", Text(shape.ChunkSize));
        CheckMask(settings, "BooleanMask", shape.BooleanMask);
        CheckMask(settings, "AdditiveMask", shape.AdditiveMask);
        if (shape.MaskLength && shape.DeclaredMasks == 0)
            settings.WithoutEffect("MaskLength", "BooleanMask or AdditiveMask", "BooleanMask = MaskAxes.QueryKey");
        if (!ComparesPositions(shape) && settings.Has("CausalAlignment"))
            settings.WithoutEffect("CausalAlignment", "Causal or another rule that compares positions", "Causal = true");
        if (shape.PrefixLengths && !shape.Causal)
            settings.WithoutEffect("PrefixLengths", "Causal", "Causal = true");
        if (shape.SkipPadding && !shape.KeyLengths && !shape.Ragged)
            settings.WithoutEffect("SkipPadding", "KeyLengths", "KeyLengths = true");
        if (shape.SkipPadding && shape.IsCrossAttention)
            settings.Report(DiagnosticDescriptors.SkipPaddingCrossAttention, "SkipPadding");
        if (shape.Documents && shape.IsCrossAttention)
            settings.Report(DiagnosticDescriptors.DocumentsCrossAttention, "Documents");
    }

    private static void CheckWindow(SettingReader settings, string name, int value)
    {
        if (value < -1)
            settings.Report(DiagnosticDescriptors.Window, name, name, Text(value));
    }

    private static void CheckMask(SettingReader settings, string name, MaskAxes axes)
    {
        if (axes != MaskAxes.None && (axes & MaskAxes.Key) == 0)
        {
            string given = string.Join(" | ", axes.ToString().Split(',').Select(axis => $"MaskAxes.{axis.Trim()}"));
            settings.Report(DiagnosticDescriptors.MaskWithoutKeys, name, name, given);
        }
    }

    /// <summary>Whether anything depends on the position of a query relative to that of a key.</summary>
    private static bool ComparesPositions(AttentionShape shape) =>
        shape.Causal || shape.WindowLeft >= 0 || shape.WindowRight >= 0 || shape.ChunkSize > 0 || shape.Documents
        || shape.Alibi || shape.RelativePositionBuckets != 0 || shape.CallsHooks;
}
