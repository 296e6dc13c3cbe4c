namespace AttentionGen.Samples.Configure.Families;

/// <summary>GPT-2 and models of code after it.</summary>
internal static class LearnedPositions
{
    public static Answer Gpt2(ModelConfig config) => Layer(config, "Gpt2Layer", "Gpt2", kvHeads: 0);

    /// <summary>StarCoder 1: one KV head, and matrices the other way round than GPT-2's.</summary>
    public static Answer StarCoder(ModelConfig config)
    {
        config.Expect("multi_query", true, "the preset knows its matrix of query, key and value with one KV head only");
        config.Ignore(
            "attention_softmax_in_fp32", "scale_attention_softmax_in_fp32", "inference_runner", "pre_allocate_kv_cache", "max_sequence_length",
            "max_batch_size", "pad_key_length", "runner_max_sequence_length", "validate_runner_input");
        return Layer(config, "StarCoderLayer", "StarCoder", kvHeads: 1);
    }

    /// <summary>StarCoder 2: rotary positions, grouped queries, and a window.</summary>
    public static Answer StarCoder2(ModelConfig config)
    {
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size");
        LayerClass layer = Parts.Heads("StarCoder2Layer", heads, width, config.Int("num_key_value_heads", heads)).With("Causal", true);
        Rotation.Add(layer, config, width / heads);
        int window = config.Int("sliding_window", 0);
        if (window > 0)
            layer.Window(window);
        if (!config.Flag("use_bias", true))
            layer.Without(Parts.AttentionBiases).Without(Parts.NetworkBiases);
        config.Ignore("embedding_dropout", "residual_dropout", "mlp_type", "norm_type");
        layer.Network(config.Int("intermediate_size"), config.Text("hidden_act", "gelu_pytorch_tanh")).LayerNorms(config.Number("norm_epsilon", 1e-5));
        return new(
            [layer], Parts.Load(layer.Name, "StarCoder2", "model.layers.", config.Int("num_hidden_layers")),
            Parts.LanguageModel(config, width, "model.embed_tokens.weight", "model.norm", "lm_head.weight"));
    }

    private static Answer Layer(ModelConfig config, string name, string preset, int kvHeads)
    {
        int heads = config.Int("n_head"), width = config.Int("n_embd");
        config.Expect("scale_attn_weights", true, "the scores of kernels are scaled by 1/√HeadDim; set Scale = 1");
        config.Expect("scale_attn_by_inverse_layer_idx", false, "each layer has a scale of its own");
        config.Expect("add_cross_attention", false, "the layers that this sample prints have no memory");
        config.Ignore("reorder_and_upcast_attn");
        LayerClass layer = Parts.Heads(name, heads, width, kvHeads).With("Causal", true)
            .Network(config.Int("n_inner", 4 * width), config.Text("activation_function", "gelu_new")).LayerNorms(config.Number("layer_norm_epsilon", 1e-5));
        return new(
            [layer], Parts.Load(name, preset, "transformer.h.", config.Int("n_layer")),
            [
                Parts.BareModel,
                .. Parts.LanguageModel(
                    config, width, "transformer.wte.weight, and one of transformer.wpe.weight for its position", "transformer.ln_f", "lm_head.weight"),
            ]);
    }
}
