using System.Globalization;
using static AttentionGen.Tests.Execution.Definitions.Models.Float64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>BERT and its relatives, whose norms follow the sums.</summary>
internal static class EncoderModels
{
    private const int Layers = 2, Width = 24, HeadCount = 4, HeadDim = 6, Inner = 56;

    /// <summary>Modules of a layer: query, key, value, output, the norm behind them, two matrices of the network, and the norm behind those.</summary>
    private static readonly string[] BertModules =
    [
        "attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense", "attention.output.LayerNorm", "intermediate.dense",
        "output.dense", "output.LayerNorm",
    ];

    private static readonly string[] DistilBertModules =
    [
        "attention.q_lin", "attention.k_lin", "attention.v_lin", "attention.out_lin", "sa_layer_norm", "ffn.lin1", "ffn.lin2", "output_layer_norm",
    ];

    private static readonly string[] MpnetModules =
    [
        "attention.attn.q", "attention.attn.k", "attention.attn.v", "attention.attn.o", "attention.LayerNorm", "intermediate.dense", "output.dense",
        "output.LayerNorm",
    ];

    public static readonly ModelCase[] All =
    [
        BertLike("BERT", "bert", "bert.encoder.layer.", 0.02),
        BertLike("BERT, with the older names of its norms", "bert", "bert.encoder.layer.", 0.02, areOlder: true),
        BertLike("RoBERTa", "roberta", "roberta.encoder.layer.", 0.03),
        BertLike("XLM-RoBERTa", "xlm-roberta", "roberta.encoder.layer.", 0.03),
        new("DistilBERT", """
            { "model_type": "distilbert", "activation": "gelu", "dim": 24, "hidden_dim": 56, "n_heads": 4, "n_layers": 2, "qa_dropout": 0.1,
              "seq_classif_dropout": 0.2, "sinusoidal_pos_embds": false, "vocab_size": 100 }
            """,
            file => AddLayers(file, "distilbert.transformer.layer.", DistilBertModules),
            ("stack", (tensors, rows, _) => Run(tensors, rows, "distilbert.transformer.layer.", DistilBertModules, 1e-12))),
        new("MPNet", """
            { "model_type": "mpnet", "hidden_act": "gelu", "hidden_size": 24, "intermediate_size": 56, "layer_norm_eps": 0.04, "num_attention_heads": 4,
              "num_hidden_layers": 2, "relative_attention_num_buckets": 32, "vocab_size": 100 }
            """,
            AddMpnet, ("stack", (tensors, rows, _) => Mpnet(tensors, rows))),
    ];

    private static ModelCase BertLike(string name, string kind, string prefix, double epsilon, bool areOlder = false) => new(name, $$"""
        { "model_type": "{{kind}}", "hidden_act": "gelu", "hidden_size": 24, "intermediate_size": 56,
          "layer_norm_eps": {{epsilon.ToString(CultureInfo.InvariantCulture)}},
          "num_attention_heads": 4, "num_hidden_layers": 2, "position_embedding_type": "absolute", "vocab_size": 100 }
        """,
        file => AddLayers(file, prefix, BertModules, areOlder), ("stack", (tensors, rows, _) => Run(tensors, rows, prefix, BertModules, epsilon)));

    /// <summary>x = norm(x + attention(x)); x = norm(x + network(x)).</summary>
    private static double[][] Run(
        Tensors tensors, double[][] rows, string prefix, string[] modules, double epsilon, Func<int, int, int, double>? bias = null)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string[] own = [.. modules.Select(module => $"{prefix}{layer}.{module}")];
            double[][][] Part(int which) => Heads(Linear(rows, tensors, own[which]), HeadDim);
            double[][] heads = Attend(Part(0), Part(1), Part(2), 1 / Math.Sqrt(HeadDim), Everything, bias);
            rows = LayerNorm(Add(rows, Linear(heads, tensors, own[3])), tensors, own[4], epsilon);
            rows = LayerNorm(Add(rows, Linear(Each(Linear(rows, tensors, own[5]), Gelu), tensors, own[6])), tensors, own[7], epsilon);
        }

        return rows;
    }

    /// <summary>A table of 32 buckets of distances, which all layers share: 16 for keys behind the query, and 16 for those before it and itself.</summary>
    private static double[][] Mpnet(Tensors tensors, double[][] rows)
    {
        Tensor table = tensors["encoder.relative_attention_bias.weight"];
        return Run(tensors, rows, "encoder.layer.", MpnetModules, 0.04, (head, query, key) =>
            table[(key > query ? 16 : 0) + Buckets.Of(Math.Abs(key - query), 16, 128), head]);
    }

    private static void AddMpnet(Checkpoint file)
    {
        AddLayers(file, "encoder.layer.", MpnetModules);
        file.Numbers("encoder.relative_attention_bias.weight", 32, HeadCount);
    }

    private static void AddLayers(Checkpoint file, string prefix, string[] modules, bool areOlder = false)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string[] own = [.. modules.Select(module => $"{prefix}{layer}.{module}")];
            file.Linear(own[0], Width, Width).Linear(own[1], Width, Width).Linear(own[2], Width, Width).Linear(own[3], Width, Width)
                .Linear(own[5], Inner, Width).Linear(own[6], Width, Inner);
            foreach (string norm in new[] { own[4], own[7] })
                _ = areOlder ? file.OlderNorm(norm, Width) : file.Norm(norm, Width, bias: true);
        }
    }
}
