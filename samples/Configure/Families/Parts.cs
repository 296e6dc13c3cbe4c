using System.Globalization;

namespace AttentionGen.Samples.Configure.Families;

/// <summary>What several families have in common.</summary>
internal static class Parts
{
    /// <summary>What to know of the prefix of names.</summary>
    public const string BareModel = "Files of a bare model have no name before the first dot: look into yours.";

    /// <summary>The biases of a layer's attention, and of its network without and with a gate.</summary>
    public static readonly string[] AttentionBiases = ["QueryBias", "KeyBias", "ValueBias", "OutputBias"];

    public static readonly string[] NetworkBiases = ["UpBias", "DownBias"];

    public static readonly string[] GatedBiases = ["UpBias", "GateBias", "DownBias"];

    /// <summary>A class with heads and widths.</summary>
    /// <param name="name">Of the class.</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="width">Width of the rows.</param>
    /// <param name="kvHeads">KV heads.</param>
    /// <param name="headDim">Width of a head; 0 for the width by the heads.</param>
    /// <param name="attribute">What is declared.</param>
    public static LayerClass Heads(string name, int heads, int width, int kvHeads = 0, int headDim = 0, string attribute = LayerClass.Layer)
    {
        if (headDim == 0 && (heads < 1 || width % heads != 0))
            throw new UnsupportedModelException($"it has {heads} heads and rows of {width}; expected heads that divide the width.");
        return new LayerClass(name, attribute)
            .With("Heads", heads)
            .WithUnless("KvHeads", kvHeads, kvHeads == heads ? kvHeads : 0)
            .With("DModel", width)
            .WithUnless("HeadDim", headDim, headDim == 0 || headDim * heads == width ? headDim : 0);
    }

    /// <summary>A network without a gate.</summary>
    public static LayerClass Network(this LayerClass layer, int width, string activation) =>
        layer.With("FeedForwardDim", width).With("Activation", Activation(activation));

    /// <summary>A network with a gate.</summary>
    public static LayerClass GatedNetwork(this LayerClass layer, int width, string activation) => layer.Network(width, activation).With("Gated", true);

    /// <summary>Norms by the root mean square.</summary>
    public static LayerClass RmsNorms(this LayerClass layer, double epsilon, NormPlacement placement = NormPlacement.Pre) =>
        layer.With("Norm", Norm.Rms).Norms(epsilon, placement);

    /// <summary>Norms by mean and variance.</summary>
    public static LayerClass LayerNorms(this LayerClass layer, double epsilon, NormPlacement placement = NormPlacement.Pre) => layer.Norms(epsilon, placement);

    /// <summary>A row sees that many keys: itself and those before it.</summary>
    public static LayerClass Window(this LayerClass layer, int keys) => layer.With("WindowLeft", keys - 1);

    /// <summary>Refuses a model whose <c>layer_types</c>, if it has them, do not repeat as its other keys say.</summary>
    public static void ExpectFullAttention(ModelConfig config, Func<int, bool> isFull, string where)
    {
        if (!config.Has("layer_types"))
            return;
        string[] types = config.Texts("layer_types");
        for (int layer = 0; layer < types.Length; layer++)
        {
            if (types[layer] == "full_attention" != isFull(layer))
                throw new UnsupportedModelException($"layer_types[{layer}] is '{types[layer]}'; expected full_attention {where}, and nowhere else.");
        }
    }

    /// <summary>Our name of an activation.</summary>
    public static Activation Activation(string name) => name switch
    {
        "relu" => AttentionGen.Activation.Relu,
        "gelu" or "gelu_python" => AttentionGen.Activation.Gelu,
        "gelu_new" or "gelu_pytorch_tanh" or "gelu_fast" => AttentionGen.Activation.GeluTanh,
        "quick_gelu" => AttentionGen.Activation.QuickGelu,
        "silu" or "swish" => AttentionGen.Activation.Silu,
        _ => throw new UnsupportedModelException(
            $"its activation is '{name}'; expected relu, gelu, gelu_new, gelu_pytorch_tanh, gelu_fast, quick_gelu or silu."),
    };

    /// <summary>The start of a class's name, such as Qwen2 for <c>qwen2</c>.</summary>
    public static string ClassName(ModelConfig config) => string.Concat(
        config.ModelType.Split('_', '-', '.').Select(part => CultureInfo.InvariantCulture.TextInfo.ToTitleCase(part)));

    /// <summary>Loads a stack whose layers are all of one class.</summary>
    public static string Load(string name, string preset, string prefix, int layers, string arguments = "") =>
        $"var stack = TransformerStack<{name}>.Load(file, layer => {Preset(preset, prefix, arguments)}, layers: {layers});";

    /// <summary>Loads a stack of two classes.</summary>
    public static string Load(string first, string second, string isFirst, string preset, string prefix, int layers, string arguments = "") =>
        $"var stack = TransformerStack.Load(file, layer => {Preset(preset, prefix, arguments)}, layers: {layers},\n"
        + $"    create: (layer, weights) => {isFirst} ? StackLayer.Of(new {first}(weights)) : StackLayer.Of(new {second}(weights)));";

    /// <summary>Loads one attention block.</summary>
    public static string LoadAttention(string name, string preset, string prefix, string arguments = "") =>
        $"var attention = new {name}(AttentionWeights.From(file, AttentionTensorNames.{preset}({prefix}{arguments})));";

    /// <summary>What stands around the layers of a language model.</summary>
    public static string[] LanguageModel(ModelConfig config, int width, string embedding, string norm, string head) =>
    [
        $"Before the layers: a row of {embedding} for each token" + (embedding.Contains("wpe", StringComparison.Ordinal) ? ", summed." : "."),
        $"Behind them: the norm {norm}, then the head {head} (or the embedding, where the file has no head):",
        $"[LinearConfig(Inputs = {width}, Outputs = {config.Int("vocab_size")}, Bias = false)].",
    ];

    private static LayerClass Norms(this LayerClass layer, double epsilon, NormPlacement placement)
    {
        if (placement != NormPlacement.Pre)
            layer.With("NormPlacement", placement);
        return layer.WithUnless("NormEpsilon", (float)epsilon, 1e-5f);
    }

    private static string Preset(string preset, string prefix, string arguments) => $"TransformerTensorNames.{preset}($\"{prefix}{{layer}}\"{arguments})";
}
