using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>
/// The generations of Falcon. The outputs of query_key_value are the queries of a group, its key and its value, then those of the next group.
/// </summary>
internal static class FalconModels
{
    private const int Layers = 2, Width = 32, HeadCount = 4, HeadDim = 8;

    public static readonly ModelCase[] All =
    [
        new("Falcon 7B", """
            { "model_type": "falcon", "alibi": false, "apply_residual_connection_post_layernorm": false, "bias": false, "hidden_size": 32,
              "layer_norm_epsilon": 1e-05, "multi_query": true, "new_decoder_architecture": false, "num_attention_heads": 4, "num_hidden_layers": 2,
              "num_kv_heads": 4, "parallel_attn": true, "vocab_size": 100 }
            """,
            file => Add(file, groups: 1, bias: false, "input_layernorm"),
            ("stack", (tensors, rows, _) => Parallel(tensors, rows, groups: 1, "input_layernorm", "input_layernorm"))),
        new("Falcon 40B", """
            { "model_type": "falcon", "alibi": false, "bias": false, "hidden_size": 32, "layer_norm_epsilon": 1e-05, "multi_query": true,
              "new_decoder_architecture": true, "num_attention_heads": 4, "num_kv_heads": 2, "num_hidden_layers": 2, "parallel_attn": true, "vocab_size": 100 }
            """,
            file => Add(file, groups: 2, bias: false, "ln_attn", "ln_mlp"),
            ("stack", (tensors, rows, _) => Parallel(tensors, rows, groups: 2, "ln_attn", "ln_mlp"))),
        new("Falcon 2 11B", """
            { "model_type": "falcon", "activation": "gelu", "alibi": false, "bias": false, "ff_factor": 4, "ffn_hidden_size": 128, "hidden_size": 32,
              "layer_norm_epsilon": 1e-05, "multi_query": true, "new_decoder_architecture": true, "num_attention_heads": 4, "num_kv_heads": 2,
              "num_hidden_layers": 2, "num_ln_in_parallel_attn": 1, "parallel_attn": true, "rope_theta": 500042, "vocab_size": 100 }
            """,
            file => Add(file, groups: 2, bias: false, "input_layernorm"),
            ("stack", (tensors, rows, _) => Parallel(tensors, rows, groups: 2, "input_layernorm", "input_layernorm", 500_042))),
        new("Falcon RW", """
            { "model_type": "falcon", "alibi": true, "bias": true, "hidden_size": 32, "layer_norm_epsilon": 1e-05, "multi_query": false,
              "new_decoder_architecture": false, "num_attention_heads": 4, "num_hidden_layers": 2, "parallel_attn": false, "vocab_size": 100 }
            """,
            file => Add(file, groups: 4, bias: true, "input_layernorm", "post_attention_layernorm"),
            ("stack", (tensors, rows, _) => Sequential(tensors, rows))),
    ];

    /// <summary>x + attention(norm(x)) + network(norm(x)), with one norm or two.</summary>
    private static double[][] Parallel(Tensors tensors, double[][] rows, int groups, string attentionNorm, string networkNorm, double theta = 10_000)
    {
        double[] frequencies = Frequencies(HeadDim, theta);
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] fused = Linear(LayerNorm(rows, tensors, own + attentionNorm, 1e-5), tensors, own + "self_attention.query_key_value");
            (double[][][] queries, double[][][] keys, double[][][] values) = Split(fused, groups);
            double[][] heads = Attend(Halves(queries, frequencies), Halves(keys, frequencies), values, 1 / Math.Sqrt(HeadDim), Causal);
            rows = Float64.Add(
                rows, Linear(heads, tensors, own + "self_attention.dense"), Network(tensors, LayerNorm(rows, tensors, own + networkNorm, 1e-5), own));
        }

        return rows;
    }

    /// <summary>(q k + slope · key) / √d: the scale multiplies the linear biases too.</summary>
    private static double[][] Sequential(Tensors tensors, double[][] rows)
    {
        double[] slopes = [0.25, 0.0625, 0.015625, 0.00390625];
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            double[][] fused = Linear(LayerNorm(rows, tensors, own + "input_layernorm", 1e-5), tensors, own + "self_attention.query_key_value");
            (double[][][] queries, double[][][] keys, double[][][] values) = Split(fused, HeadCount);
            double[][] heads = Attend(
                queries, keys, values, 1 / Math.Sqrt(HeadDim), Causal, bias: (head, _, key) => slopes[head] * key / Math.Sqrt(HeadDim));
            rows = Float64.Add(rows, Linear(heads, tensors, own + "self_attention.dense"));
            rows = Float64.Add(rows, Network(tensors, LayerNorm(rows, tensors, own + "post_attention_layernorm", 1e-5), own));
        }

        return rows;
    }

    private static double[][] Network(Tensors tensors, double[][] normed, string own) =>
        Linear(Each(Linear(normed, tensors, own + "mlp.dense_h_to_4h"), Gelu), tensors, own + "mlp.dense_4h_to_h");

    private static (double[][][] Queries, double[][][] Keys, double[][][] Values) Split(double[][] fused, int groups)
    {
        int share = HeadCount / groups;
        double[][][] all = Heads(fused, HeadDim);
        int[] firsts = [.. Enumerable.Range(0, groups).Select(group => group * (share + 2))];
        return ([.. firsts.SelectMany(first => all[first..(first + share)])], [.. firsts.Select(first => all[first + share])],
            [.. firsts.Select(first => all[first + share + 1])]);
    }

    private static void Add(Checkpoint file, int groups, bool bias, params string[] norms)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"transformer.h.{layer}.";
            file.Linear(own + "self_attention.query_key_value", (HeadCount + (2 * groups)) * HeadDim, Width, bias)
                .Linear(own + "self_attention.dense", Width, Width, bias)
                .Linear(own + "mlp.dense_h_to_4h", 4 * Width, Width, bias).Linear(own + "mlp.dense_4h_to_h", Width, 4 * Width, bias);
            foreach (string norm in norms)
                file.Norm(own + norm, Width, bias: true);
        }
    }
}
