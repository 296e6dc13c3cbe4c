using System.Text.Json;

namespace AttentionGen;

/// <summary>A tensor's description and where its bytes stand behind the header.</summary>
internal sealed record SafetensorsEntry(TensorInfo Info, long Begin, long End);

/// <summary>
/// The header of a safetensors file: an eight-byte little-endian length, JSON of that length, and behind it the bytes of all tensors, without holes.
/// Everything is checked here once, so that reading a tensor needs no checks.
/// </summary>
internal sealed class SafetensorsHeader
{
    /// <summary>Bytes of the length in front of the JSON.</summary>
    public const int PrefixBytes = 8;

    /// <summary>What the format allows.</summary>
    public const long MaxJsonBytes = 100_000_000;

    private const int MaxRank = 64;

    private readonly string file;
    private readonly Dictionary<string, SafetensorsEntry> entries = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> metadata = new(StringComparer.Ordinal);

    private SafetensorsHeader(string file) => this.file = file;

    /// <summary>Every tensor by name.</summary>
    public IReadOnlyDictionary<string, SafetensorsEntry> Entries => entries;

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>Checks the length in front of the JSON.</summary>
    /// <exception cref="InvalidDataException">It is more than the file or the format allows.</exception>
    public static int CheckJsonLength(string file, ulong jsonBytes, long fileBytes)
    {
        if (jsonBytes > MaxJsonBytes)
            throw Malformed(file, $"the header says that it is {jsonBytes} bytes long; the format allows {MaxJsonBytes}");
        if ((long)jsonBytes > fileBytes - PrefixBytes)
            throw Malformed(file, $"the header says that it is {jsonBytes} bytes long, but only {fileBytes - PrefixBytes} bytes follow its length: the file is truncated or no safetensors file");
        return (int)jsonBytes;
    }

    /// <summary>Reads the JSON, and checks it against the bytes that follow it.</summary>
    /// <exception cref="InvalidDataException">Anything is wrong; the message says where and what.</exception>
    public static SafetensorsHeader Parse(string file, ReadOnlySpan<byte> json, long dataBytes)
    {
        var header = new SafetensorsHeader(file);
        if (json.IsEmpty || json[0] != (byte)'{')
            throw Malformed(file, "the header does not begin with '{', so it is not JSON as the format demands");

        try
        {
            var reader = new Utf8JsonReader(json);
            header.ReadRoot(ref reader, dataBytes);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw Malformed(file, $"the header is not valid JSON: {exception.Message}", exception);
        }

        header.CheckLayout(dataBytes);
        return header;
    }

    internal static InvalidDataException Malformed(string file, string what, Exception? inner = null) => new($"'{file}': {what}.", inner);

    private InvalidDataException MalformedTensor(string name, string what) => Malformed(file, $"tensor '{name}' {what}");

    private void ReadRoot(ref Utf8JsonReader reader, long dataBytes)
    {
        bool hasMetadata = false;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
                throw Malformed(file, $"the header's '{name}' is not a JSON object");
            if (name == "__metadata__" && hasMetadata)
                throw Malformed(file, "__metadata__ stands in the header twice");
            if (name == "__metadata__")
            {
                hasMetadata = true;
                ReadMetadata(ref reader);
            }
            else if (!entries.TryAdd(name, ReadEntry(ref reader, name, dataBytes)))
            {
                throw MalformedTensor(name, "is described twice");
            }
        }

