namespace AttentionGen.Samples.Configure;

/// <summary>The rotary settings of a model, in the older form (<c>rope_theta</c>, <c>rope_scaling</c>) or the newer one (<c>rope_parameters</c>).</summary>
internal static class Rotation
{
    /// <summary>Adds them to a class.</summary>
    /// <param name="layer">The class.</param>
    /// <param name="config">The model.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="kind">Which elements are pairs.</param>
    /// <param name="parameters">The newer form's object for layers of this kind; null to look for it.</param>
    /// <param name="byDefault">The base where the file has none.</param>
    /// <param name="share">The rotated share of a head where the file says none.</param>
    public static LayerClass Add(
        LayerClass layer, ModelConfig config, int headDim, RotaryKind kind = RotaryKind.HalfSplit, ModelConfig? parameters = null, double byDefault = 10_000,
        double share = 1)
    {
        parameters ??= config.Object("rope_parameters");
        ModelConfig? scaling = parameters ?? config.Object("rope_scaling");
        double theta = parameters?.Has("rope_theta") == true ? parameters.Number("rope_theta") : config.Number("rope_theta", byDefault);
        share = parameters?.Has("partial_rotary_factor") == true
            ? parameters.Number("partial_rotary_factor")
            : config.Number("partial_rotary_factor", share);
        layer.With("Rotary", kind).WithUnless("RotaryDim", (int)(headDim * share), headDim).WithUnless("RotaryBase", theta, 10_000d);
        if (scaling is null)
            return layer;

        string type = scaling.Text("rope_type", scaling.Text("type", "default"));
        return type switch
        {
            "default" => layer,
            "linear" => layer.With("RotaryScaling", RotaryScaling.Linear).With("RotaryScalingFactor", scaling.Number("factor")),
            "llama3" => Llama3(layer, scaling),
            "yarn" => Yarn(layer, config, scaling),
            "dynamic" => Dynamic(layer, config, scaling),
            "longrope" or "su" => LongRope(layer, config, scaling),
            _ => throw new UnsupportedModelException($"the scaling of its rotation is '{type}'; expected default, linear, llama3, yarn, dynamic or longrope."),
        };
    }

    private static LayerClass Llama3(LayerClass layer, ModelConfig scaling) => layer
        .With("RotaryScaling", RotaryScaling.Llama3)
        .With("RotaryScalingFactor", scaling.Number("factor"))
        .With("RotaryOriginalLength", scaling.Int("original_max_position_embeddings"))
        .WithUnless("RotaryLowFrequencyFactor", scaling.Number("low_freq_factor"), 1d)
        .WithUnless("RotaryHighFrequencyFactor", scaling.Number("high_freq_factor"), 4d);

    private static LayerClass Yarn(LayerClass layer, ModelConfig config, ModelConfig scaling) => layer
        .With("RotaryScaling", RotaryScaling.Yarn)
        .With("RotaryScalingFactor", scaling.Number("factor"))
        .With("RotaryOriginalLength", scaling.Int("original_max_position_embeddings", config.Int("max_position_embeddings", 0)))
        .WithUnless("RotaryBetaFast", scaling.Number("beta_fast", 32), 32d)
        .WithUnless("RotaryBetaSlow", scaling.Number("beta_slow", 1), 1d)
        .WithUnless("RotaryTruncate", scaling.Flag("truncate", true), true)
        .WithUnless("RotaryAttentionFactor", scaling.Number("attention_factor", 0), 0d)
        .WithUnless("RotaryMscale", scaling.Number("mscale", 0), 0d)
        .WithUnless("RotaryMscaleAllDim", scaling.Number("mscale_all_dim", 0), 0d);

    private static LayerClass Dynamic(LayerClass layer, ModelConfig config, ModelConfig scaling)
    {
        int original = scaling.Int("original_max_position_embeddings", config.Int("max_position_embeddings"));
        return layer
            .With("RotaryScaling", RotaryScaling.DynamicNtk)
            .With("RotaryScalingFactor", scaling.Number("factor"))
            .With("RotaryOriginalLength", original)
            .With("RotaryLength", config.Length > 0 ? config.Length : original);
    }

    private static LayerClass LongRope(LayerClass layer, ModelConfig config, ModelConfig scaling)
    {
        int most = config.Int("max_position_embeddings");
        int original = scaling.Int("original_max_position_embeddings", config.Int("original_max_position_embeddings", most));
        return layer
            .With("RotaryScaling", RotaryScaling.LongRope)
            .With("RotaryScalingFactor", scaling.Number("factor", (double)most / original))
            .With("RotaryOriginalLength", original)
            .With("RotaryLength", config.Length > 0 ? config.Length : original)
            .WithUnless("RotaryAttentionFactor", scaling.Number("attention_factor", 0), 0d)
            .With("RotaryShortFactors", scaling.Numbers("short_factor"))
            .With("RotaryLongFactors", scaling.Numbers("long_factor"));
    }
}
