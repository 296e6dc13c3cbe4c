namespace AttentionGen.Samples.Configure.Families;

/// <summary>CLIP's two towers, and the vision transformer.</summary>
internal static class Towers
{
    /// <summary>Both towers.</summary>
    public static Answer Clip(ModelConfig config)
    {
        Answer text = ClipText(Part(config, "text_config")), vision = ClipVision(Part(config, "vision_config"));
        config.Ignore("projection_dim", "text_config_dict", "vision_config_dict");
        return new(
            [.. text.Classes, .. vision.Classes],
            text.Load.Replace("var stack", "var text", StringComparison.Ordinal) + "\n"
            + vision.Load.Replace("var stack", "var vision", StringComparison.Ordinal),
            [.. text.Beside, .. vision.Beside]);
    }

    public static Answer ClipText(ModelConfig config)
    {
        LayerClass layer = Layer(config, "ClipTextLayer", heads: 8, width: 512, inner: 2048).With("Causal", true).Copy("ClipTextLayer", "the text tower");
        return new(
            [layer], Parts.Load(layer.Name, "Clip", "text_model.encoder.layers.", config.Int("num_hidden_layers", 12)),
            ["Text: text_model.embeddings before the layers, text_model.final_layer_norm and text_projection behind them."]);
    }

    public static Answer ClipVision(ModelConfig config)
    {
        LayerClass layer = Layer(config, "ClipVisionLayer", heads: 12, width: 768, inner: 3072).Copy("ClipVisionLayer", "the vision tower");
        return new(
            [layer], Parts.Load(layer.Name, "Clip", "vision_model.encoder.layers.", config.Int("num_hidden_layers", 12)),
            ["Vision: vision_model.embeddings and pre_layrnorm before the layers, post_layernorm and visual_projection behind them."]);
    }

    public static Answer Vit(ModelConfig config)
    {
        LayerClass layer = Parts.Heads("VitLayer", config.Int("num_attention_heads"), config.Int("hidden_size"))
            .Network(config.Int("intermediate_size"), config.Text("hidden_act", "gelu")).LayerNorms(config.Number("layer_norm_eps", 1e-12));
        if (!config.Flag("qkv_bias", true))
            layer.Without("QueryBias", "KeyBias", "ValueBias");
        config.Ignore("image_size", "patch_size", "num_channels", "encoder_stride", "pooler_act", "pooler_output_size");
        return new(
            [layer], Parts.Load(layer.Name, "Vit", "vit.encoder.layer.", config.Int("num_hidden_layers")),
            ["Before the layers: vit.embeddings, the projected patches behind the class token, with positions. Behind them: vit.layernorm."]);
    }

    /// <summary>The file says only what differs from the smallest model.</summary>
    private static LayerClass Layer(ModelConfig config, string name, int heads, int width, int inner)
    {
        config.Ignore("projection_dim", "image_size", "patch_size", "num_channels");
        return Parts.Heads(name, config.Int("num_attention_heads", heads), config.Int("hidden_size", width))
            .Network(config.Int("intermediate_size", inner), config.Text("hidden_act", "quick_gelu")).LayerNorms(config.Number("layer_norm_eps", 1e-5));
    }

    private static ModelConfig Part(ModelConfig config, string name) =>
        config.Object(name) ?? throw new UnsupportedModelException($"{name} is missing; expected an object.");
}
