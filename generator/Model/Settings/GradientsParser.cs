namespace AttentionGen.Generator.Model;

/// <summary>Judges what cannot be trained.</summary>
internal static class GradientsParser
{
    private const string TooNarrow = "a step of an optimiser is smaller than what a narrow format can hold";

    /// <summary>Reports each declared setting whose gradient there is not.</summary>
    public static void Check(SettingReader settings, AttentionShape shape)
    {
        if (!shape.Gradients)
            return;
        Refuse(settings, shape.Weights != WeightFormat.Float32, "Weights", TooNarrow);
        Refuse(settings, shape.KeyValues != KeyValueFormat.Float32, "KeyValues", "rounding keys and values has no derivative");
        Refuse(settings, shape.InputBias, "InputBias", "the backward pass knows no vectors that are added to inputs");
        Refuse(settings, !shape.OutputProjection, "OutputProjection", "the backward pass of projected heads begins at an output projection");
        Refuse(settings, shape.OutputGate, "OutputGate", "the backward pass knows no gates of heads");
        Refuse(settings, shape.ScoreFunction != ScoreFunction.Softmax, "ScoreFunction", "the backward pass knows the softmax alone");
        RefuseHook(settings, shape.HasScoreModifier, "[ScoreModifier]");
        RefuseHook(settings, shape.HasProbabilityModifier, "[ProbabilityModifier]");
        RefuseHook(settings, shape.HasMaskPredicate, "[MaskPredicate]");
    }

    /// <summary>Those of a layer beside its attention.</summary>
    public static void Check(SettingReader settings, TransformerLayerShape layer)
    {
        if (!layer.Attention.Gradients)
            return;
        Refuse(settings, layer.MemoryDim > 0, "MemoryDim", "a cross-attention inside a layer keeps nothing for its gradient");
        Refuse(settings, layer.Attention.SkipPadding, "SkipPadding", "norms and sums of a layer run over all rows; Ragged leaves padding out");
        if (settings.Has("FeedForwardWeights"))
            Refuse(settings, layer.FeedForwardWeights != WeightFormat.Float32, "FeedForwardWeights", TooNarrow);
    }

    /// <summary>Those of one product.</summary>
    public static void Check(SettingReader settings, LinearShape shape)
    {
        if (shape.Gradients)
            Refuse(settings, shape.Weights != WeightFormat.Float32, "Weights", TooNarrow);
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
