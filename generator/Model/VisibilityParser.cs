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
            WindowLeft = settings.Int("WindowLeft", -1),
            WindowRight = settings.Int("WindowRight", -1),
            PrefixLengths = settings.Bool("PrefixLengths"),
            ChunkSize = settings.Int("ChunkSize"),
            Documents = settings.Bool("Documents"),
            BooleanMask = settings.Flags<MaskAxes>("BooleanMask"),
            AdditiveMask = settings.Flags<MaskAxes>("AdditiveMask"),
            Ragged = settings.Bool("Ragged"),
            SkipPadding = settings.Bool("SkipPadding"),
        };
        if (!ComparesPositions(settings, spec) && settings.Has("CausalAlignment"))
            settings.WithoutEffect("CausalAlignment", "Causal", "Causal = true");
        return spec;
    }

    /// <summary>Whether anything depends on the position of a query relative to that of a key.</summary>
    private static bool ComparesPositions(SettingReader settings, AttentionSpec spec) =>
        spec.Causal || spec.WindowLeft >= 0 || spec.WindowRight >= 0 || spec.ChunkSize > 0 || spec.Documents
        || settings.Bool("Alibi") || settings.Int("RelativePositionBuckets") != 0
        || spec.ScoreModifier is not null || spec.MaskPredicate is not null;
}
