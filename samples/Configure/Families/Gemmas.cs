using System.Globalization;

namespace AttentionGen.Samples.Configure.Families;

/// <summary>Gemma 1 to 3: gated GELU, norms that store w and multiply by 1 + w, embeddings times the root of their width.</summary>
internal static class Gemmas
{
    private const string Prefix = "model.layers.";

    public static Answer Gemma(ModelConfig config)
    {
        LayerClass layer = Layer(config, "GemmaLayer", NormPlacement.Pre);
        Rotation.Add(layer, config, HeadDim(config));
        return new([layer], Parts.Load(layer.Name, "Gemma", Prefix, config.Int("num_hidden_layers")), Around(config));
    }

    /// <summary>Gemma 2: capped scores, norms on both sides, and a window in every other layer.</summary>
    public static Answer Gemma2(ModelConfig config)
    {
        LayerClass global = Scaled(config, Layer(config, "Gemma2GlobalLayer", NormPlacement.Both));
        global.WithUnless("Softcap", (float)config.Number("attn_logit_softcapping", 0), 0f);
        Rotation.Add(global, config, HeadDim(config));
        Answer answer = Mixed(config, global, global.Copy("Gemma2LocalLayer", ""), period: 2);
        double cap = config.Number("final_logit_softcapping", 0);
        return cap == 0 ? answer : answer with
        {
            Beside = [.. answer.Beside, string.Create(CultureInfo.InvariantCulture, $"The head's results are capped: {cap} · tanh(x / {cap}).")],
        };
    }

    /// <summary>Gemma 3: norms of queries and keys, a window in five of six layers, which rotate by a base of their own.</summary>
    public static Answer Gemma3(ModelConfig config)
    {
        LayerClass global = Scaled(config, Layer(config, "Gemma3GlobalLayer", NormPlacement.Both));
        global.With("QueryKeyNorm", QueryKeyNorm.Rms).WithUnless("QueryKeyNormEpsilon", (float)config.Number("rms_norm_eps", 1e-6), 1e-6f);
        LayerClass local = global.Copy("Gemma3LocalLayer", "");
        ModelConfig? parameters = config.Object("rope_parameters");
        Rotation.Add(global, config, HeadDim(config), parameters: parameters?.Object("full_attention"), byDefault: 1_000_000);
        double theta = parameters?.Object("sliding_attention")?.Number("rope_theta", 10_000) ?? config.Number("rope_local_base_freq", 10_000);
        local.With("Rotary", RotaryKind.HalfSplit).WithUnless("RotaryBase", theta, 10_000d);
        return Mixed(config, global, local, config.Int("sliding_window_pattern", config.Int("_sliding_window_pattern", 6)));
    }

    /// <summary>The last layer of each period sees all keys, and the others a window.</summary>
    private static Answer Mixed(ModelConfig config, LayerClass global, LayerClass local, int period)
    {
        int layers = config.Int("num_hidden_layers");
        Parts.ExpectFullAttention(config, layer => (layer + 1) % period == 0, $"where the number + 1 is a multiple of {period}");
        local.Window(config.Int("sliding_window"));
        string isLocal = $"(layer + 1) % {period} != 0";
        return new(
            [global.Copy(global.Name, $"layers whose number + 1 is a multiple of {period}"), local.Copy(local.Name, "all other layers")],
            Parts.Load(local.Name, global.Name, isLocal, "Gemma2", Prefix, layers), Around(config));
    }

    private static LayerClass Layer(ModelConfig config, string name, NormPlacement placement)
    {
        int heads = config.Int("num_attention_heads");
        LayerClass layer = Parts.Heads(name, heads, config.Int("hidden_size"), config.Int("num_key_value_heads", heads), HeadDim(config)).With("Causal", true);
        if (!config.Flag("attention_bias", false))
            layer.Without(Parts.AttentionBiases);
        // The older key has the name of another activation than the one that the models were trained with.
        config.Ignore("hidden_act");
        return layer.GatedNetwork(config.Int("intermediate_size"), config.Text("hidden_activation", "gelu_pytorch_tanh")).Without(Parts.GatedBiases)
            .RmsNorms(config.Number("rms_norm_eps", 1e-6), placement);
    }

    private static LayerClass Scaled(ModelConfig config, LayerClass layer)
    {
        config.Expect("use_bidirectional_attention", false, "the layers that this sample prints are causal");
        double scalar = config.Number("query_pre_attn_scalar", 256);
        return scalar == HeadDim(config) ? layer : layer.With("Scale", (float)(1 / Math.Sqrt(scalar)));
    }

    private static int HeadDim(ModelConfig config) => config.Int("head_dim", 256);

    private static string[] Around(ModelConfig config) => Parts.LanguageModel(
        config, config.Int("hidden_size"), "model.embed_tokens.weight, times the root of its width,", "model.norm.weight (Norm.Rms, 1 + w)",
        "lm_head.weight");
}
