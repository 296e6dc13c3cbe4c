using static AttentionGen.Tests.Execution.Definitions.Models.Float64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>CLIP's two towers, together and alone, and the vision transformer: norms before the branches.</summary>
internal static class TowerModels
{
    private const int Layers = 2, HeadDim = 6, Inner = 40;

    private const string Text = """
        "hidden_act": "quick_gelu", "hidden_size": 24, "intermediate_size": 40, "layer_norm_eps": 1e-05, "num_attention_heads": 4, "num_hidden_layers": 2
        """;

    private const string Vision = """
        "hidden_size": 30, "image_size": 224, "intermediate_size": 40, "num_attention_heads": 5, "num_hidden_layers": 2, "patch_size": 32
        """;

    private static readonly string[] ClipModules =
    [
        "self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "layer_norm1", "mlp.fc1", "mlp.fc2", "layer_norm2",
    ];

    private static readonly string[] VitModules =
    [
        "attention.attention.query", "attention.attention.key", "attention.attention.value", "attention.output.dense", "layernorm_before",
        "intermediate.dense", "output.dense", "layernorm_after",
    ];

    public static readonly ModelCase[] All =
    [
        new("CLIP", $$"""
            { "model_type": "clip", "projection_dim": 512, "text_config": { "model_type": "clip_text_model", {{Text}} },
              "vision_config": { "model_type": "clip_vision_model", {{Vision}} } }
            """,
            file =>
            {
                AddText(file);
                AddVision(file);
            },
            ("text", ClipText), ("vision", ClipVision)),
        new("CLIP's text tower", $$"""{ "model_type": "clip_text_model", {{Text}} }""", AddText, ("stack", ClipText)),
        new("CLIP's vision tower", $$"""{ "model_type": "clip_vision_model", {{Vision}} }""", AddVision, ("stack", ClipVision)),
        new("ViT", """
            { "model_type": "vit", "encoder_stride": 16, "hidden_act": "gelu", "hidden_size": 24, "image_size": 224, "intermediate_size": 40,
              "layer_norm_eps": 1e-12, "num_attention_heads": 4, "num_channels": 3, "num_hidden_layers": 2, "patch_size": 16, "qkv_bias": true }
            """,
            file => AddLayers(file, "vit.encoder.layer.", VitModules, 24),
            ("stack", (tensors, rows, _) => Run(tensors, rows, "vit.encoder.layer.", VitModules, 1e-12, Gelu, Everything))),
    ];

    private static double[][] ClipText(Tensors tensors, double[][] rows, double[][] memory) =>
        Run(tensors, rows, "text_model.encoder.layers.", ClipModules, 1e-5, QuickGelu, Causal);

    private static double[][] ClipVision(Tensors tensors, double[][] rows, double[][] memory) =>
        Run(tensors, rows, "vision_model.encoder.layers.", ClipModules, 1e-5, QuickGelu, Everything);

    /// <summary>Modules: query, key, value, output, the norm before them, two matrices of the network, and the norm before those.</summary>
    private static double[][] Run(
        Tensors tensors, double[][] rows, string prefix, string[] modules, double epsilon, Func<double, double> activation, Func<int, int, bool> sees)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string[] own = [.. modules.Select(module => $"{prefix}{layer}.{module}")];
            double[][] normed = LayerNorm(rows, tensors, own[4], epsilon);
            double[][][] Part(int which) => Heads(Linear(normed, tensors, own[which]), HeadDim);
            rows = Add(rows, Linear(Attend(Part(0), Part(1), Part(2), 1 / Math.Sqrt(HeadDim), sees), tensors, own[3]));
            normed = LayerNorm(rows, tensors, own[7], epsilon);
            rows = Add(rows, Linear(Each(Linear(normed, tensors, own[5]), activation), tensors, own[6]));
        }

        return rows;
    }

    private static void AddText(Checkpoint file) => AddLayers(file, "text_model.encoder.layers.", ClipModules, 24);

    private static void AddVision(Checkpoint file) => AddLayers(file, "vision_model.encoder.layers.", ClipModules, 30);

    private static void AddLayers(Checkpoint file, string prefix, string[] modules, int width)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string[] own = [.. modules.Select(module => $"{prefix}{layer}.{module}")];
            file.Linear(own[0], width, width).Linear(own[1], width, width).Linear(own[2], width, width).Linear(own[3], width, width)
                .Norm(own[4], width, bias: true).Linear(own[5], Inner, width).Linear(own[6], width, Inner).Norm(own[7], width, bias: true);
        }
    }
}
