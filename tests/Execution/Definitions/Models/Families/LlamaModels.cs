using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>Llama, Mistral and Qwen, and the attention blocks of gpt-oss and OLMo 2.</summary>
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
        new("gpt-oss", """
            { "model_type": "gpt_oss", "attention_bias": true, "experts_per_token": 4, "head_dim": 16, "hidden_act": "silu", "hidden_size": 24,
              "initial_context_length": 4096, "intermediate_size": 24, "layer_types": ["sliding_attention", "full_attention"],
              "max_position_embeddings": 131072, "num_attention_heads": 4, "num_experts_per_tok": 4, "num_hidden_layers": 2, "num_key_value_heads": 2,
              "num_local_experts": 32, "rms_norm_eps": 1e-05, "rope_scaling": { "beta_fast": 32.0, "beta_slow": 1.0, "factor": 32.0,
              "original_max_position_embeddings": 4096, "rope_type": "yarn", "truncate": false }, "rope_theta": 150000, "sliding_window": 8,
              "swiglu_limit": 7.0, "vocab_size": 100 }
            """,
            AddGptOss, ("attention", (tensors, rows, _) => GptOss(tensors, rows, 1, Causal)),
            ("local", (tensors, rows, _) => GptOss(tensors, rows, 0, Window(8))))
        {
            Further = "var local = new GptOssLocalAttention(AttentionWeights.From(file, AttentionTensorNames.Llama(\"model.layers.0.self_attn\")));",
        },
        new("OLMo 2", """
            { "model_type": "olmo2", "attention_bias": false, "hidden_act": "silu", "hidden_size": 24, "intermediate_size": 40,
              "max_position_embeddings": 4096, "num_attention_heads": 4, "num_hidden_layers": 1, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
              "rope_scaling": null, "rope_theta": 500000, "vocab_size": 100 }
            """,
            AddOlmo2, ("attention", (tensors, rows, _) => Olmo2(tensors, rows))),
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

    /// <summary>YaRN, whose factor 0.1 ln(32) + 1 multiplies queries and keys, and a sink for each head.</summary>
    private static double[][] GptOss(Tensors tensors, double[][] rows, int layer, Func<int, int, bool> sees)
    {
        const int HeadDim = 16;
        string own = $"model.layers.{layer}.self_attn.";
        double[] frequencies = Yarn(HeadDim, theta: 150_000, factor: 32, original: 4096, fast: 32, slow: 1);
        double factor = (0.1 * Math.Log(32)) + 1;
        double[][] heads = Attend(
            Halves(Heads(Linear(rows, tensors, own + "q_proj"), HeadDim), frequencies, factor),
            Halves(Heads(Linear(rows, tensors, own + "k_proj"), HeadDim), frequencies, factor),
            Heads(Linear(rows, tensors, own + "v_proj"), HeadDim), 1 / Math.Sqrt(HeadDim), sees, sinks: tensors[own + "sinks"]);
        return Linear(heads, tensors, own + "o_proj");
    }

    /// <summary>The norms of queries and keys span all heads of a row.</summary>
    private static double[][] Olmo2(Tensors tensors, double[][] rows)
    {
        const string Own = "model.layers.0.self_attn.";
        const int HeadDim = Width / HeadCount;
        double[] frequencies = Frequencies(HeadDim, 500_000);
        double[][] queries = RmsNorm(Linear(rows, tensors, Own + "q_proj"), tensors[Own + "q_norm.weight"], 1e-6);
        double[][] keys = RmsNorm(Linear(rows, tensors, Own + "k_proj"), tensors[Own + "k_norm.weight"], 1e-6);
        double[][] heads = Attend(
            Halves(Heads(queries, HeadDim), frequencies), Halves(Heads(keys, HeadDim), frequencies),
            Heads(Linear(rows, tensors, Own + "v_proj"), HeadDim), 1 / Math.Sqrt(HeadDim), Causal);
        return Linear(heads, tensors, Own + "o_proj");
    }

    private static void AddLayers(Checkpoint file, int headDim, bool inputBiases = false, bool headNorms = false, bool tables = false)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            AddProjections(file, own + "self_attn.", headDim, inputBiases, outputBias: false);
            if (headNorms)
                file.Norm(own + "self_attn.q_norm", headDim).Norm(own + "self_attn.k_norm", headDim);
            file.Norm(own + "input_layernorm", Width).Norm(own + "post_attention_layernorm", Width)
                .Linear(own + "mlp.gate_proj", Inner, Width, bias: false).Linear(own + "mlp.up_proj", Inner, Width, bias: false)
                .Linear(own + "mlp.down_proj", Width, Inner, bias: false);
            if (tables)
                file.Table(own + "self_attn.rotary_emb.inv_freq", headDim / 2);
        }
    }

    private static void AddProjections(Checkpoint file, string own, int headDim, bool inputBiases, bool outputBias) => file
        .Linear(own + "q_proj", HeadCount * headDim, Width, inputBiases).Linear(own + "k_proj", KvHeadCount * headDim, Width, inputBiases)
        .Linear(own + "v_proj", KvHeadCount * headDim, Width, inputBiases).Linear(own + "o_proj", Width, HeadCount * headDim, outputBias);

    private static void AddGptOss(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            AddProjections(file, $"model.layers.{layer}.self_attn.", 16, inputBiases: true, outputBias: true);
            file.Numbers($"model.layers.{layer}.self_attn.sinks", HeadCount);
        }
    }

    private static void AddOlmo2(Checkpoint file)
    {
        AddProjections(file, "model.layers.0.self_attn.", Width / HeadCount, inputBiases: false, outputBias: false);
        file.Norm("model.layers.0.self_attn.q_norm", Width).Norm("model.layers.0.self_attn.k_norm", KvHeadCount * Width / HeadCount);
    }
}
