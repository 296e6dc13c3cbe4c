using System.Text.Json;

namespace AttentionGen.Samples.Sentences;

/// <summary>A model's files, as Hugging Face and sentence-transformers lay them out.</summary>
/// <param name="Name">The folder's name.</param>
/// <param name="Weights">model.safetensors, or the index of its shards.</param>
/// <param name="Vocabulary">vocab.txt.</param>
/// <param name="MaxTokens">The most tokens of a text, where the folder says it.</param>
/// <param name="Pooling">How the model makes one vector of many.</param>
public sealed record ModelFolder(string Name, string Weights, string Vocabulary, int? MaxTokens, Pooling Pooling)
{
    /// <summary>Looks at a folder: are the files there, and do the settings say what this program does?</summary>
    /// <param name="directory">The folder.</param>
    /// <exception cref="IOException">The folder or a file is missing.</exception>
    /// <exception cref="InvalidDataException">The settings are of another kind of model, or are damaged.</exception>
    public static ModelFolder Open(string directory)
    {
        directory = Path.GetFullPath(directory);
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException(File.Exists(directory)
               
                    ? $"--model must name a folder with model.safetensors and vocab.txt, but '{directory}' is a file. An ONNX file becomes such a folder by "
                        + $"the command convert."
                : $"The folder '{directory}' does not exist. --model names a folder with model.safetensors and vocab.txt.");
        }

        string weights = Path.Combine(directory, "model.safetensors"), index = weights + ".index.json", vocabulary = Path.Combine(directory, "vocab.txt");
        if (!File.Exists(weights) && File.Exists(index))
            weights = index;
        if (!File.Exists(weights))
        {
            string advice = File.Exists(Path.Combine(directory, "model.onnx")) ? " The command convert makes it of model.onnx."
                : File.Exists(Path.Combine(directory, "pytorch_model.bin")) ? " pytorch_model.bin is not read: get model.safetensors from the same place."
                : "";
            throw new FileNotFoundException($"'{directory}' has no model.safetensors, which holds the weights.{advice}");
        }

        if (!File.Exists(vocabulary))
            throw new FileNotFoundException($"'{directory}' has no vocab.txt, which holds the tokens, one a line.");
        CheckConfiguration(Path.Combine(directory, "config.json"));
        CheckTokenizer(Path.Combine(directory, "tokenizer_config.json"));
        return new ModelFolder(
            Path.GetFileName(directory.TrimEnd(Path.DirectorySeparatorChar)), weights, vocabulary,
            ReadMaxTokens(Path.Combine(directory, "sentence_bert_config.json")), ReadPooling(Path.Combine(directory, "1_Pooling", "config.json")));
    }

    /// <summary>The settings that no dimension of a tensor shows, and that change what is computed.</summary>
    private static void CheckConfiguration(string path)
    {
        JsonElement settings = Read(path);
        Check("model_type", "bert");
        Check("hidden_act", "gelu");
        Check("position_embedding_type", "absolute");
        Check("num_attention_heads", SentenceLayer.Heads);
        Check("layer_norm_eps", 1e-12);

        void Check(string name, object expected)
        {
            if (!settings.TryGetProperty(name, out JsonElement value))
                return;
            bool fits = expected is string text ? value.ValueKind == JsonValueKind.String && value.GetString() == text
                : value.ValueKind == JsonValueKind.Number && value.GetDouble() == Convert.ToDouble(expected, System.Globalization.CultureInfo.InvariantCulture);
            if (!fits)
                throw new InvalidDataException(
                    $"'{path}': {name} is {value.GetRawText()}, but this program is compiled for {expected}: it runs all-MiniLM-L6-v2 and models of its "
                        + $"shape.");
        }
    }

    private static void CheckTokenizer(string path)
    {
        if (Read(path).TryGetProperty("do_lower_case", out JsonElement lower) && lower.ValueKind == JsonValueKind.False)
            throw new InvalidDataException($"'{path}': do_lower_case is false, but this program makes tokens of lower case.");
    }

    private static int? ReadMaxTokens(string path) =>
        !Read(path).TryGetProperty("max_seq_length", out JsonElement value) || value.ValueKind == JsonValueKind.Null ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int tokens) ? tokens
        : throw new InvalidDataException($"'{path}': max_seq_length is {value.GetRawText()}; expected a whole number.");

    private static Pooling ReadPooling(string path)
    {
        string[] on = [.. Read(path).EnumerateObject().Where(setting => setting.Name.StartsWith("pooling_mode_", StringComparison.Ordinal)
            && setting.Value.ValueKind == JsonValueKind.True).Select(setting => setting.Name)];
        return on switch
        {
            [] or ["pooling_mode_mean_tokens"] => Pooling.Mean,
            ["pooling_mode_cls_token"] => Pooling.FirstToken,
            _ => throw new InvalidDataException(
                $"'{path}' asks for {string.Join(" and ", on)}; this program has pooling_mode_mean_tokens and pooling_mode_cls_token."),
        };
    }

    /// <summary>A file of settings; one without any where there is no file.</summary>
    private static JsonElement Read(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.Exists(path) ? File.ReadAllText(path) : "{}");
            return document.RootElement.ValueKind == JsonValueKind.Object ? document.RootElement.Clone()
                : throw new InvalidDataException($"'{path}' is no file of settings: it is not a JSON object.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"'{path}' is damaged: {e.Message}", e);
        }
    }
}
