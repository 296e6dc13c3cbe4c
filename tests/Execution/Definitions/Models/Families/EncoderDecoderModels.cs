using static AttentionGen.Tests.Execution.Definitions.Models.Float64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>T5 in its first version and in that of Flan-T5, and Whisper.</summary>
internal static class EncoderDecoderModels
{
    private const int Layers = 2, Width = 24, HeadCount = 4, Inner = 40, BucketCount = 12, LargestDistance = 30;

    public static readonly ModelCase[] All =
    [
        new("T5", T5Json("relu"), file => AddT5(file, isGated: false), ("encoder", T5Encoder), ("decoder", T5Decoder)),
        new("Flan-T5", T5Json("gated-gelu"), file => AddT5(file, isGated: true), ("encoder", T5Encoder), ("decoder", T5Decoder)),
        new("Flan-T5, padded", T5Json("gated-gelu"), file => AddT5(file, isGated: true), ("encoder", T5Encoder), ("decoder", T5Decoder))
        {
            Added = [("T5EncoderLayer", "KeyLengths"), ("T5DecoderLayer", "MemoryLengths")],
        },
        new("Whisper", """
            { "model_type": "whisper", "activation_function": "gelu", "d_model": 24, "decoder_attention_heads": 4, "decoder_ffn_dim": 40,
              "decoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 40, "encoder_layers": 2, "max_source_positions": 1500,
              "max_target_positions": 448, "num_mel_bins": 80, "scale_embedding": false, "vocab_size": 100 }
            """,
            AddWhisper, ("encoder", (tensors, rows, _) => Whisper(tensors, rows, [], "model.encoder.layers.")),
            ("decoder", (tensors, rows, memory) => Whisper(tensors, rows, memory, "model.decoder.layers."))),
    ];

    private static string T5Json(string network) => $$"""
        { "model_type": "t5", "d_ff": 40, "d_kv": 8, "d_model": 24, "feed_forward_proj": "{{network}}", "layer_norm_epsilon": 1e-06,
          "num_decoder_layers": 2, "num_heads": 4, "num_layers": 2, "relative_attention_max_distance": 30, "relative_attention_num_buckets": 12,
          "vocab_size": 100 }
        """;

    /// <summary>Half of the buckets are for keys behind the query.</summary>
    private static double[][] T5Encoder(Tensors tensors, double[][] rows, double[][] memory)
    {
        Tensor table = tensors["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"];
        const int Half = BucketCount / 2;
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"encoder.block.{layer}.layer.";
            double[][] normed = RmsNorm(rows, tensors[own + "0.layer_norm.weight"], 1e-6);
            rows = Add(rows, T5Attention(tensors, normed, normed, own + "0.SelfAttention.", Everything, (head, query, key) =>
                table[(key > query ? Half : 0) + Buckets.Of(Math.Abs(key - query), Half, LargestDistance), head]));
            rows = Add(rows, T5Network(tensors, RmsNorm(rows, tensors[own + "1.layer_norm.weight"], 1e-6), own + "1.DenseReluDense."));
        }

