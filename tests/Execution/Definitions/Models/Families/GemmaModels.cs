using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>Gemma 1, 2 and 3. All norms multiply by 1 + w.</summary>
internal static class GemmaModels
{
    private const int Width = 24, HeadDim = 8, Inner = 40;

    public static readonly ModelCase[] All =
    [
        new("Gemma 1", """
            { "model_type": "gemma", "attention_bias": false, "head_dim": 8, "hidden_act": "gelu", "hidden_activation": null, "hidden_size": 24,
              "intermediate_size": 40, "max_position_embeddings": 8192, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 1,
              "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 10000.0, "vocab_size": 100 }
            """,
            AddGemma1, ("stack", (tensors, rows, _) => Gemma1(tensors, rows))),
        new("Gemma 2", """
            { "model_type": "gemma2", "attention_bias": false, "attn_logit_softcapping": 2.5, "final_logit_softcapping": 30.0, "head_dim": 8,
              "hidden_act": "gelu_pytorch_tanh", "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 24, "intermediate_size": 40,
              "max_position_embeddings": 8192, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "query_pre_attn_scalar": 6,
              "rms_norm_eps": 1e-06, "rope_theta": 10000.0, "sliding_window": 7, "vocab_size": 100 }
            """,
            file => AddGemma2(file, layers: 2, kvHeads: 2, headNorms: false), ("stack", (tensors, rows, _) => Gemma2(tensors, rows))),
        new("Gemma 3", """
            { "model_type": "gemma3_text", "attention_bias": false, "attn_logit_softcapping": null, "final_logit_softcapping": null, "head_dim": 8,
              "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 24, "intermediate_size": 40, "max_position_embeddings": 32768,
              "num_attention_heads": 4, "num_hidden_layers": 3, "num_key_value_heads": 1, "query_pre_attn_scalar": 6, "rms_norm_eps": 1e-06,
              "rope_local_base_freq": 10000, "rope_scaling": { "factor": 8.0, "rope_type": "linear" }, "rope_theta": 1000000, "sliding_window": 9,
              "sliding_window_pattern": 3, "vocab_size": 100 }
            """,
            file => AddGemma2(file, layers: 3, kvHeads: 1, headNorms: true), ("stack", (tensors, rows, _) => Gemma3(tensors, rows))),
        new("Gemma 3, a newer file", """
            { "model_type": "gemma3_text", "_sliding_window_pattern": 3, "attention_bias": false, "attn_logit_softcapping": null,
              "final_logit_softcapping": null, "head_dim": 8, "hidden_activation": "gelu_pytorch_tanh", "hidden_size": 24, "intermediate_size": 40,
              "layer_types": ["sliding_attention", "sliding_attention", "full_attention"], "max_position_embeddings": 32768, "num_attention_heads": 4,
              "num_hidden_layers": 3, "num_key_value_heads": 1, "query_pre_attn_scalar": 6, "rms_norm_eps": 1e-06, "rope_parameters": {
              "full_attention": { "factor": 8.0, "rope_theta": 1000000, "rope_type": "linear" }, "sliding_attention": { "rope_theta": 10000,
              "rope_type": "default" } }, "sliding_window": 9, "vocab_size": 100 }
            """,
            file => AddGemma2(file, layers: 3, kvHeads: 1, headNorms: true), ("stack", (tensors, rows, _) => Gemma3(tensors, rows))),
    ];

    private static double[][] Gemma1(Tensors tensors, double[][] rows)
    {
        for (int layer = 0; layer < 2; layer++)
        {
            string own = $"model.layers.{layer}.";
            rows = Add(rows, Attention(
                tensors, Norm(rows, tensors, own + "input_layernorm"), own + "self_attn.", 1 / Math.Sqrt(HeadDim), Frequencies(HeadDim, 10_000), Causal));
            rows = Add(rows, Network(tensors, Norm(rows, tensors, own + "post_attention_layernorm"), own + "mlp."));
        }

        return rows;
    }

    /// <summary>Layers 0, 2 and so on have the window; scores are capped.</summary>
    private static double[][] Gemma2(Tensors tensors, double[][] rows)
    {
        for (int layer = 0; layer < 2; layer++)
        {
            Func<int, int, bool> sees = layer % 2 == 0 ? Window(7) : Causal;
            rows = BetweenNorms(tensors, rows, $"model.layers.{layer}.", normed => Attention(
                tensors, normed, $"model.layers.{layer}.self_attn.", 1 / Math.Sqrt(6), Frequencies(HeadDim, 10_000), sees, cap: 2.5));
        }

        return rows;
    }

