namespace AttentionGen.Generator.Model;

/// <summary>Judges what needs sequences of one length where a ragged batch has none.</summary>
internal static class RaggedParser
{
    /// <summary>Reports each declared setting that has no shape in a ragged batch.</summary>
    public static void Check(SettingReader settings, AttentionSpec spec)
    {
        if (!spec.Ragged)
            return;
        const string NoRectangle = "has no shape where sequences differ in length";
        Refuse(settings, spec.BooleanMask != MaskAxes.None, "BooleanMask", NoRectangle);
        Refuse(settings, spec.AdditiveMask != MaskAxes.None, "AdditiveMask", NoRectangle);
        Refuse(settings, (spec.Outputs & ~AttentionOutputs.LogSumExp) != 0, "Outputs", $"other than AttentionOutputs.LogSumExp {NoRectangle}");
        Refuse(settings, spec.SequenceLength > 0, "SequenceLength", "is one length for all sequences");
        Refuse(settings, spec.SkipPadding, "SkipPadding", "skips padding that a ragged batch does not have");
        Refuse(settings, spec.Layout == HeadLayout.HeadsRows, "Layout", "of HeadLayout.HeadsRows keeps the heads of a sequence apart, and ragged rows follow each other");
    }

    private static void Refuse(SettingReader settings, bool declared, string name, string why)
    {
        if (declared)
            settings.Report(DiagnosticDescriptors.Ragged, name, name, why);
    }
}
