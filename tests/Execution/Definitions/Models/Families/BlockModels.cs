using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>Models whose classes are attention blocks: gpt-oss, and OLMo 2 with a layer that is composed as the sample says.</summary>
internal static class BlockModels
{
    private const int Layers = 2, Width = 24, HeadCount = 4, KvHeadCount = 2;

    public static readonly ModelCase[] All =
    [
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
            AddOlmo2, ("attention", (tensors, rows, _) => Olmo2Attention(tensors, rows)), ("layer", (tensors, rows, _) => Olmo2Layer(tensors, rows)))
        {
            FurtherClasses = """
                /// <summary>To the inner width.</summary>
                [LinearConfig(Inputs = 24, Outputs = 40, Bias = false)]
                public sealed partial class Up;

                /// <summary>The same, and times what Up gives.</summary>
                [LinearConfig(Inputs = 24, Outputs = 40, Activation = Activation.Silu, Gate = true, Bias = false)]
                public sealed partial class Gate;

                /// <summary>Back.</summary>
                [LinearConfig(Inputs = 40, Outputs = 24, Bias = false)]
                public sealed partial class Down;
                """,
            Further = """
                var up = new Up(LinearWeights.From(file, "model.layers.0.mlp.up_proj.weight"));
                var gate = new Gate(LinearWeights.From(file, "model.layers.0.mlp.gate_proj.weight"));
                var down = new Down(LinearWeights.From(file, "model.layers.0.mlp.down_proj.weight"));
                var norm = new RowNormalization(Norm.Rms, file.ReadFloat32("model.layers.0.post_attention_layernorm.weight"), default, 1e-6f);
                var secondNorm = new RowNormalization(Norm.Rms, file.ReadFloat32("model.layers.0.post_feedforward_layernorm.weight"), default, 1e-6f);
                var layer = (Olmo2Attention.Shape, (System.Func<float[], int[], int, float[]>)((x, _, batch) =>
                {
                    float[] branch = new float[x.Length], upper = new float[x.Length / 24 * 40], inner = new float[x.Length / 24 * 40];
                    attention.Forward(x, branch, batch);
                    norm.Apply(branch, branch);
                    float[] sum = [.. System.Linq.Enumerable.Zip(x, branch, (a, b) => a + b)];
                    up.Forward(sum, upper);
                    gate.Forward(sum, inner, upper);
                    down.Forward(inner, branch);
                    secondNorm.Apply(branch, branch);
                    return [.. System.Linq.Enumerable.Zip(sum, branch, (a, b) => a + b)];
                }));
                """,
        },
    ];

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
    private static double[][] Olmo2Attention(Tensors tensors, double[][] rows)
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

    /// <summary>x + norm(attention(x)), then x + norm(network(x)).</summary>
    private static double[][] Olmo2Layer(Tensors tensors, double[][] rows)
    {
        const string Own = "model.layers.0.";
        rows = Add(rows, RmsNorm(Olmo2Attention(tensors, rows), tensors[Own + "post_attention_layernorm.weight"], 1e-6));
        double[][] inner = Times(Each(Linear(rows, tensors, Own + "mlp.gate_proj"), Silu), Linear(rows, tensors, Own + "mlp.up_proj"));
        return Add(rows, RmsNorm(Linear(inner, tensors, Own + "mlp.down_proj"), tensors[Own + "post_feedforward_layernorm.weight"], 1e-6));
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
        file.Norm("model.layers.0.self_attn.q_norm", Width).Norm("model.layers.0.self_attn.k_norm", KvHeadCount * Width / HeadCount)
            .Linear("model.layers.0.mlp.gate_proj", 40, Width, bias: false).Linear("model.layers.0.mlp.up_proj", 40, Width, bias: false)
            .Linear("model.layers.0.mlp.down_proj", Width, 40, bias: false)
            .Norm("model.layers.0.post_attention_layernorm", Width).Norm("model.layers.0.post_feedforward_layernorm", Width);
    }
}