        return rows;
    }

    /// <summary>All buckets are for keys up to the query; the scores of the cross-attention have no bias.</summary>
    private static double[][] T5Decoder(Tensors tensors, double[][] rows, double[][] memory)
    {
        Tensor table = tensors["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight"];
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"decoder.block.{layer}.layer.";
            double[][] normed = RmsNorm(rows, tensors[own + "0.layer_norm.weight"], 1e-6);
            rows = Add(rows, T5Attention(tensors, normed, normed, own + "0.SelfAttention.", Causal, (head, query, key) =>
                table[Buckets.Of(query - key, BucketCount, LargestDistance), head]));
            normed = RmsNorm(rows, tensors[own + "1.layer_norm.weight"], 1e-6);
            rows = Add(rows, T5Attention(tensors, normed, memory, own + "1.EncDecAttention.", Everything, bias: null));
            rows = Add(rows, T5Network(tensors, RmsNorm(rows, tensors[own + "2.layer_norm.weight"], 1e-6), own + "2.DenseReluDense."));
        }

        return rows;
    }

    /// <summary>No scale, and heads of 8 where the rows by the heads are 6.</summary>
    private static double[][] T5Attention(
        Tensors tensors, double[][] rows, double[][] memory, string own, Func<int, int, bool> sees, Func<int, int, int, double>? bias) => Linear(
        Attend(
            Heads(Linear(rows, tensors[own + "q.weight"]), 8), Heads(Linear(memory, tensors[own + "k.weight"]), 8),
            Heads(Linear(memory, tensors[own + "v.weight"]), 8), 1, sees, bias),
        tensors[own + "o.weight"]);

    /// <summary>ReLU in the first version, and later a gate with the approximated GELU.</summary>
    private static double[][] T5Network(Tensors tensors, double[][] rows, string own) => Linear(
        tensors.Find(own + "wi.weight") is { } up
            ? Each(Linear(rows, up), Relu)
            : Times(Each(Linear(rows, tensors[own + "wi_0.weight"]), GeluTanh), Linear(rows, tensors[own + "wi_1.weight"])),
        tensors[own + "wo.weight"]);

    /// <summary>Encoder, or with a memory decoder: norms before the branches, and keys without bias.</summary>
    private static double[][] Whisper(Tensors tensors, double[][] rows, double[][] memory, string prefix)
    {
        double[][] Attention(double[][] rows, double[][] keys, string own, Func<int, int, bool> sees)
        {
            double[][][] Part(double[][] of, string module) => Heads(Linear(of, tensors, own + module), Width / HeadCount);
            double[][] heads = Attend(Part(rows, "q_proj"), Part(keys, "k_proj"), Part(keys, "v_proj"), 1 / Math.Sqrt(Width / HeadCount), sees);
            return Linear(heads, tensors, own + "out_proj");
        }

        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"{prefix}{layer}.";
            double[][] normed = LayerNorm(rows, tensors, own + "self_attn_layer_norm", 1e-5);
            rows = Add(rows, Attention(normed, normed, own + "self_attn.", memory.Length > 0 ? Causal : Everything));
            if (memory.Length > 0)
                rows = Add(rows, Attention(LayerNorm(rows, tensors, own + "encoder_attn_layer_norm", 1e-5), memory, own + "encoder_attn.", Everything));
            double[][] inner = Each(Linear(LayerNorm(rows, tensors, own + "final_layer_norm", 1e-5), tensors, own + "fc1"), Gelu);
            rows = Add(rows, Linear(inner, tensors, own + "fc2"));
        }

        return rows;
    }

    private static void AddT5(Checkpoint file, bool isGated)
    {
        foreach ((string stack, int network) in new[] { ("encoder", 1), ("decoder", 2) })
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                string own = $"{stack}.block.{layer}.layer.";
                foreach (string attention in network == 1 ? new[] { "0.SelfAttention." } : ["0.SelfAttention.", "1.EncDecAttention."])
                {
                    file.Linear(own + attention + "q", HeadCount * 8, Width, bias: false).Linear(own + attention + "k", HeadCount * 8, Width, bias: false)
                        .Linear(own + attention + "v", HeadCount * 8, Width, bias: false).Linear(own + attention + "o", Width, HeadCount * 8, bias: false);
                }

                foreach (string up in isGated ? new[] { "wi_0", "wi_1" } : ["wi"])
                    file.Linear($"{own}{network}.DenseReluDense.{up}", Inner, Width, bias: false);
                file.Linear($"{own}{network}.DenseReluDense.wo", Width, Inner, bias: false);
                for (int norm = 0; norm <= network; norm++)
                    file.Norm($"{own}{norm}.layer_norm", Width);
            }

            file.Numbers(stack + ".block.0.layer.0.SelfAttention.relative_attention_bias.weight", BucketCount, HeadCount);
        }

        // Files of the first version have it, and the model does not use it.
        if (!isGated)
            file.Table("decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight", BucketCount, HeadCount);
    }

    private static void AddWhisper(Checkpoint file)
    {
        foreach (string stack in new[] { "encoder", "decoder" })
        {
            for (int layer = 0; layer < Layers; layer++)
            {
                string own = $"model.{stack}.layers.{layer}.";
                foreach (string attention in stack == "encoder" ? new[] { "self_attn" } : ["self_attn", "encoder_attn"])
                {
                    file.Linear($"{own}{attention}.q_proj", Width, Width).Linear($"{own}{attention}.k_proj", Width, Width, bias: false)
                        .Linear($"{own}{attention}.v_proj", Width, Width).Linear($"{own}{attention}.out_proj", Width, Width)
                        .Norm($"{own}{attention}_layer_norm", Width, bias: true);
                }

                file.Linear(own + "fc1", Inner, Width).Linear(own + "fc2", Width, Inner).Norm(own + "final_layer_norm", Width, bias: true);
            }
        }
    }
}
