namespace AttentionGen;

// Presets of encoders with norms before their branches.
public sealed partial record TransformerTensorNames
{
    /// <summary>
    /// Hugging Face ModernBERT: <c>attn.Wqkv</c> and <c>Wo</c> after <c>attn_norm</c>, and <c>mlp.Wi</c>, which holds the gate and Up, and <c>Wo</c> after
    /// <c>mlp_norm</c>. The model's first layer has no <c>attn_norm</c>: no layer class computes it.
    /// </summary>
    /// <param name="prefix">Such as <c>model.layers.1</c>; empty for none.</param>
    public static TransformerTensorNames ModernBert(string prefix)
    {
        prefix = WithDot(prefix);
        var names = new TransformerTensorNames
        {
            Attention = Fused(prefix, "attn.Wqkv", "attn.Wo"),
            GateUp = prefix + "mlp.Wi.weight",
            Down = prefix + "mlp.Wo.weight",
            DownBias = prefix + "mlp.Wo.bias",
        };
        return Preset(prefix, WithNorms(names, prefix + "attn_norm", prefix + "mlp_norm"));
    }

    /// <summary>
    /// Either tower of Hugging Face CLIP: <c>self_attn</c> with <c>out_proj</c> after <c>layer_norm1</c>, and <c>mlp.fc1</c> and <c>fc2</c> after
    /// <c>layer_norm2</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>text_model.encoder.layers.0</c> or <c>vision_model.encoder.layers.0</c>; empty for none.</param>
    public static TransformerTensorNames Clip(string prefix)
    {
        prefix = WithDot(prefix);
        AttentionTensorNames attention = Projections(prefix + "self_attn.", "q_proj", "k_proj", "v_proj", "out_proj");
        return Preset(prefix, WithNorms(TwoProducts(attention, prefix, "mlp.fc1", "mlp.fc2"), prefix + "layer_norm1", prefix + "layer_norm2"));
    }

    /// <summary>
    /// Hugging Face ViT and DeiT: the attention of <see cref="Bert"/> under <c>attention.attention</c> after <c>layernorm_before</c>, and
    /// <c>intermediate.dense</c> and <c>output.dense</c> after <c>layernorm_after</c>.
    /// </summary>
    /// <param name="prefix">Such as <c>vit.encoder.layer.0</c>; empty for none.</param>
    public static TransformerTensorNames Vit(string prefix)
    {
        prefix = WithDot(prefix);
        AttentionTensorNames attention = Projections(prefix + "attention.", "attention.query", "attention.key", "attention.value", "output.dense");
        TransformerTensorNames names = TwoProducts(attention, prefix, "intermediate.dense", "output.dense");
        return Preset(prefix, WithNorms(names, prefix + "layernorm_before", prefix + "layernorm_after"));
    }
}
