using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>Phi-2, whose branches are parallel, and Phi-3, which is Llama with fused matrices and LongRoPE.</summary>
internal static class PhiModels
{
    private const int Layers = 2, Width = 40, HeadDim = 10, Inner = 56;

    private const string Phi3Json = """
        { "model_type": "phi3", "attention_bias": false, "hidden_act": "silu", "hidden_size": 40, "intermediate_size": 56, "max_position_embeddings": 512,
          "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 2, "original_max_position_embeddings": 64, "rms_norm_eps": 1e-05,
          "rope_scaling": { "long_factor": [1.5, 2, 3, 4, 6], "short_factor": [1, 1.25, 1.5, 2, 2.5], "type": "longrope" }, "rope_theta": 10000.0,
          "sliding_window": 600, "vocab_size": 100 }
        """;

    private static readonly double[] ShortFactors = [1, 1.25, 1.5, 2, 2.5], LongFactors = [1.5, 2, 3, 4, 6];

    public static readonly ModelCase[] All =
    [
        new("Phi-2", """
            { "model_type": "phi", "hidden_act": "gelu_new", "hidden_size": 40, "intermediate_size": 56, "layer_norm_eps": 1e-05,
              "num_attention_heads": 4, "num_hidden_layers": 2, "num_key_value_heads": 4, "partial_rotary_factor": 0.4, "qk_layernorm": false,
              "rope_scaling": null, "rope_theta": 10000.0, "vocab_size": 100 }
            """,
            AddPhi2, ("stack", (tensors, rows, _) => Phi2(tensors, rows))),
        new("Phi-3, short contexts", Phi3Json, AddPhi3, ("stack", (tensors, rows, _) => Phi3(tensors, rows, ShortFactors))),
        new("Phi-3, long contexts", Phi3Json, AddPhi3, ("stack", (tensors, rows, _) => Phi3(tensors, rows, LongFactors))) { Length = 200 },
    ];

    /// <summary>x + attention(norm(x)) + network(norm(x)), with one norm; 0.4 of each head is rotated.</summary>
    private static double[][] Phi2(Tensors tensors, double[][] rows)
    {
        double[] frequencies = Frequencies((int)(HeadDim * 0.4), 10_000);
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            double[][] normed = LayerNorm(rows, tensors, own + "input_layernorm", 1e-5);
            double[][] heads = Attend(
                Halves(Heads(Linear(normed, tensors, own + "self_attn.q_proj"), HeadDim), frequencies),
                Halves(Heads(Linear(normed, tensors, own + "self_attn.k_proj"), HeadDim), frequencies),
                Heads(Linear(normed, tensors, own + "self_attn.v_proj"), HeadDim), 1 / Math.Sqrt(HeadDim), Causal);
            double[][] inner = Each(Linear(normed, tensors, own + "mlp.fc1"), GeluTanh);
            rows = Add(rows, Linear(heads, tensors, own + "self_attn.dense"), Linear(inner, tensors, own + "mlp.fc2"));
        }

        return rows;
    }

    /// <summary>
    /// qkv_proj gives all queries, then all keys, then all values; gate_up_proj the gate and then the other half. The frequencies are divided by factors, and
    /// queries and keys multiplied by √(1 + ln(512 / 64) / ln(64)), whatever the length.
    /// </summary>
    private static double[][] Phi3(Tensors tensors, double[][] rows, double[] factors)
    {
        const int Queries = 4 * HeadDim, Keys = 2 * HeadDim;
        double[] frequencies = [.. Frequencies(HeadDim, 10_000).Zip(factors, (frequency, factor) => frequency / factor)];
        double scaling = Math.Sqrt(1 + (Math.Log(512 / 64) / Math.Log(64)));
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            double[][] fused = Linear(RmsNorm(rows, tensors[own + "input_layernorm.weight"], 1e-5), tensors, own + "self_attn.qkv_proj");
            double[][] heads = Attend(
                Halves(Heads(Columns(fused, 0, Queries), HeadDim), frequencies, scaling),
                Halves(Heads(Columns(fused, Queries, Keys), HeadDim), frequencies, scaling),
                Heads(Columns(fused, Queries + Keys, Keys), HeadDim), 1 / Math.Sqrt(HeadDim), Causal);
            rows = Add(rows, Linear(heads, tensors, own + "self_attn.o_proj"));
            double[][] both = Linear(RmsNorm(rows, tensors[own + "post_attention_layernorm.weight"], 1e-5), tensors, own + "mlp.gate_up_proj");
            rows = Add(rows, Linear(Times(Each(Columns(both, 0, Inner), Silu), Columns(both, Inner, Inner)), tensors, own + "mlp.down_proj"));
        }

        return rows;
    }

    private static void AddPhi2(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            file.Linear(own + "self_attn.q_proj", Width, Width).Linear(own + "self_attn.k_proj", Width, Width).Linear(own + "self_attn.v_proj", Width, Width)
                .Linear(own + "self_attn.dense", Width, Width).Linear(own + "mlp.fc1", Inner, Width).Linear(own + "mlp.fc2", Width, Inner)
                .Norm(own + "input_layernorm", Width, bias: true);
        }
    }

    private static void AddPhi3(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            file.Linear(own + "self_attn.qkv_proj", 8 * HeadDim, Width, bias: false).Linear(own + "self_attn.o_proj", Width, Width, bias: false)
                .Linear(own + "mlp.gate_up_proj", 2 * Inner, Width, bias: false).Linear(own + "mlp.down_proj", Width, Inner, bias: false)
                .Norm(own + "input_layernorm", Width).Norm(own + "post_attention_layernorm", Width);
        }
    }
}
