namespace AttentionGen.Samples.Configure.Families;

/// <summary>Models whose positions are linear biases of the scores.</summary>
internal static class AlibiModels
{
    public static Answer Bloom(ModelConfig config)
    {
        int heads = config.Int("n_head", config.Int("num_attention_heads", 0)), width = config.Int("hidden_size", config.Int("n_embed", 0));
        config.Expect("apply_residual_connection_post_layernorm", false, "its residual sums take the normalised rows, which no layer class says");
        config.Ignore("slow_but_exact");
        LayerClass layer = Parts.Heads("BloomLayer", heads, width).With("Causal", true).With("Alibi", true)
            .Network(4 * width, "gelu_new").LayerNorms(config.Number("layer_norm_epsilon", 1e-5));
        return new(
            [layer], Parts.Load(layer.Name, "Bloom", "transformer.h.", config.Int("n_layer", config.Int("num_hidden_layers", 0)), $", heads: {heads}"),
            [
                Parts.BareModel,
                .. Parts.LanguageModel(
                    config, width, "transformer.word_embeddings.weight, through transformer.word_embeddings_layernorm,", "transformer.ln_f", "lm_head.weight"),
            ]);
    }

    public static Answer Mpt(ModelConfig config)
    {
        int heads = config.Int("n_heads"), width = config.Int("d_model");
        ModelConfig attention = config.Object("attn_config") ?? throw new UnsupportedModelException("attn_config is missing; expected an object.");
        if (attention.Has("clip_qkv"))
            throw new UnsupportedModelException("attn_config.clip_qkv is set: no kernel clips queries, keys and values.");
        attention.Expect("qk_ln", false, "no preset knows the names of its norms of queries and keys");
        attention.Expect("prefix_lm", false, "the layers that this sample prints are causal");
        attention.Expect("alibi", true, "its positions are learned, and this sample prints linear biases");
        config.Expect("no_bias", true, "no preset knows the names of its biases");
        LayerClass layer = Parts.Heads("MptLayer", heads, width, attention.Text("attn_type", "multihead_attention") == "multiquery_attention" ? 1 : heads)
            .With("Causal", true).With("Alibi", true);
        if (Slopes(heads, attention.Number("alibi_bias_max", 8)) is { } slopes)
            layer.With("AlibiSlopes", slopes);
        if (attention.Has("softmax_scale"))
            layer.With("Scale", (float)attention.Number("softmax_scale"));
        layer.Without(Parts.AttentionBiases).Without(Parts.NetworkBiases)
            .Network(config.Int("expansion_ratio", 4) * width, "gelu").LayerNorms(1e-5).With("NormBias", false);
        config.Ignore("max_seq_len", "learned_pos_emb", "verbose", "norm_type", "embedding_fraction", "init_config", "init_device");
        return new(
            [layer], Parts.Load(layer.Name, "Mpt", "transformer.blocks.", config.Int("n_layers")),
            Parts.LanguageModel(config, width, "transformer.wte.weight", "transformer.norm_f, without bias", "lm_head.weight"));
    }

    /// <summary>MPT's slopes; null where they are those of the paper.</summary>
    private static double[]? Slopes(int heads, double most)
    {
        int whole = 1;
        while (whole < heads)
            whole *= 2;
        double[] all = [.. Enumerable.Range(1, whole).Select(head => Math.Pow(2, -head * most / whole))];
        if (whole == heads)
            return most == 8 ? null : all;
        return [.. all.Where((_, index) => index % 2 == 1).Concat(all.Where((_, index) => index % 2 == 0)).Take(heads)];
    }
}
