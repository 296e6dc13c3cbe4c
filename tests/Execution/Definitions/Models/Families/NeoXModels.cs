using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>GPT-NeoX with parallel branches and with branches one after another, and GPT-J.</summary>
internal static class NeoXModels
{
    private const int Layers = 2, Width = 48, HeadCount = 3, HeadDim = 16, Inner = 64;

    public static readonly ModelCase[] All =
    [
        new("GPT-NeoX", NeoXJson(isParallel: true), AddNeoX, ("stack", (tensors, rows, _) => NeoX(tensors, rows, isParallel: true))),
        new("GPT-NeoX, one branch after the other", NeoXJson(isParallel: false), AddNeoX,
            ("stack", (tensors, rows, _) => NeoX(tensors, rows, isParallel: false))),
        new("GPT-NeoX, a newer file", """
            { "model_type": "gpt_neox", "hidden_act": "gelu", "hidden_size": 48, "intermediate_size": 64, "layer_norm_eps": 1e-05,
              "num_attention_heads": 3, "num_hidden_layers": 2, "rope_parameters": { "partial_rotary_factor": 0.5, "rope_theta": 20000.0,
              "rope_type": "linear", "factor": 2.0 }, "use_parallel_residual": true, "vocab_size": 100 }
            """,
            AddNeoX, ("stack", (tensors, rows, _) =>
                NeoX(tensors, rows, isParallel: true, [.. Frequencies(HeadDim / 2, 20_000).Select(frequency => frequency / 2)]))),
        new("GPT-J", """
            { "model_type": "gptj", "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "n_embd": 48, "n_head": 3, "n_inner": null,
              "n_layer": 2, "rotary": true, "rotary_dim": 12, "scale_attn_weights": true, "vocab_size": 100 }
            """,
            AddGptJ, ("stack", (tensors, rows, _) => GptJ(tensors, rows))),
    ];

    private static string NeoXJson(bool isParallel) => $$"""
        { "model_type": "gpt_neox", "hidden_act": "gelu", "hidden_size": 48, "intermediate_size": 64, "layer_norm_eps": 1e-05,
          "num_attention_heads": 3, "num_hidden_layers": 2, "rotary_emb_base": 10000, "rotary_pct": 0.25,
          "use_parallel_residual": {{(isParallel ? "true" : "false")}}, "vocab_size": 100 }
        """;

    /// <summary>query_key_value gives query, key and value of the first head, then those of the second. A quarter of a head is rotated.</summary>
    private static double[][] NeoX(Tensors tensors, double[][] rows, bool isParallel, double[]? frequencies = null)
    {
        frequencies ??= Frequencies(HeadDim / 4, 10_000);
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"gpt_neox.layers.{layer}.";
            double[][][] parts = Heads(Linear(LayerNorm(rows, tensors, own + "input_layernorm", 1e-5), tensors, own + "attention.query_key_value"), HeadDim);
            double[][][] Part(int which) => [.. Enumerable.Range(0, HeadCount).Select(head => parts[(3 * head) + which])];
            double[][] heads = Attend(Halves(Part(0), frequencies), Halves(Part(1), frequencies), Part(2), 1 / Math.Sqrt(HeadDim), Causal);
            double[][] attended = Linear(heads, tensors, own + "attention.dense");
            double[][] before = isParallel ? rows : Add(rows, attended);
            double[][] inner = Each(Linear(LayerNorm(before, tensors, own + "post_attention_layernorm", 1e-5), tensors, own + "mlp.dense_h_to_4h"), Gelu);
            rows = Add(rows, attended, Linear(inner, tensors, own + "mlp.dense_4h_to_h"));
        }

        return rows;
    }

    /// <summary>Neighbouring elements are rotated, 12 of each head's 16; one norm serves both branches.</summary>
    private static double[][] GptJ(Tensors tensors, double[][] rows)
    {
        double[] frequencies = Frequencies(12, 10_000);
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] normed = LayerNorm(rows, tensors, own + "ln_1", 1e-5);
            double[][] heads = Attend(
                Neighbours(Heads(Linear(normed, tensors, own + "attn.q_proj"), HeadDim), frequencies),
                Neighbours(Heads(Linear(normed, tensors, own + "attn.k_proj"), HeadDim), frequencies),
                Heads(Linear(normed, tensors, own + "attn.v_proj"), HeadDim), 1 / Math.Sqrt(HeadDim), Causal);
            double[][] inner = Each(Linear(normed, tensors, own + "mlp.fc_in"), GeluTanh);
            rows = Add(rows, Linear(heads, tensors, own + "attn.out_proj"), Linear(inner, tensors, own + "mlp.fc_out"));
        }

        return rows;
    }

    private static void AddNeoX(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"gpt_neox.layers.{layer}.";
            file.Linear(own + "attention.query_key_value", 3 * Width, Width).Linear(own + "attention.dense", Width, Width)
                .Linear(own + "mlp.dense_h_to_4h", Inner, Width).Linear(own + "mlp.dense_4h_to_h", Width, Inner)
                .Norm(own + "input_layernorm", Width, bias: true).Norm(own + "post_attention_layernorm", Width, bias: true)
                .Table(own + "attention.bias", 1, 1, 8, 8).Table(own + "attention.masked_bias").Table(own + "attention.rotary_emb.inv_freq", 2);
        }
    }

    private static void AddGptJ(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            file.Linear(own + "attn.q_proj", Width, Width, bias: false).Linear(own + "attn.k_proj", Width, Width, bias: false)
                .Linear(own + "attn.v_proj", Width, Width, bias: false).Linear(own + "attn.out_proj", Width, Width, bias: false)
                .Linear(own + "mlp.fc_in", 4 * Width, Width).Linear(own + "mlp.fc_out", Width, 4 * Width).Norm(own + "ln_1", Width, bias: true)
                .Table(own + "attn.bias", 1, 1, 8, 8).Table(own + "attn.masked_bias");
        }
    }
}
