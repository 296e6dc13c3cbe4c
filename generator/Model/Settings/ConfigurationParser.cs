namespace AttentionGen.Generator.Model;

/// <summary>Judges the settings of the attribute, and resolves their defaults.</summary>
internal static class ConfigurationParser
{
    /// <summary>Reports all that is wrong; null then.</summary>
    public static AttentionSpec? Parse(SettingReader settings, bool isLayer, KernelClass kernelClass, HookSpecs hooks)
    {
        // Settings that depend on others are judged only where those are legal: one mistake, one error.
        AttentionShape shape = ShapeSettings.Read(settings, AttentionShape.Unset()) with
        {
            HasScoreModifier = hooks.ScoreModifier is not null,
            HasProbabilityModifier = hooks.ProbabilityModifier is not null,
            HasMaskPredicate = hooks.MaskPredicate is not null,
        };
        shape = ShapeParser.Parse(settings, shape, isLayer);
        VisibilityParser.Check(settings, shape);
        shape = ScoresParser.Parse(settings, shape);
        shape = RotaryParser.Parse(settings, shape);
        RaggedParser.Check(settings, shape);
        ShapeParser.CheckKeyValues(settings, shape, isLayer);
        TransformerLayerShape? layer = isLayer ? LayerParser.Parse(settings, shape) : null;
        NarrowParser.Check(settings, shape, layer);
        GradientsParser.Check(settings, shape);
        if (layer is not null)
            GradientsParser.Check(settings, layer);
        var unrolling = settings.Enumeration<Unrolling>("Unrolling");
        if (settings.AnyProblem)
            return null;
        ShapeParser.CheckMatrices(settings, shape);
        if (layer is not null)
            LayerParser.CheckMatrices(settings, layer);
        return new()
        {
            Class = kernelClass,
            Shape = shape,
            Layer = layer,
            ScoreModifier = hooks.ScoreModifier,
            ProbabilityModifier = hooks.ProbabilityModifier,
            MaskPredicate = hooks.MaskPredicate,
            Unrolling = unrolling,
        };
    }
}
