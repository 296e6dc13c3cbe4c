namespace AttentionGen.Generator.Model;

/// <summary>Judges the settings of the attribute, and resolves their defaults.</summary>
internal static class ConfigurationParser
{
    /// <summary>Reports all that is wrong; null then.</summary>
    public static AttentionSpec? Parse(SettingReader settings, TargetType target, HookSpec? modifier, MaskPredicateSpec? predicate)
    {
        // Settings that depend on others are judged only where those are legal: one mistake, one error.
        AttentionSpec spec = ShapeParser.Parse(settings, target) with { ScoreModifier = modifier, MaskPredicate = predicate };
        spec = VisibilityParser.Parse(settings, spec);
        spec = ScoresParser.Parse(settings, spec);
        spec = spec with { RotaryEmbedding = RotaryParser.Parse(settings, spec) };
        RaggedParser.Check(settings, spec);
        if (settings.AnyProblem)
            return null;
        ShapeParser.CheckMatrices(settings, spec);
        return spec;
    }
}
