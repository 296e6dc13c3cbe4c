namespace AttentionGen.Generator.Model;

/// <summary>Judges what needs sequences of one length where a ragged batch has none.</summary>
internal static class RaggedParser
{
    /// <summary>Reports each declared setting that has no shape in a ragged batch.</summary>
    public static void Check(SettingReader settings, AttentionShape shape)
    {
        if (!shape.Ragged)
            return;
        const string NoRectangle = "has no shape where sequences differ in length";
        Refuse(settings, shape.BooleanMask != MaskAxes.None, "BooleanMask", NoRectangle);
        Refuse(settings, shape.AdditiveMask != MaskAxes.None, "AdditiveMask", NoRectangle);
        Refuse(settings, (shape.Outputs & ~AttentionOutputs.LogSumExp) != 0, "Outputs", $"other than AttentionOutputs.LogSumExp {NoRectangle}");
        Refuse(settings, shape.SequenceLength > 0, "SequenceLength", "is one length for all sequences");
        Refuse(settings, shape.SkipPadding, "SkipPadding", "skips padding that a ragged batch does not have");
        Refuse(
            settings,
            shape.Layout == HeadLayout.HeadsRows,
            "Layout",
            "of HeadLayout.HeadsRows keeps the heads of a sequence apart, and ragged rows follow each other");
    }

    private static void Refuse(SettingReader settings, bool declared, string name, string why)
    {
        if (declared)
            settings.Report(DiagnosticDescriptors.Ragged, name, name, why);
    }
}
