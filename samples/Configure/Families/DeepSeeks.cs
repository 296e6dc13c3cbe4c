namespace AttentionGen.Samples.Configure.Families;

/// <summary>DeepSeek V2 and V3 and Kimi K2: latent attention, and mixtures of experts that are no part of a layer class.</summary>
internal static class DeepSeeks
{
    private const string Name = "DeepSeekAttention";

    /// <summary>The norms of latent vectors have this number in the models' programs, whatever config.json says of the others.</summary>
    private const float Epsilon = 1e-6f;

    public static Answer DeepSeek(ModelConfig config)
    {
        int unrotated = config.Int("qk_nope_head_dim"), rotated = config.Int("qk_rope_head_dim"), headDim = unrotated + rotated;
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size"), queries = config.Int("q_lora_rank", 0);
        LayerClass attention = new LayerClass(Name, LayerClass.LatentAttention)
            .With("Heads", heads)
            .With("DModel", width)
            .With("HeadDim", headDim)
            .With("ValueHeadDim", config.Int("v_head_dim"))
            .With("LatentDim", config.Int("kv_lora_rank"))
            .WithUnless("QueryLatentDim", queries, 0)
            .WithUnless("Biases", config.Flag("attention_bias", false), false)
            .WithUnless("NormEpsilon", Epsilon, 1e-6f);
        RotaryKind kind = config.Flag("rope_interleave", true) ? RotaryKind.Interleaved : RotaryKind.HalfSplit;
        // What is rotated stands behind the rest of a head, so its width is no share of the head's.
        Rotation.Add(attention, config, rotated, kind);
        attention.With("RotaryDim", rotated);
        if (Scale(config, headDim) is { } scale)
            attention.With("Scale", scale);
        int experts = config.Int("n_routed_experts", 0);
        config.Ignore(
            "aux_loss_alpha", "ep_size", "first_k_dense_replace", "head_dim", "hidden_act", "intermediate_size", "moe_intermediate_size", "moe_layer_freq",
            "n_group", "n_shared_experts", "norm_topk_prob", "num_experts_per_tok", "num_key_value_heads", "num_nextn_predict_layers", "qk_head_dim",
            "quantization_config", "rms_norm_eps", "routed_scaling_factor", "scoring_func", "seq_aux", "topk_group", "topk_method");
        string networks = experts == 0
            ? "These are its attention blocks only: no layer class has latent attention."
            : $"These are its attention blocks only: most of its feed-forward networks are mixtures of {experts} experts, which no kernel computes.";
        return new(
            [attention],
            $"var attention = new {Name}(LatentAttentionWeights.From(file, LatentTensorNames.DeepSeek(\"model.layers.0.self_attn\")));",
            [networks, "A prompt is faster with form: LatentForm.Expanded; rows that follow it are faster absorbed, which is the default with a cache."]);
    }

    /// <summary>Where YaRN stretches positions, the scale is multiplied by the square of <c>0.1 · mscale_all_dim · ln(factor) + 1</c>.</summary>
    private static float? Scale(ModelConfig config, int headDim)
    {
        ModelConfig? scaling = config.Object("rope_parameters") ?? config.Object("rope_scaling");
        double all = scaling?.Number("mscale_all_dim", 0) ?? 0, factor = scaling?.Number("factor", 1) ?? 1;
        if (all == 0 || factor <= 1)
            return null;
        double stretch = (0.1 * all * Math.Log(factor)) + 1;
        return (float)(stretch * stretch / Math.Sqrt(headDim));
    }
}
