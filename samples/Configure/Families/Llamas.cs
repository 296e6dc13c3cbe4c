namespace AttentionGen.Samples.Configure.Families;

/// <summary>Llama and its relatives: causal, pre-norm by root mean square, rotary positions, a gated network.</summary>
internal static class Llamas
{
    private const string Prefix = "model.layers.";

    /// <summary>Llama and Mistral.</summary>
    public static Answer Llama(ModelConfig config)
    {
        string name = Parts.ClassName(config) + "Layer";
        LayerClass layer = Layer(config, name);
        if (!config.Flag("attention_bias", false))
            layer.Without(Parts.AttentionBiases);
        if (!config.Flag("mlp_bias", false))
            layer.Without(Parts.GatedBiases);
        if (Window(config) is { } window)
            layer.Window(window);
        return One(config, layer, "Llama");
    }

    /// <summary>Qwen 2 and 2.5: biases of query, key and value.</summary>
    public static Answer Qwen2(ModelConfig config)
    {
        LayerClass layer = Layer(config, "Qwen2Layer").Without("OutputBias").Without(Parts.GatedBiases);
        return WithWindows(config, layer);
    }

    /// <summary>Qwen 3: norms of queries and keys.</summary>
    public static Answer Qwen3(ModelConfig config)
    {
        LayerClass layer = Layer(config, "Qwen3Layer");
        if (!config.Flag("attention_bias", false))
            layer.Without(Parts.AttentionBiases);
        layer.Without(Parts.GatedBiases)
            .With("QueryKeyNorm", QueryKeyNorm.Rms).WithUnless("QueryKeyNormEpsilon", (float)config.Number("rms_norm_eps"), 1e-6f);
        return WithWindows(config, layer);
    }

    /// <summary>Phi-3 and Phi-4: fused matrices, and LongRoPE for long contexts.</summary>
    public static Answer Phi3(ModelConfig config)
    {
        config.Expect("attention_bias", false, "the preset knows no biases of its fused matrices");
        LayerClass layer = Layer(config, "Phi3Layer").Without(Parts.AttentionBiases).Without(Parts.GatedBiases);
        if (Window(config) is { } window)
            layer.Window(window);
        Answer answer = One(config, layer, "Phi3");
        return layer.Settings.Contains("RotaryLength", StringComparison.Ordinal)
            ? answer with
            {
                Beside = [.. answer.Beside, "Contexts longer than RotaryOriginalLength have other frequencies: say --length N for those that you will use."],
            }
            : answer;
    }

    /// <summary>OLMo 2 normalises what each branch gives, and nothing else.</summary>
    public static Answer Olmo2(ModelConfig config)
    {
        LayerClass attention = Attention(config, "Olmo2Attention");
        if (!config.Flag("attention_bias", false))
            attention.Without(Parts.AttentionBiases);
        attention.With("QueryKeyNorm", QueryKeyNorm.Rms).With("QueryKeyNormScope", QueryKeyNormScope.Projection)
            .WithUnless("QueryKeyNormEpsilon", (float)config.Number("rms_norm_eps"), 1e-6f);
        int width = config.Int("hidden_size"), inner = config.Int("intermediate_size");
        Activation activation = Parts.Activation(config.Text("hidden_act", "silu"));
        return new(
            [attention],
            Parts.LoadAttention("Olmo2Attention", "Llama", "\"model.layers.0.self_attn\""),
            [
                "A layer is x += norm(attention(x)); x += norm(feedForward(x)): only results are normalised, which no NormPlacement says.",
                "Compose it of this block, RowNormalization (Norm.Rms) for both norms of a layer, and three products:",
                $"up_proj as [LinearConfig(Inputs = {width}, Outputs = {inner}, Bias = false)],",
                $"gate_proj with Activation = Activation.{activation} and Gate = true beside the same, which takes the rows of up_proj as its gate,",
                $"and down_proj as [LinearConfig(Inputs = {inner}, Outputs = {width}, Bias = false)].",
            ]);
    }

    /// <summary>gpt-oss: sinks, and a mixture of experts that is no part of a layer class.</summary>
    public static Answer GptOss(ModelConfig config)
    {
        LayerClass global = Attention(config, "GptOssAttention", byDefault: 150_000);
        if (!config.Flag("attention_bias", true))
            global.Without(Parts.AttentionBiases);
        global.With("Sinks", true);
        LayerClass local = global.Copy("GptOssLocalAttention", "layers of layer_types 'sliding_attention'").Window(config.Int("sliding_window", 128));
        config.Ignore("layer_types");
        int experts = config.Int("num_local_experts");
        config.Ignore("intermediate_size", "num_experts_per_tok", "experts_per_token", "hidden_act", "swiglu_limit", "rms_norm_eps", "initial_context_length");
        return new(
            [global, local],
            Parts.LoadAttention("GptOssAttention", "Llama", "\"model.layers.1.self_attn\""),
            [$"Its feed-forward networks are mixtures of {experts} experts, which no kernel computes: these are its attention blocks only."]);
    }

    /// <summary>The number of keys that a row of every layer sees; null for all.</summary>
    private static int? Window(ModelConfig config)
    {
        int keys = config.Int("sliding_window", 0), most = config.Int("max_position_embeddings", int.MaxValue);
        return keys > 0 && keys < most ? keys : null;
    }

    /// <summary>Qwen: no window, or one in the layers from some number on.</summary>
    private static Answer WithWindows(ModelConfig config, LayerClass layer)
    {
        int layers = config.Int("num_hidden_layers"), first = config.Int("max_window_layers", layers), keys = config.Int("sliding_window", 0);
        bool uses = config.Flag("use_sliding_window", false) && keys > 0 && first < layers;
        if (config.Has("layer_types") && config.Texts("layer_types").Any(type => type != "full_attention") != uses)
            throw new UnsupportedModelException("layer_types and use_sliding_window contradict each other; expected both to say which layers have a window.");
        if (!uses)
            return One(config, layer, "Llama");
        LayerClass local = layer.Copy("Local" + layer.Name, $"layers {first} to {layers - 1}").Window(keys);
        return Two(config, layer.Copy(layer.Name, $"layers 0 to {first - 1}"), local, $"layer < {first}");
    }

    private static LayerClass Layer(ModelConfig config, string name) => Attention(config, name, LayerClass.Layer)
        .GatedNetwork(config.Int("intermediate_size"), config.Text("hidden_act", "silu"))
        .RmsNorms(config.Number("rms_norm_eps"));

    private static LayerClass Attention(ModelConfig config, string name, string attribute = LayerClass.Attention, double byDefault = 10_000)
    {
        int heads = config.Int("num_attention_heads"), width = config.Int("hidden_size"), headDim = config.Int("head_dim", width / Math.Max(1, heads));
        LayerClass layer = Parts.Heads(name, heads, width, config.Int("num_key_value_heads", heads), headDim, attribute).With("Causal", true);
        return Rotation.Add(layer, config, headDim, byDefault: byDefault);
    }

    private static Answer One(ModelConfig config, LayerClass layer, string preset) =>
        new([layer], Parts.Load(layer.Name, preset, Prefix, config.Int("num_hidden_layers")), Around(config));

    private static Answer Two(ModelConfig config, LayerClass first, LayerClass second, string isFirst) => new(
        [first, second], Parts.Load(first.Name, second.Name, isFirst, "Llama", Prefix, config.Int("num_hidden_layers")), Around(config));

    private static string[] Around(ModelConfig config) => Parts.LanguageModel(
        config, config.Int("hidden_size"), "model.embed_tokens.weight", "model.norm.weight (Norm.Rms)", "lm_head.weight");
}
