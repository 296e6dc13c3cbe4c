using System.Text.Json;

namespace AttentionGen.Samples.Sentences;

/// <summary>What a client of OpenAI's embeddings sends.</summary>
/// <param name="Texts">At least one text, none empty.</param>
/// <param name="IsBase64">Whether vectors are to be written as base64 of little-endian float32, which OpenAI's own clients ask for.</param>
internal sealed record EmbeddingRequest(IReadOnlyList<string> Texts, bool IsBase64)
{
    /// <summary>The most texts of one request, as with OpenAI.</summary>
    public const int MaxTexts = 2048;

    /// <summary>Reads a request.</summary>
    /// <param name="body">Its body.</param>
    /// <param name="model">The name of the model that is served.</param>
    /// <exception cref="RequestException">It is wrong; the message says what was expected.</exception>
    public static EmbeddingRequest Read(JsonElement body, string model)
    {
        if (body.ValueKind != JsonValueKind.Object)
            throw new RequestException(400, "The body must be a JSON object, such as {\"model\": \"" + model + "\", \"input\": \"A text\"}.");
        if (body.TryGetProperty("model", out JsonElement name) && name.ValueKind != JsonValueKind.Null)
        {
            if (name.ValueKind != JsonValueKind.String)
                throw new RequestException(400, $"model must be a string, but is {Show(name)}.", "model");
            // With or without its author, as on Hugging Face.
            if (name.GetString()!.Split('/')[^1] != model)
                throw new RequestException(404, $"The model {Show(name)} is not here; this server has {model}.", "model", "model_not_found");
        }

        if (body.TryGetProperty("dimensions", out JsonElement dimensions) && dimensions.ValueKind != JsonValueKind.Null &&
            !(dimensions.ValueKind == JsonValueKind.Number && dimensions.TryGetInt32(out int count) && count == SentenceModel.Dimensions))
            throw new RequestException(400, $"dimensions must be {SentenceModel.Dimensions}, which the model has, but is {Show(dimensions)}.", "dimensions");
        return new EmbeddingRequest(ReadTexts(body), ReadFormat(body));
    }

    private static string[] ReadTexts(JsonElement body)
    {
        if (!body.TryGetProperty("input", out JsonElement input) || input.ValueKind == JsonValueKind.Null)
            throw new RequestException(400, "input is missing; expected a text, or an array of texts.", "input");
        if (input.ValueKind == JsonValueKind.String)
            return [ReadText(input, "input")];
        if (input.ValueKind != JsonValueKind.Array)
            throw new RequestException(400, $"input must be a text, or an array of texts, but is {Show(input)}.", "input");
        int count = input.GetArrayLength();
        if (count == 0)
            throw new RequestException(400, "input is an empty array; expected a text, or an array of texts.", "input");
        if (count > MaxTexts)
            throw new RequestException(413, $"input has {count} texts; expected at most {MaxTexts}.", "input");
        return [.. input.EnumerateArray().Select((text, i) => ReadText(text, $"input[{i}]"))];
    }

    private static string ReadText(JsonElement text, string name)
    {
        if (text.ValueKind is JsonValueKind.Number or JsonValueKind.Array)
            throw new RequestException(400, $"{name} is {Show(text)}, a token: this model has other tokens than OpenAI's. Send texts.", "input");
        if (text.ValueKind != JsonValueKind.String)
            throw new RequestException(400, $"{name} must be a text, but is {Show(text)}.", "input");
        string value;
        try
        {
            value = text.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new RequestException(400, $"{name} is no valid Unicode.", "input");
        }

        return value.Length > 0 ? value : throw new RequestException(400, $"{name} is an empty text.", "input");
    }

    private static bool ReadFormat(JsonElement body)
    {
        if (!body.TryGetProperty("encoding_format", out JsonElement format) || format.ValueKind == JsonValueKind.Null)
            return false;
        return format.ValueKind == JsonValueKind.String && format.ValueEquals("base64") ? true
            : format.ValueKind == JsonValueKind.String && format.ValueEquals("float") ? false
            : throw new RequestException(400, $"encoding_format must be \"float\" or \"base64\", but is {Show(format)}.", "encoding_format");
    }

    private static string Show(JsonElement value)
    {
        string text = value.GetRawText();
        return text.Length <= 100 ? text : text[..100] + "…";
    }
}

/// <summary>A request that cannot be answered.</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="message">What is wrong, and what was expected.</param>
/// <param name="parameter">The field that is wrong.</param>
/// <param name="code">OpenAI's word for the fault, where it has one.</param>
internal sealed class RequestException(int status, string message, string? parameter = null, string? code = null) : Exception(message)
{
    public int Status => status;

    public string? Parameter => parameter;

    public string? Code => code;
}
