using System.Text.Json;

namespace AttentionGen.Samples.Configure;

/// <summary>A config.json, or an object in it. It notes what was read, so that nothing is passed over without a word.</summary>
internal sealed class ModelConfig
{
    /// <summary>Keys that change nothing in what a layer computes once the model is trained.</summary>
    private static readonly string[] Harmless =
    [
        "_name_or_path", "architectures", "attention_dropout", "attention_probs_dropout_prob", "auto_map", "bos_token_id", "cache_implementation",
        "classifier_dropout", "classifier_dropout_prob", "decoder_start_token_id", "dtype", "embd_pdrop", "eos_token_id", "finetuning_task",
        "forced_eos_token_id", "gradient_checkpointing", "hidden_dropout", "hidden_dropout_prob", "id2label", "initializer_range", "is_decoder",
        "is_encoder_decoder", "keys_to_ignore_at_inference", "label2id", "language", "model_type", "pad_token_id", "position_embedding_type", "pretraining_tp",
        "problem_type", "resid_pdrop", "return_dict", "sep_token_id", "cls_token_id", "mask_token_id", "tie_word_embeddings", "torch_dtype",
        "transformers_version", "type_vocab_size", "use_cache", "vocab_size", "max_position_embeddings", "unk_token_id", "num_labels", "dropout",
        "task_specific_params", "initializer_factor", "output_past", "n_positions", "summary_activation", "summary_first_dropout", "summary_proj_to_labels",
        "summary_type", "summary_use_proj", "num_hidden_layers", "n_layer", "n_ctx", "attn_pdrop", "dropout_rate", "activation_dropout", "layerdrop",
        "encoder_layerdrop", "decoder_layerdrop", "logit_scale_init_value", "router_aux_loss_coef", "output_router_logits",
    ];

    private readonly JsonElement element;
    private readonly string path;
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    private ModelConfig(JsonElement element, string path, int length)
    {
        this.element = element;
        this.path = path;
        Length = length;
    }

    /// <summary>Positions of the longest context that the user wants; 0 where he does not say.</summary>
    public int Length { get; }

    /// <summary>What kind of model it is.</summary>
    public string ModelType => Text("model_type");

    /// <summary>Reads a file's text.</summary>
    /// <exception cref="UnsupportedModelException">It is not an object.</exception>
    public static ModelConfig Parse(string json, int length)
    {
        JsonElement root = JsonDocument.Parse(json).RootElement.Clone();
        if (root.ValueKind != JsonValueKind.Object)
            throw new UnsupportedModelException($"config.json is of kind {root.ValueKind}; expected an object, such as {{ \"model_type\": \"llama\", … }}.");
        return new(root, "", length);
    }

    /// <summary>Keys that nobody has read and that may change what the model computes.</summary>
    public IEnumerable<string> Unread() => element.EnumerateObject()
        .Where(property => property.Value.ValueKind != JsonValueKind.Null && !read.Contains(property.Name) && !Harmless.Contains(property.Name))
        .Select(property => path + property.Name);

    public bool Has(string name) => Find(name) is not null;

    public int Int(string name) => Find(name) is { ValueKind: JsonValueKind.Number } found && found.TryGetInt32(out int value)
        ? value
        : throw Missing(name, "a whole number");

    public int Int(string name, int otherwise) => Has(name) ? Int(name) : otherwise;

    public double Number(string name) => Find(name) is { ValueKind: JsonValueKind.Number } found ? found.GetDouble() : throw Missing(name, "a number");

    public double Number(string name, double otherwise) => Has(name) ? Number(name) : otherwise;

    public string Text(string name) => Find(name) is { ValueKind: JsonValueKind.String } found ? found.GetString()! : throw Missing(name, "a text");

    public string Text(string name, string otherwise) => Has(name) ? Text(name) : otherwise;

    public bool Flag(string name, bool otherwise) => Find(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        _ => throw Missing(name, "true or false"),
    };

    public double[] Numbers(string name) => Find(name) is { ValueKind: JsonValueKind.Array } found && found.EnumerateArray().All(
        item => item.ValueKind == JsonValueKind.Number)
        ? [.. found.EnumerateArray().Select(item => item.GetDouble())]
        : throw Missing(name, "a list of numbers");

    public string[] Texts(string name) => Find(name) is { ValueKind: JsonValueKind.Array } found && found.EnumerateArray().All(
        item => item.ValueKind == JsonValueKind.String)
        ? [.. found.EnumerateArray().Select(item => item.GetString()!)]
        : throw Missing(name, "a list of texts");

    /// <summary>An object within this one; null where there is none.</summary>
    public ModelConfig? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } found => new(found, $"{path}{name}.", Length),
        _ => throw Missing(name, "an object"),
    };

    /// <summary>Keys of this family that change nothing in what a layer computes.</summary>
    public void Ignore(params string[] names) => read.UnionWith(names);

    /// <summary>Refuses a model of which a key has another value than the one that kernels compute.</summary>
    public void Expect(string name, bool expected, string why)
    {
        if (Flag(name, expected) != expected)
            throw new UnsupportedModelException($"{path}{name} is {(expected ? "false" : "true")}: {why}.");
    }

    private JsonElement? Find(string name)
    {
        read.Add(name);
        return element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private UnsupportedModelException Missing(string name, string expected) => new(
        $"{path}{name} is {(element.TryGetProperty(name, out JsonElement value) ? value.GetRawText() : "missing")}; expected {expected}.");
}