    /// <summary>Each third layer sees all keys, at positions divided by 8 and with a base of its own.</summary>
    private static double[][] Gemma3(Tensors tensors, double[][] rows)
    {
        for (int layer = 0; layer < 3; layer++)
        {
            bool isGlobal = layer % 3 == 2;
            double[] frequencies = isGlobal ? [.. Frequencies(HeadDim, 1_000_000).Select(frequency => frequency / 8)] : Frequencies(HeadDim, 10_000);
            rows = BetweenNorms(tensors, rows, $"model.layers.{layer}.", normed => Attention(
                tensors, normed, $"model.layers.{layer}.self_attn.", 1 / Math.Sqrt(6), frequencies, isGlobal ? Causal : Window(9)));
        }

        return rows;
    }

    /// <summary>A norm before each branch, and one behind it before it is added.</summary>
    private static double[][] BetweenNorms(Tensors tensors, double[][] rows, string own, Func<double[][], double[][]> attention)
    {
        rows = Add(rows, Norm(attention(Norm(rows, tensors, own + "input_layernorm")), tensors, own + "post_attention_layernorm"));
        double[][] network = Network(tensors, Norm(rows, tensors, own + "pre_feedforward_layernorm"), own + "mlp.");
        return Add(rows, Norm(network, tensors, own + "post_feedforward_layernorm"));
    }

    private static double[][] Attention(
        Tensors tensors, double[][] rows, string own, double scale, double[] frequencies, Func<int, int, bool> sees, double cap = 0)
    {
        double[][][] queries = Heads(Linear(rows, tensors, own + "q_proj"), HeadDim), keys = Heads(Linear(rows, tensors, own + "k_proj"), HeadDim);
        if (tensors.Find(own + "q_norm.weight") is not null)
        {
            queries = [.. queries.Select(head => Norm(head, tensors, own + "q_norm"))];
            keys = [.. keys.Select(head => Norm(head, tensors, own + "k_norm"))];
        }

        double[][][] values = Heads(Linear(rows, tensors, own + "v_proj"), HeadDim);
        return Linear(Attend(Halves(queries, frequencies), Halves(keys, frequencies), values, scale, sees, cap: cap), tensors, own + "o_proj");
    }

    private static double[][] Network(Tensors tensors, double[][] rows, string own) => Linear(
        Times(Each(Linear(rows, tensors, own + "gate_proj"), GeluTanh), Linear(rows, tensors, own + "up_proj")), tensors, own + "down_proj");

    private static double[][] Norm(double[][] rows, Tensors tensors, string module) => RmsNorm(rows, tensors[module + ".weight"], 1e-6, offset: 1);

    private static void AddGemma1(Checkpoint file)
    {
        for (int layer = 0; layer < 2; layer++)
        {
            AddProducts(file, $"model.layers.{layer}.", kvHeads: 1);
            AddNorms(file, $"model.layers.{layer}.", "input_layernorm", "post_attention_layernorm");
        }
    }

    private static void AddGemma2(Checkpoint file, int layers, int kvHeads, bool headNorms)
    {
        for (int layer = 0; layer < layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            AddProducts(file, own, kvHeads);
            AddNorms(file, own, "input_layernorm", "post_attention_layernorm", "pre_feedforward_layernorm", "post_feedforward_layernorm");
            if (headNorms)
                file.Norm(own + "self_attn.q_norm", HeadDim, around: 0).Norm(own + "self_attn.k_norm", HeadDim, around: 0);
        }
    }

    private static void AddNorms(Checkpoint file, string own, params string[] names)
    {
        foreach (string name in names)
            file.Norm(own + name, Width, around: 0);
    }

    private static void AddProducts(Checkpoint file, string own, int kvHeads) => file
        .Linear(own + "self_attn.q_proj", 4 * HeadDim, Width, bias: false).Linear(own + "self_attn.k_proj", kvHeads * HeadDim, Width, bias: false)
        .Linear(own + "self_attn.v_proj", kvHeads * HeadDim, Width, bias: false).Linear(own + "self_attn.o_proj", Width, 4 * HeadDim, bias: false)
        .Linear(own + "mlp.gate_proj", Inner, Width, bias: false).Linear(own + "mlp.up_proj", Inner, Width, bias: false)
        .Linear(own + "mlp.down_proj", Width, Inner, bias: false);
}
