namespace AttentionGen.Generator.Model;

/// <summary>Judges what cannot be trained.</summary>
internal static class GradientsParser
{
    /// <summary>Reports each declared setting whose gradient there is not.</summary>
    public static void Check(SettingReader settings, AttentionShape shape)
    {
        if (!shape.Gradients)
            return;
        Refuse(settings, shape.Weights != WeightFormat.Float32, "Weights", "a step of an optimiser is smaller than what a narrow format can hold");
        Refuse(settings, shape.KeyValues != KeyValueFormat.Float32, "KeyValues", "rounding keys and values has no derivative");
        RefuseHook(settings, shape.HasScoreModifier, "[ScoreModifier]");
        RefuseHook(settings, shape.HasMaskPredicate, "[MaskPredicate]");
    }

    private static void RefuseHook(SettingReader settings, bool declared, string attribute)
    {
        if (declared)
            settings.Report(
                DiagnosticDescriptors.Gradients, "Gradients", attribute, "the derivative of a method is not known",
                "remove Gradients, or the method's attribute");
    }

    private static void Refuse(SettingReader settings, bool declared, string name, string why)
    {
        if (declared)
            settings.Report(DiagnosticDescriptors.Gradients, name, name, why, "remove one of the two");
    }
}
