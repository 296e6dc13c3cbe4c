using System.Text.Json;

namespace AttentionGen;

/// <summary>A shard index, <c>model.safetensors.index.json</c>: which file holds which tensor.</summary>
internal static class SafetensorsIndex
{
    /// <summary>Reads the index.</summary>
    /// <returns>Tensor names and the names of their files, which stand beside the index.</returns>
    /// <exception cref="InvalidDataException">Anything is wrong; the message says what.</exception>
    public static Dictionary<string, string> Read(string path)
    {
        var info = new FileInfo(path);
        if (info.Exists && info.Length > SafetensorsHeader.MaxJsonBytes)
            throw SafetensorsHeader.Malformed(path, $"the index has {info.Length} bytes; expected at most {SafetensorsHeader.MaxJsonBytes}");
        byte[] json = File.ReadAllBytes(path);
        try
        {
            var reader = new Utf8JsonReader(json);
            return ReadRoot(path, ref reader);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw SafetensorsHeader.Malformed(path, $"the index is not valid JSON: {exception.Message}", exception);
        }
    }

    private static Dictionary<string, string> ReadRoot(string path, ref Utf8JsonReader reader)
    {
        Dictionary<string, string>? files = null;
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw SafetensorsHeader.Malformed(path, "the index is not a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMap = reader.ValueTextEquals("weight_map");
            reader.Read();
            if (!isMap)
                reader.Skip();
            else if (files is not null)
                throw SafetensorsHeader.Malformed(path, "the index has weight_map twice");
            else
                files = ReadMap(path, ref reader);
        }

        // Throws where anything but white space follows.
        reader.Read();
        return files ?? throw SafetensorsHeader.Malformed(path, "the index has no weight_map");
    }

    private static Dictionary<string, string> ReadMap(string path, ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw SafetensorsHeader.Malformed(path, "the index's weight_map is not a JSON object");
        var files = new Dictionary<string, string>(StringComparer.Ordinal);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string tensor = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw SafetensorsHeader.Malformed(path, $"the index gives tensor '{tensor}' something that is not a file name");
            string shard = reader.GetString()!;

            // An index from elsewhere must not reach files outside its own folder.
            if (shard is "" or "." or ".." || Path.GetFileName(shard) != shard || shard.Contains('\\'))
                throw SafetensorsHeader.Malformed(path, $"the index gives tensor '{tensor}' the file '{shard}'; expected the name of a file beside the index");
            if (!files.TryAdd(tensor, shard))
                throw SafetensorsHeader.Malformed(path, $"the index names tensor '{tensor}' twice");
        }

        return files;
    }
}