        // Throws where anything but white space follows.
        reader.Read();
    }

    private void ReadMetadata(ref Utf8JsonReader reader)
    {
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string key = reader.GetString()!;
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw Malformed(file, $"'{key}' of __metadata__ is not a text");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw Malformed(file, $"'{key}' of __metadata__ stands there twice");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, long dataBytes)
    {
        string? type = null;
        long[]? shape = null;
        long[]? offsets = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string field = reader.GetString()!;
            reader.Read();
            switch (field)
            {
                case "dtype" when type is null && reader.TokenType == JsonTokenType.String:
                    type = reader.GetString()!;
                    break;
                case "shape" when shape is null:
                    shape = ReadNumbers(ref reader, name, field);
                    break;
                case "data_offsets" when offsets is null:
                    offsets = ReadNumbers(ref reader, name, field);
                    break;
                case "dtype" when type is null:
                    throw MalformedTensor(name, "has a dtype that is not a text");
                case "dtype" or "shape" or "data_offsets":
                    throw MalformedTensor(name, $"has {field} twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || shape is null || offsets is null)
            throw MalformedTensor(name, $"has no {(type is null ? "dtype" : shape is null ? "shape" : "data_offsets")}");
        CheckEntry(name, type, shape, offsets, dataBytes);
        return new SafetensorsEntry(new TensorInfo(name, type, shape), offsets[0], offsets[1]);
    }

    private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string field)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw MalformedTensor(name, $"has a {field} that is not an array");
        var numbers = new List<long>(4);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw MalformedTensor(name, $"has a {field} with an element that is not a whole number from 0 to {long.MaxValue}");
            if (numbers.Count == MaxRank)
                throw MalformedTensor(name, $"has a {field} of more than {MaxRank} elements");
            numbers.Add(number);
        }

        return [.. numbers];
    }

    private void CheckEntry(string name, string type, long[] shape, long[] offsets, long dataBytes)
    {
        if (BitsOf(type) is not { } bits)
            throw MalformedTensor(name, $"has the unknown dtype '{type}'");
        if (offsets.Length != 2)
            throw MalformedTensor(name, $"has {offsets.Length} data_offsets; expected 2");
        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end)
            throw MalformedTensor(name, $"has data_offsets [{begin}, {end}], which end before they begin");
        if (end > dataBytes)
            throw MalformedTensor(name, $"has data_offsets [{begin}, {end}], but only {dataBytes} bytes follow the header: the file is truncated, or the offsets are wrong");

        Int128 elements = 1;
        foreach (long dimension in shape)
        {
            elements *= dimension;
            if (elements > long.MaxValue)
                throw MalformedTensor(name, $"has shape [{string.Join(", ", shape)}], which is more elements than can be counted");
        }

        if (elements * bits != (Int128)(end - begin) * 8)
        {
            throw MalformedTensor(name,
                $"has {type} elements of shape [{string.Join(", ", shape)}], which take {(elements * bits + 7) / 8} bytes, but data_offsets [{begin}, {end}], which are {end - begin} bytes");
        }
    }

    /// <summary>The format allows neither holes nor overlaps.</summary>
    private void CheckLayout(long dataBytes)
    {
        SafetensorsEntry? previous = null;
        long covered = 0;
        foreach (SafetensorsEntry entry in entries.Values.OrderBy(entry => entry.Begin).ThenBy(entry => entry.End))
        {
            string name = entry.Info.Name;
            if (entry.Begin < covered)
                throw MalformedTensor(name, $"has data_offsets [{entry.Begin}, {entry.End}], which overlap tensor '{previous!.Info.Name}' at [{previous.Begin}, {previous.End}]");
            if (entry.Begin > covered)
                throw MalformedTensor(name, $"begins at {entry.Begin}, but the tensor before it ends at {covered}: the format allows no holes");
            previous = entry;
            covered = entry.End;
        }

        if (covered != dataBytes)
            throw Malformed(file, $"{dataBytes} bytes follow the header, but its tensors end at {covered}: the format allows no holes");
    }

    private static int? BitsOf(string type) => type switch
    {
        "F4" => 4,
        "F6_E2M3" or "F6_E3M2" => 6,
        "BOOL" or "U8" or "I8" or "F8_E5M2" or "F8_E4M3" or "F8_E8M0" or "F8_E4M3FNUZ" or "F8_E5M2FNUZ" => 8,
        "I16" or "U16" or "F16" or "BF16" => 16,
        "I32" or "U32" or "F32" => 32,
        "I64" or "U64" or "F64" or "C64" => 64,
        _ => null,
    };
}
