using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>GPT-2 and StarCoder 1 and 2.</summary>
internal static class GptModels
{
    private const int Layers = 2, Width = 24, HeadDim = 6, Inner = 56;

    public static readonly ModelCase[] All =
    [
        new("GPT-2", """
            { "model_type": "gpt2", "activation_function": "gelu_new", "layer_norm_epsilon": 1e-05, "n_ctx": 1024, "n_embd": 24, "n_head": 4, "n_layer": 2,
              "n_positions": 1024, "vocab_size": 100 }
            """,
            AddGpt2, ("stack", (tensors, rows, _) => Gpt2(tensors, rows))),
        new("StarCoder", """
            { "model_type": "gpt_bigcode", "activation_function": "gelu", "attention_softmax_in_fp32": true, "layer_norm_epsilon": 1e-05, "multi_query": true,
              "n_embd": 24, "n_head": 4, "n_inner": 56, "n_layer": 2, "n_positions": 8192, "scale_attention_softmax_in_fp32": true,
              "scale_attn_weights": true, "vocab_size": 100 }
            """,
            AddStarCoder, ("stack", (tensors, rows, _) => StarCoder(tensors, rows))),
        new("StarCoder 2", """
            { "model_type": "starcoder2", "hidden_act": "gelu_pytorch_tanh", "hidden_size": 24, "intermediate_size": 56, "mlp_type": "default",
              "norm_epsilon": 1e-05, "norm_type": "layer_norm", "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
              "rope_theta": 999999.4420358813, "sliding_window": 11, "use_bias": true, "vocab_size": 100 }
            """,
            AddStarCoder2, ("stack", (tensors, rows, _) => StarCoder2(tensors, rows))),
    ];

    /// <summary>All matrices are [inputs, outputs].</summary>
    private static double[][] Gpt2(Tensors tensors, double[][] rows)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] Product(double[][] rows, string module) => Conv1D(rows, tensors[$"{own}{module}.weight"], tensors[$"{own}{module}.bias"]);
            double[][] fused = Product(LayerNorm(rows, tensors, own + "ln_1", 1e-5), "attn.c_attn");
            double[][][] Part(int which) => Heads(Columns(fused, which * Width, Width), HeadDim);
            rows = Add(rows, Product(Attend(Part(0), Part(1), Part(2), 1 / Math.Sqrt(HeadDim), Causal), "attn.c_proj"));
            rows = Add(rows, Product(Each(Product(LayerNorm(rows, tensors, own + "ln_2", 1e-5), "mlp.c_fc"), GeluTanh), "mlp.c_proj"));
        }

        return rows;
    }

    /// <summary>c_attn gives all queries, one key and one value.</summary>
    private static double[][] StarCoder(Tensors tensors, double[][] rows)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] fused = Linear(LayerNorm(rows, tensors, own + "ln_1", 1e-5), tensors, own + "attn.c_attn");
            double[][] heads = Attend(
                Heads(Columns(fused, 0, Width), HeadDim), [Columns(fused, Width, HeadDim)], [Columns(fused, Width + HeadDim, HeadDim)],
                1 / Math.Sqrt(HeadDim), Causal);
            rows = Add(rows, Linear(heads, tensors, own + "attn.c_proj"));
            double[][] inner = Each(Linear(LayerNorm(rows, tensors, own + "ln_2", 1e-5), tensors, own + "mlp.c_fc"), Gelu);
            rows = Add(rows, Linear(inner, tensors, own + "mlp.c_proj"));
        }

        return rows;
    }

    private static double[][] StarCoder2(Tensors tensors, double[][] rows)
    {
        double[] frequencies = Frequencies(HeadDim, 999999.4420358813);
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            double[][] normed = LayerNorm(rows, tensors, own + "input_layernorm", 1e-5);
            double[][] heads = Attend(
                Halves(Heads(Linear(normed, tensors, own + "self_attn.q_proj"), HeadDim), frequencies),
                Halves(Heads(Linear(normed, tensors, own + "self_attn.k_proj"), HeadDim), frequencies),
                Heads(Linear(normed, tensors, own + "self_attn.v_proj"), HeadDim), 1 / Math.Sqrt(HeadDim), Window(11));
            rows = Add(rows, Linear(heads, tensors, own + "self_attn.o_proj"));
            double[][] inner = Each(Linear(LayerNorm(rows, tensors, own + "post_attention_layernorm", 1e-5), tensors, own + "mlp.c_fc"), GeluTanh);
            rows = Add(rows, Linear(inner, tensors, own + "mlp.c_proj"));
        }

        return rows;
    }

    private static void AddGpt2(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            file.Conv1D(own + "attn.c_attn", Width, 3 * Width).Conv1D(own + "attn.c_proj", Width, Width).Conv1D(own + "mlp.c_fc", Width, 4 * Width)
                .Conv1D(own + "mlp.c_proj", 4 * Width, Width).Norm(own + "ln_1", Width, bias: true).Norm(own + "ln_2", Width, bias: true)
                .Table(own + "attn.bias", 1, 1, 8, 8).Table(own + "attn.masked_bias");
        }
    }

    private static void AddStarCoder(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            file.Linear(own + "attn.c_attn", Width + (2 * HeadDim), Width).Linear(own + "attn.c_proj", Width, Width).Linear(own + "mlp.c_fc", Inner, Width)
                .Linear(own + "mlp.c_proj", Width, Inner).Norm(own + "ln_1", Width, bias: true).Norm(own + "ln_2", Width, bias: true);
        }
    }

    private static void AddStarCoder2(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            file.Linear(own + "self_attn.q_proj", Width, Width).Linear(own + "self_attn.k_proj", 2 * HeadDim, Width)
                .Linear(own + "self_attn.v_proj", 2 * HeadDim, Width).Linear(own + "self_attn.o_proj", Width, Width)
                .Linear(own + "mlp.c_fc", Inner, Width).Linear(own + "mlp.c_proj", Width, Inner)
                .Norm(own + "input_layernorm", Width, bias: true).Norm(own + "post_attention_layernorm", Width, bias: true);
        }
    }
}
