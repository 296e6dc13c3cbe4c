namespace AttentionGen.Samples.Configure.Families;

/// <summary>Models whose branches both read the layer's input.</summary>
internal static class ParallelModels
{
    public static Answer GptNeoX(ModelConfig config)
    {
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size"), headDim = width / Math.Max(1, heads);
        LayerClass layer = Rotation.Add(
                Parts.Heads("GptNeoXLayer", heads, width).With("Causal", true), config, headDim, byDefault: config.Number("rotary_emb_base", 10_000),
                share: config.Number("rotary_pct", 0.25))
            .Network(config.Int("intermediate_size"), config.Text("hidden_act", "gelu"))
            .LayerNorms(config.Number("layer_norm_eps", 1e-5));
        if (!config.Flag("attention_bias", true))
            layer.Without(Parts.AttentionBiases);
        if (config.Flag("use_parallel_residual", true))
            layer.With("ParallelBranches", true).With("ParallelNorms", true);
        return new(
            [layer], Parts.Load(layer.Name, "GptNeoX", "gpt_neox.layers.", config.Int("num_hidden_layers"), $", heads: {heads}"),
            Parts.LanguageModel(config, width, "gpt_neox.embed_in.weight", "gpt_neox.final_layer_norm", "embed_out.weight"));
    }

    public static Answer GptJ(ModelConfig config)
    {
        int heads = config.Int("n_head"), width = config.Int("n_embd"), headDim = width / Math.Max(1, heads);
        LayerClass layer = Parts.Heads("GptJLayer", heads, width).With("Causal", true).With("Rotary", RotaryKind.Interleaved)
            .WithUnless("RotaryDim", config.Int("rotary_dim", headDim), headDim).Without(Parts.AttentionBiases)
            .Network(config.Int("n_inner", 4 * width), config.Text("activation_function", "gelu_new"))
            .LayerNorms(config.Number("layer_norm_epsilon", 1e-5)).With("ParallelBranches", true);
        config.Ignore("rotary");
        config.Expect("scale_attn_weights", true, "the scores of kernels are scaled by 1/√HeadDim; set Scale = 1");
        return new(
            [layer], Parts.Load(layer.Name, "GptJ", "transformer.h.", config.Int("n_layer")),
            Parts.LanguageModel(config, width, "transformer.wte.weight", "transformer.ln_f", "lm_head.weight, which has a bias"));
    }

    /// <summary>Phi-1, 1.5 and 2.</summary>
    public static Answer Phi(ModelConfig config)
    {
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size");
        config.Expect("qk_layernorm", false, "its norms of queries and keys have names that the preset does not know");
        LayerClass layer = Parts.Heads("PhiLayer", heads, width, config.Int("num_key_value_heads", heads)).With("Causal", true);
        Rotation.Add(layer, config, width / heads);
        layer.Network(config.Int("intermediate_size", 4 * width), config.Text("hidden_act", "gelu_new"))
            .LayerNorms(config.Number("layer_norm_eps", 1e-5)).With("ParallelBranches", true);
        return new(
            [layer], Parts.Load(layer.Name, "Phi", "model.layers.", config.Int("num_hidden_layers")),
            Parts.LanguageModel(config, width, "model.embed_tokens.weight", "model.final_layernorm", "lm_head.weight, which has a bias"));
    }

    public static Answer Falcon(ModelConfig config)
    {
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size"), headDim = width / Math.Max(1, heads);
        bool isNew = config.Flag("new_decoder_architecture", false), isParallel = isNew || config.Flag("parallel_attn", true);
        config.Expect("apply_residual_connection_post_layernorm", false, "its residual sums take the normalised rows, which no layer class says");
        // Each generation has keys of the others, which it does not use.
        config.Ignore("multi_query", "parallel_attn", "num_kv_heads", "ff_factor");
        int groups = isNew ? config.Int("num_kv_heads", heads) : config.Flag("multi_query", true) ? 1 : heads;
        LayerClass layer = Parts.Heads("FalconLayer", heads, width, groups).With("Causal", true);
        if (config.Flag("alibi", false))
            layer.With("Alibi", true).With("AlibiScale", 1 / Math.Sqrt(headDim));
        else
            Rotation.Add(layer, config, headDim);
        if (!config.Flag("bias", false))
            layer.Without(Parts.AttentionBiases).Without(Parts.NetworkBiases);
        layer.Network(config.Int("ffn_hidden_size", 4 * width), config.Text("activation", "gelu"))
            .LayerNorms(config.Number("layer_norm_epsilon", 1e-5)).WithUnless("ParallelBranches", isParallel, false);
        bool hasTwo = isNew && config.Int("num_ln_in_parallel_attn", 2) == 2;
        if (hasTwo)
            layer.With("ParallelNorms", true);
        string norms = hasTwo ? "\"ln_attn\", \"ln_mlp\"" : isParallel ? "\"input_layernorm\"" : "\"input_layernorm\", \"post_attention_layernorm\"";
        return new(
            [layer], Parts.Load(layer.Name, "Falcon", "transformer.h.", config.Int("num_hidden_layers"), $", heads: {heads}, kvHeads: {groups}, {norms}"),
            Parts.LanguageModel(config, width, "transformer.word_embeddings.weight", "transformer.ln_f", "lm_head.weight"));
    }
}
