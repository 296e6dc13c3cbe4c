using static AttentionGen.Tests.Execution.Definitions.Models.Float64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>BLOOM and MPT, with a number of heads that is no power of 2.</summary>
internal static class AlibiModels
{
    private const int Layers = 2, Width = 48, HeadCount = 6, HeadDim = 8;

    private const string BloomJson = """
        { "model_type": "bloom", "apply_residual_connection_post_layernorm": false, "hidden_size": 48, "layer_norm_epsilon": 1e-05, "n_head": 6,
          "n_layer": 2, "slow_but_exact": false, "vocab_size": 100 }
        """;

    public static readonly ModelCase[] All =
    [
        new("BLOOM", BloomJson, AddBloom, ("stack", Bloom)),
        new("BLOOM, padded on the left", BloomJson, AddBloom, ("stack", Bloom)) { Added = [("BloomLayer", "KeyStarts")] },
        new("MPT", """
            { "model_type": "mpt", "attn_config": { "alibi": true, "alibi_bias_max": 16, "attn_type": "multihead_attention", "clip_qkv": null,
              "prefix_lm": false, "qk_ln": false, "softmax_scale": null }, "d_model": 48, "expansion_ratio": 4, "max_seq_len": 2048, "n_heads": 6,
              "n_layers": 2, "no_bias": true, "vocab_size": 100 }
            """,
            AddMpt, ("stack", (tensors, rows, _) => Mpt(tensors, rows))),
    ];

    /// <summary>query_key_value gives query, key and value of the first head, then those of the second.</summary>
    private static double[][] Bloom(Tensors tensors, double[][] rows, double[][] memory)
    {
        // Of 4 heads, and of every other of 8.
        double[] slopes = [.. new[] { -2.0, -4, -6, -8, -1, -3 }.Select(power => Math.Pow(2, power))];
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] normed = LayerNorm(rows, tensors, own + "input_layernorm", 1e-5);
            double[][][] parts = Heads(Linear(normed, tensors, own + "self_attention.query_key_value"), HeadDim);
            double[][][] Part(int which) => [.. Enumerable.Range(0, HeadCount).Select(head => parts[(3 * head) + which])];
            double[][] heads = Attend(Part(0), Part(1), Part(2), 1 / Math.Sqrt(HeadDim), Causal, bias: (head, _, key) => slopes[head] * key);
            rows = Add(rows, Linear(heads, tensors, own + "self_attention.dense"));
            normed = LayerNorm(rows, tensors, own + "post_attention_layernorm", 1e-5);
            rows = Add(rows, Linear(Each(Linear(normed, tensors, own + "mlp.dense_h_to_4h"), GeluTanh), tensors, own + "mlp.dense_4h_to_h"));
        }

        return rows;
    }

    /// <summary>Wqkv gives all queries, all keys and all values. The exponents of the slopes go up to alibi_bias_max, 16.</summary>
    private static double[][] Mpt(Tensors tensors, double[][] rows)
    {
        // 2^(−16 h / 8) for h = 2, 4, 6, 8 and then 1, 3.
        double[] slopes = [.. new[] { 2, 4, 6, 8, 1, 3 }.Select(head => Math.Pow(2, -2 * head))];
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.blocks.{layer}.";
            double[][] fused = Linear(LayerNorm(rows, tensors, own + "norm_1", 1e-5), tensors, own + "attn.Wqkv");
            double[][][] Part(int which) => Heads(Columns(fused, which * Width, Width), HeadDim);
            double[][] heads = Attend(
                Part(0), Part(1), Part(2), 1 / Math.Sqrt(HeadDim), Causal, bias: (head, query, key) => slopes[head] * (key - query));
            rows = Add(rows, Linear(heads, tensors, own + "attn.out_proj"));
            double[][] inner = Each(Linear(LayerNorm(rows, tensors, own + "norm_2", 1e-5), tensors, own + "ffn.up_proj"), Gelu);
            rows = Add(rows, Linear(inner, tensors, own + "ffn.down_proj"));
        }

        return rows;
    }

    private static void AddBloom(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            file.Linear(own + "self_attention.query_key_value", 3 * Width, Width).Linear(own + "self_attention.dense", Width, Width)
                .Linear(own + "mlp.dense_h_to_4h", 4 * Width, Width).Linear(own + "mlp.dense_4h_to_h", Width, 4 * Width)
                .Norm(own + "input_layernorm", Width, bias: true).Norm(own + "post_attention_layernorm", Width, bias: true);
        }
    }

    private static void AddMpt(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.blocks.{layer}.";
            file.Linear(own + "attn.Wqkv", 3 * Width, Width, bias: false).Linear(own + "attn.out_proj", Width, Width, bias: false)
                .Linear(own + "ffn.up_proj", 4 * Width, Width, bias: false).Linear(own + "ffn.down_proj", Width, 4 * Width, bias: false)
                .Norm(own + "norm_1", Width).Norm(own + "norm_2", Width);
        }
    }
}
