using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>DeepSeek V2 Lite, whose queries come from the input, V3 and Kimi K2: latent attention.</summary>
internal static class DeepSeekModels
{
    private const int Width = 40, HeadCount = 3, Unrotated = 12, Rotated = 8, ValueWidth = 10, Latent = 16, QueryLatent = 20;

    public static readonly ModelCase[] All =
    [
        new("DeepSeek V2 Lite", $$"""
            { "model_type": "deepseek_v2", "attention_bias": false, "first_k_dense_replace": 1, "hidden_act": "silu", {{Sizes}},
              "n_routed_experts": 64, "n_shared_experts": 2, "q_lora_rank": null, "rms_norm_eps": 1e-05, "rope_scaling": { "beta_fast": 32, "beta_slow": 1,
              "factor": 40, "mscale": 0.707, "mscale_all_dim": 0.707, "original_max_position_embeddings": 64, "type": "yarn" }, "rope_theta": 10000,
              "vocab_size": 100 }
            """,
            file => Add(file, queryLatent: false, bias: false),
            ("attention", (tensors, rows, _) => Attention(tensors, rows, Frequencies(10_000, 40), Stretch(0.707, 40)))),
        new("DeepSeek V3", $$"""
            { "model_type": "deepseek_v3", "attention_bias": true, "first_k_dense_replace": 3, "hidden_act": "silu", {{Sizes}},
              "n_routed_experts": 256, "n_shared_experts": 1, "q_lora_rank": {{QueryLatent}}, "rms_norm_eps": 1e-06, "rope_interleave": true,
              "rope_scaling": { "beta_fast": 32, "beta_slow": 1, "factor": 40, "mscale": 1.0, "mscale_all_dim": 1.0,
              "original_max_position_embeddings": 64, "rope_type": "yarn" }, "rope_theta": 10000, "vocab_size": 100 }
            """,
            file => Add(file, queryLatent: true, bias: true),
            ("attention", (tensors, rows, _) => Attention(tensors, rows, Frequencies(10_000, 40), Stretch(1, 40)))),
        new("Kimi K2", $$"""
            { "model_type": "kimi_k2", "attention_bias": false, "first_k_dense_replace": 1, "hidden_act": "silu", {{Sizes}},
              "n_routed_experts": 384, "n_shared_experts": 1, "q_lora_rank": {{QueryLatent}}, "rms_norm_eps": 1e-06, "rope_scaling": null,
              "rope_theta": 50000.0, "vocab_size": 100 }
            """,
            file => Add(file, queryLatent: true, bias: false),
            ("attention", (tensors, rows, _) => Attention(tensors, rows, Rotation64.Frequencies(Rotated, 50_000), 1))),
    ];

    private static string Sizes =>
        $"\"hidden_size\": {Width}, \"intermediate_size\": 64, \"kv_lora_rank\": {Latent}, \"max_position_embeddings\": 4096, "
            + $"\"num_attention_heads\": {HeadCount}, "
            + $"\"num_hidden_layers\": 1, \"num_key_value_heads\": {HeadCount}, \"qk_nope_head_dim\": {Unrotated}, \"qk_rope_head_dim\": {Rotated}, "
            + $"\"v_head_dim\": {ValueWidth}";

    /// <summary>
    /// Section 2.1 of "DeepSeek-V2" (2024): keys and values of all heads from one latent vector of a row, a rotated key that all heads share, and scores over
    /// the root of the whole head, times the square of what YaRN gives. The latent vectors' norms add 1e-6 whatever the layers' do.
    /// </summary>
    private static double[][] Attention(Tensors tensors, double[][] rows, double[] frequencies, double stretch)
    {
        const string Own = "model.layers.0.self_attn.";
        const double Epsilon = 1e-6;
        double[][] queries = tensors.Find(Own + "q_proj.weight") is { } direct
            ? Linear(rows, direct)
            : Linear(RmsNorm(Linear(rows, tensors, Own + "q_a_proj"), tensors[Own + "q_a_layernorm.weight"], Epsilon), tensors[Own + "q_b_proj.weight"]);
        double[][] down = Linear(rows, tensors, Own + "kv_a_proj_with_mqa");
        double[][] latents = RmsNorm(Columns(down, 0, Latent), tensors[Own + "kv_a_layernorm.weight"], Epsilon);
        double[][] shared = Neighbours([Columns(down, Latent, Rotated)], frequencies)[0];
        double[][][] both = Heads(Linear(latents, tensors[Own + "kv_b_proj.weight"]), Unrotated + ValueWidth);
        double[][][] headQueries =
        [
            .. Heads(queries, Unrotated + Rotated).Select(
                head => Join(Columns(head, 0, Unrotated), Neighbours([Columns(head, Unrotated, Rotated)], frequencies)[0])),
        ];
        double[][] joined = Attend(
            headQueries,
            [.. both.Select(head => Join(Columns(head, 0, Unrotated), shared))],
            [.. both.Select(head => Columns(head, Unrotated, ValueWidth))],
            stretch * stretch / Math.Sqrt(Unrotated + Rotated),
            Causal);
        return Linear(joined, tensors, Own + "o_proj");
    }

    private static double[][] Join(double[][] left, double[][] right) => [.. left.Zip(right, (a, b) => (double[])[.. a, .. b])];

    /// <summary>YaRN's frequencies, whose range of mixed pairs is rounded outwards.</summary>
    private static double[] Frequencies(double theta, double factor)
    {
        const double Original = 64;
        double Pair(double rotations) => Rotated * Math.Log(Original / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));
        double first = Math.Max(0, Math.Floor(Pair(32))), last = Math.Min(Rotated - 1, Math.Ceiling(Pair(1)));
        return [.. Rotation64.Frequencies(Rotated, theta).Select((frequency, pair) =>
        {
            double share = Math.Clamp((pair - first) / (last - first), 0, 1);
            return (frequency / factor * share) + (frequency * (1 - share));
        })];
    }

    private static double Stretch(double scale, double factor) => (0.1 * scale * Math.Log(factor)) + 1;

    private static void Add(Checkpoint file, bool queryLatent, bool bias)
    {
        const string Own = "model.layers.0.self_attn.";
        const int HeadWidth = Unrotated + Rotated;
        if (queryLatent)
            file.Linear(Own + "q_a_proj", QueryLatent, Width, bias).Norm(Own + "q_a_layernorm", QueryLatent)
                .Linear(Own + "q_b_proj", HeadCount * HeadWidth, QueryLatent, bias: false);
        else
            file.Linear(Own + "q_proj", HeadCount * HeadWidth, Width, bias: false);
        file.Linear(Own + "kv_a_proj_with_mqa", Latent + Rotated, Width, bias).Norm(Own + "kv_a_layernorm", Latent)
            .Linear(Own + "kv_b_proj", HeadCount * (Unrotated + ValueWidth), Latent, bias: false)
            .Linear(Own + "o_proj", Width, HeadCount * ValueWidth, bias);
    }
}
