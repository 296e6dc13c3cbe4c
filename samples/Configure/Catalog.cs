using AttentionGen.Samples.Configure.Families;

namespace AttentionGen.Samples.Configure;

/// <summary>The kinds of models that are known, by the <c>model_type</c> of their file.</summary>
internal static class Catalog
{
    private static readonly SortedDictionary<string, Func<ModelConfig, Answer>> Families = new(StringComparer.Ordinal)
    {
        ["bert"] = Encoders.Bert,
        ["bloom"] = AlibiModels.Bloom,
        ["clip"] = Towers.Clip,
        ["clip_text_model"] = Towers.ClipText,
        ["clip_vision_model"] = Towers.ClipVision,
        ["deepseek_v2"] = DeepSeeks.DeepSeek,
        ["deepseek_v3"] = DeepSeeks.DeepSeek,
        ["distilbert"] = Encoders.DistilBert,
        ["falcon"] = ParallelModels.Falcon,
        ["gemma"] = Gemmas.Gemma,
        ["gemma2"] = Gemmas.Gemma2,
        ["gemma3_text"] = Gemmas.Gemma3,
        ["gpt2"] = LearnedPositions.Gpt2,
        ["gpt_bigcode"] = LearnedPositions.StarCoder,
        ["gpt_neox"] = ParallelModels.GptNeoX,
        ["gpt_oss"] = Llamas.GptOss,
        ["gptj"] = ParallelModels.GptJ,
        ["kimi_k2"] = DeepSeeks.DeepSeek,
        ["llama"] = Llamas.Llama,
        ["mistral"] = Llamas.Llama,
        ["modernbert"] = Encoders.ModernBert,
        ["mpnet"] = Encoders.Mpnet,
        ["mpt"] = AlibiModels.Mpt,
        ["olmo2"] = Llamas.Olmo2,
        ["phi"] = ParallelModels.Phi,
        ["phi3"] = Llamas.Phi3,
        ["qwen2"] = Llamas.Qwen2,
        ["qwen3"] = Llamas.Qwen3,
        ["roberta"] = Encoders.Roberta,
        ["starcoder2"] = LearnedPositions.StarCoder2,
        ["t5"] = EncoderDecoders.T5,
        ["vit"] = Towers.Vit,
        ["whisper"] = EncoderDecoders.Whisper,
        ["xlm-roberta"] = Encoders.Roberta,
    };

    /// <summary>The names of all kinds.</summary>
    public static IEnumerable<string> Names => Families.Keys;

    /// <summary>What the sample prints for a configuration.</summary>
    /// <param name="json">The text of config.json.</param>
    /// <param name="length">Positions of the longest context; 0 for those of the model.</param>
    /// <exception cref="System.Text.Json.JsonException">The text is no JSON.</exception>
    /// <exception cref="UnsupportedModelException">The model has a part that a kernel does not compute, or the file lacks a number.</exception>
    public static string Describe(string json, int length = 0)
    {
        ModelConfig config = ModelConfig.Parse(json, length);
        return Find(config).ToText(config);
    }

    /// <exception cref="UnsupportedModelException">The kind is not known, or a part of the model is not.</exception>
    public static Answer Find(ModelConfig config)
    {
        string kind = config.ModelType;
        if (Refusals.Find(kind) is { } why)
            throw new UnsupportedModelException($"model_type is '{kind}': {why}.");
        return Families.TryGetValue(kind, out Func<ModelConfig, Answer>? family)
            ? family(config)
            : throw new UnsupportedModelException($"model_type is '{kind}'; expected one of {string.Join(", ", Names)}.");
    }
}

/// <summary>Kinds of models that are known not to work, and why.</summary>
internal static class Refusals
{
    private const string Scan = "it has no attention in most layers, and no kernel computes its state";

    public static string? Find(string kind) => kind switch
    {
        "deepseek_v32" => "its rows see only the keys that an indexer of its own chooses, which no kernel computes",
        "mamba" or "mamba2" or "rwkv" or "jamba" => Scan,
        _ => null,
    };
}
