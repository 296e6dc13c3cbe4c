using static AttentionGen.Tests.Execution.Definitions.Models.Float64;
using static AttentionGen.Tests.Execution.Definitions.Models.Rotation64;

namespace AttentionGen.Tests.Execution.Definitions.Models.Families;

/// <summary>ModernBERT: its first layer, composed as the sample says, and a stack of the layers that have both norms.</summary>
internal static class ModernBertModels
{
    private const int Layers = 4, Width = 24, HeadDim = 6, Inner = 40;

    /// <summary>The first half of Wi goes through the activation, and the other half is its gate.</summary>
    private const string First = """
        var first = new ModernBertFirstAttention(AttentionWeights.From(file, TransformerTensorNames.ModernBert("model.layers.0").Attention));
        float[] both = file.ReadFloat32("model.layers.0.mlp.Wi.weight");
        var activated = new Activated(LinearWeights.FromSpans(both[..(40 * 24)]));
        var other = new Other(LinearWeights.FromSpans(both[(40 * 24)..]));
        var down = new Down(LinearWeights.From(file, "model.layers.0.mlp.Wo.weight"));
        var norm = new RowNormalization(Norm.Layer, file.ReadFloat32("model.layers.0.mlp_norm.weight"), default, 1e-5f);
        var layer = (ModernBertFirstAttention.Shape, (System.Func<float[], int[], int, float[]>)((x, offsets, _) =>
        {
            float[] branch = new float[x.Length], upper = new float[x.Length / 24 * 40], inner = new float[x.Length / 24 * 40], output = new float[x.Length];
            first.Forward(x, branch, offsets);
            float[] sum = [.. System.Linq.Enumerable.Zip(x, branch, (a, b) => a + b)];
            norm.Apply(sum, branch);
            other.Forward(branch, upper);
            activated.Forward(branch, inner, upper);
            down.Forward(inner, output, sum);
            return output;
        }));
        """;

    private const string FirstClasses = """
        /// <summary>To the inner width.</summary>
        [LinearConfig(Inputs = 24, Outputs = 40, Bias = false)]
        public sealed partial class Other;

        /// <summary>The same, and times what the other gives.</summary>
        [LinearConfig(Inputs = 24, Outputs = 40, Activation = Activation.Gelu, Gate = true, Bias = false)]
        public sealed partial class Activated;

        /// <summary>Back, and the rows before the norm.</summary>
        [LinearConfig(Inputs = 40, Outputs = 24, Residual = true, Bias = false)]
        public sealed partial class Down;
        """;

    public static readonly ModelCase[] All =
    [
        new("ModernBERT", """
            { "model_type": "modernbert", "attention_bias": false, "global_attn_every_n_layers": 3, "global_rope_theta": 160000.0,
              "hidden_activation": "gelu", "hidden_size": 24, "intermediate_size": 40, "local_attention": 12, "local_rope_theta": 10000.0,
              "mlp_bias": false, "norm_bias": false, "norm_eps": 1e-05, "num_attention_heads": 4, "num_hidden_layers": 4, "vocab_size": 100 }
            """,
            AddLayers, ("layer", (tensors, rows, _) => Layer(tensors, rows, 0)), ("stack", (tensors, rows, _) => Run(tensors, rows)))
        {
            Further = First, FurtherClasses = FirstClasses,
        },
        new("ModernBERT, a newer file", """
            { "model_type": "modernbert", "attention_bias": false, "hidden_activation": "gelu", "hidden_size": 24, "intermediate_size": 40,
              "layer_types": ["full_attention", "sliding_attention", "sliding_attention", "full_attention"], "local_attention": 12, "mlp_bias": false,
              "norm_bias": false, "norm_eps": 1e-05, "num_attention_heads": 4, "num_hidden_layers": 4, "rope_parameters": {
              "full_attention": { "rope_theta": 50000.0, "rope_type": "default" }, "sliding_attention": { "rope_theta": 20000.0, "rope_type": "default" } },
              "vocab_size": 100 }
            """,
            AddLayers, ("layer", (tensors, rows, _) => Layer(tensors, rows, 0, 50_000)),
            ("stack", (tensors, rows, _) => Run(tensors, rows, 50_000, 20_000)))
        {
            Further = First, FurtherClasses = FirstClasses,
        },
    ];

    private static double[][] Run(Tensors tensors, double[][] rows, double global = 160_000, double local = 10_000) =>
        Enumerable.Range(1, Layers - 1).Aggregate(rows, (rows, layer) => Layer(tensors, rows, layer, global, local));

    /// <summary>The first layer has no norm before its attention.</summary>
    private static double[][] Layer(Tensors tensors, double[][] rows, int layer, double global = 160_000, double local = 10_000)
    {
        string own = $"model.layers.{layer}.";
        rows = Add(rows, Attention(tensors, layer == 0 ? rows : LayerNorm(rows, tensors, own + "attn_norm", 1e-5), layer, global, local));
        double[][] both = Linear(LayerNorm(rows, tensors, own + "mlp_norm", 1e-5), tensors, own + "mlp.Wi");
        return Add(rows, Linear(Times(Each(Columns(both, 0, Inner), Gelu), Columns(both, Inner, Inner)), tensors, own + "mlp.Wo"));
    }

    /// <summary>Every third layer, from the first on, sees all rows; the others see 6 to each side, and rotate by another base.</summary>
    private static double[][] Attention(Tensors tensors, double[][] rows, int layer, double global, double local)
    {
        string own = $"model.layers.{layer}.attn.";
        bool isGlobal = layer % 3 == 0;
        double[] frequencies = Frequencies(HeadDim, isGlobal ? global : local);
        double[][] fused = Linear(rows, tensors, own + "Wqkv");
        double[][][] Part(int which) => Heads(Columns(fused, which * Width, Width), HeadDim);
        double[][] heads = Attend(
            Halves(Part(0), frequencies), Halves(Part(1), frequencies), Part(2), 1 / Math.Sqrt(HeadDim),
            (query, key) => isGlobal || Math.Abs(query - key) <= 6);
        return Linear(heads, tensors, own + "Wo");
    }

    private static void AddLayers(Checkpoint file)
    {
        for (int layer = 0; layer < Layers; layer++)
        {
            string own = $"model.layers.{layer}.";
            file.Linear(own + "attn.Wqkv", 3 * Width, Width, bias: false).Linear(own + "attn.Wo", Width, Width, bias: false);
            file.Linear(own + "mlp.Wi", 2 * Inner, Width, bias: false).Linear(own + "mlp.Wo", Width, Inner, bias: false).Norm(own + "mlp_norm", Width);
            if (layer > 0)
                file.Norm(own + "attn_norm", Width);
        }
    }
}
