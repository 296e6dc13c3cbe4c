using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>Llama, Mistral and Qwen.</summary>
internal static class LlamaModels
{
    private const int Layers = 2, Width = 24, HeadCount = 4, KvHeadCount = 2, Inner = 40;

    private const string Llama3Json = """
        { "model_type": "llama", "attention_bias": false, "head_dim": 8, "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
          "max_position_embeddings": 1024, "mlp_bias": false, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-05,
          "rope_scaling": { "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0, "original_max_position_embeddings": 128, "rope_type": "llama3" },
          "rope_theta": 5000.0, "tie_word_embeddings": true, "vocab_size": 100 }
        """;

    public static readonly ModelCase[] All =
    [
        new("Llama 3", Llama3Json, file => AddLayers(file, 8, tables: true), ("stack", Llama3)),
        new("Llama 3, padded on the left", Llama3Json, file => AddLayers(file, 8), ("stack", Llama3)) { Added = [("LlamaLayer", "KeyStarts")] },
        new("Llama 3, a newer file", """
            { "model_type": "llama", "attention_bias": false, "head_dim": 8, "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
              "max_position_embeddings": 1024, "mlp_bias": false, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
              "rms_norm_eps": 1e-05, "rope_parameters": { "factor": 8.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
              "original_max_position_embeddings": 128, "rope_theta": 5000.0, "rope_type": "llama3" }, "tie_word_embeddings": true, "vocab_size": 100 }
            """,
            file => AddLayers(file, 8), ("stack", Llama3)),
        new("Mistral", """
            { "model_type": "mistral", "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40, "max_position_embeddings": 1024,
              "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 7,
              "vocab_size": 100 }
            """,
            file => AddLayers(file, 6), ("stack", (tensors, rows, _) => Run(tensors, rows, 6, 1e-5, Frequencies(6, 10_000), _ => Window(7)))),
        new("Qwen 2", """
            { "model_type": "qwen2", "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40, "max_position_embeddings": 1024,
              "max_window_layers": 1, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
              "rope_theta": 1000000.0, "sliding_window": 9, "use_sliding_window": true, "vocab_size": 100 }
            """,
            file => AddLayers(file, 6, inputBiases: true), ("stack", (tensors, rows, _) =>
                Run(tensors, rows, 6, 1e-6, Frequencies(6, 1_000_000), layer => layer >= 1 ? Window(9) : Causal))),
        new("Qwen 3", """
            { "model_type": "qwen3", "attention_bias": false, "head_dim": 8, "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
              "max_position_embeddings": 1024, "max_window_layers": 2, "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
              "rms_norm_eps": 1e-06, "rope_scaling": null, "rope_theta": 1000000, "sliding_window": null, "use_sliding_window": false, "vocab_size": 100 }
            """,
            file => AddLayers(file, 8, headNorms: true), ("stack", (tensors, rows, _) =>
                Run(tensors, rows, 8, 1e-6, Frequencies(8, 1_000_000), _ => Causal))),
    ];

    private static double[][] Llama3(Tensors tensors, double[][] rows, double[][] memory) =>
        Run(tensors, rows, 8, 1e-5, Rotation64.Llama3(Frequencies(8, 5000), factor: 8, low: 1, high: 4, original: 128), _ => Causal);

    /// <summary>Two layers: norm, attention, norm, gated network; each branch is added to its input.</summary>
    private static double[][] Run(Tensors tensors, double[][] rows, int headDim, double epsilon, double[] frequencies, Func<int, Func<int, int, bool>> sees)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            double[][] normed = RmsNorm(rows, tensors[own + "input_layernorm.weight"], epsilon);
            double[][][] queries = Heads(Linear(normed, tensors, own + "self_attn.q_proj"), headDim);
            double[][][] keys = Heads(Linear(normed, tensors, own + "self_attn.k_proj"), headDim);
            double[][][] values = Heads(Linear(normed, tensors, own + "self_attn.v_proj"), headDim);
            if (tensors.Find(own + "self_attn.q_norm.weight") is { } queryNorm)
            {
                queries = [.. queries.Select(head => RmsNorm(head, queryNorm, epsilon))];
                keys = [.. keys.Select(head => RmsNorm(head, tensors[own + "self_attn.k_norm.weight"], epsilon))];
            }

            double[][] heads = Attend(Halves(queries, frequencies), Halves(keys, frequencies), values, 1 / Math.Sqrt(headDim), sees(layer));
            rows = Add(rows, Linear(heads, tensors, own + "self_attn.o_proj"));
            normed = RmsNorm(rows, tensors[own + "post_attention_layernorm.weight"], epsilon);
            double[][] gate = Each(Linear(normed, tensors, own + "mlp.gate_proj"), Silu);
            rows = Add(rows, Linear(Times(gate, Linear(normed, tensors, own + "mlp.up_proj")), tensors, own + "mlp.down_proj"));
        }

        return rows;
    }

    private static void AddLayers(Checkpoint file, int headDim, bool inputBiases = false, bool headNorms = false, bool tables = false)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            file.Linear(own + "self_attn.q_proj", HeadCount * headDim, Width, inputBiases)
                .Linear(own + "self_attn.k_proj", KvHeadCount * headDim, Width, inputBiases)
                .Linear(own + "self_attn.v_proj", KvHeadCount * headDim, Width, inputBiases)
                .Linear(own + "self_attn.o_proj", Width, HeadCount * headDim, bias: false);
            if (headNorms)
                file.Norm(own + "self_attn.q_norm", headDim).Norm(own + "self_attn.k_norm", headDim);
            file.Norm(own + "input_layernorm", Width).Norm(own + "post_attention_layernorm", Width)
                .Linear(own + "mlp.gate_proj", Inner, Width, bias: false).Linear(own + "mlp.up_proj", Inner, Width, bias: false)
                .Linear(own + "mlp.down_proj", Width, Inner, bias: false);
            if (tables)
                file.Table(own + "self_attn.rotary_emb.inv_freq", headDim / 2);
        }
    }
}
