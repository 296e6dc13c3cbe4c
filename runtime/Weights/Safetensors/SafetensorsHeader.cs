using System.Text.Json;

namespace AttentionGen;

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

    // The format's types, once: a text for every tensor would take more than the header.
    private static readonly (string Name, int Bits)[] Types =
    [
        ("F32", 32), ("F16", 16), ("BF16", 16), ("I64", 64), ("I32", 32), ("I16", 16), ("I8", 8), ("U8", 8), ("BOOL", 8), ("F64", 64), ("C64", 64),
        ("U64", 64), ("U32", 32), ("U16", 16), ("F8_E4M3", 8), ("F8_E5M2", 8), ("F8_E8M0", 8), ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8),
        ("F6_E2M3", 6), ("F6_E3M2", 6), ("F4", 4),
    ];

    private readonly string file;
    private readonly SafetensorsEntry[] entries;
    private readonly long[] dimensions;
    private readonly Dictionary<string, SafetensorsPlace> places;
    private readonly Dictionary<string, string> metadata;

    private SafetensorsHeader(string file, SafetensorsHeaderSize size)
    {
        this.file = file;
        entries = new SafetensorsEntry[size.Tensors];
        dimensions = new long[size.Dimensions];
        places = new(size.Tensors, StringComparer.Ordinal);
        metadata = new(size.Texts, StringComparer.Ordinal);
    }

    /// <summary>Every tensor in the order of their bytes; those without any by name.</summary>
    public ReadOnlySpan<SafetensorsEntry> InOrder => entries;

    /// <summary>Where in that order the tensor of a name is.</summary>
    public Dictionary<string, SafetensorsPlace> Places => places;

    /// <summary>The texts under <c>__metadata__</c>.</summary>
    public IReadOnlyDictionary<string, string> Metadata => metadata;

    /// <summary>The dimensions of a tensor.</summary>
    public ReadOnlySpan<long> Shape(SafetensorsEntry entry) => dimensions.AsSpan(entry.FirstDimension, entry.Rank);

    /// <summary>
    /// Checks the length in front of the JSON. The first bytes of another kind of file are mostly a length beyond all bounds: then the kind is named.
    /// </summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="jsonBytes">What the first eight bytes say.</param>
    /// <param name="start">The file, or what of it a span can hold.</param>
    /// <param name="fileBytes">How long it is.</param>
    /// <exception cref="InvalidDataException">It is more than the file or the format allows.</exception>
    public static int CheckJsonLength(string file, ulong jsonBytes, ReadOnlySpan<byte> start, long fileBytes)
    {
        if ((jsonBytes > MaxJsonBytes || (long)jsonBytes > fileBytes - PrefixBytes) && FileImpostor.Describe(start, isIndex: false) is { } kind)
            throw FileErrors.Malformed(file, kind);
        if (jsonBytes > MaxJsonBytes)
            throw FileErrors.Malformed(file, $"the header says that it is {jsonBytes} bytes long; the format allows {MaxJsonBytes}");
        if ((long)jsonBytes > fileBytes - PrefixBytes)
            throw FileErrors.Malformed(
                file,
                $"the header says that it is {jsonBytes} bytes long, but only {fileBytes - PrefixBytes} bytes follow its length: the file is truncated or no "
                    + $"safetensors file");
        return (int)jsonBytes;
    }

    /// <summary>Reads the JSON, and checks it against the bytes that follow it.</summary>
    /// <param name="file">The file, for messages.</param>
    /// <param name="shard">Which of the shards the file is.</param>
    /// <param name="json">The header behind its length.</param>
    /// <param name="dataBytes">How many bytes follow it.</param>
    /// <param name="allowance">What the header's objects are taken from.</param>
    /// <exception cref="InvalidDataException">Anything is wrong; the message says where and what.</exception>
    public static SafetensorsHeader Parse(string file, int shard, ReadOnlySpan<byte> json, long dataBytes, FileAllowance allowance)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
            throw FileErrors.Malformed(file, "the header does not begin with '{', so it is not JSON as the format demands");

        try
        {
            var size = SafetensorsHeaderSize.Count(json);
            allowance.Take(size.Bytes, file, $"the header's {size.Tensors} tensors and {size.Texts} texts");
            var header = new SafetensorsHeader(file, size);
            var reader = new Utf8JsonReader(json);
            header.ReadRoot(ref reader, dataBytes);
            header.SetPlaces(shard);
            header.CheckLayout(dataBytes);
            return header;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw FileErrors.Malformed(file, $"the header is not valid JSON: {exception.Message}", exception);
        }
    }

    private InvalidDataException MalformedTensor(string name, string what) => FileErrors.Malformed(file, $"tensor {FileErrors.Quoted(name)} {what}");

    private void ReadRoot(ref Utf8JsonReader reader, long dataBytes)
    {
        bool hasMetadata = false;
        int tensors = 0, used = 0;
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string name = reader.GetString()!;
            reader.Read();
            bool isMetadata = name == "__metadata__", isNull = isMetadata && reader.TokenType == JsonTokenType.Null;
            if (reader.TokenType != JsonTokenType.StartObject && !isNull)
                throw FileErrors.Malformed(file, $"the header's {FileErrors.Quoted(name)} is not a JSON object");
            if (isMetadata && hasMetadata)
                throw FileErrors.Malformed(file, "__metadata__ stands in the header twice");
            if (isMetadata)
            {
                hasMetadata = true;
                if (!isNull)
                    ReadMetadata(ref reader);
                continue;
            }

            SafetensorsEntry entry = ReadEntry(ref reader, name, used, dataBytes);
            entries[tensors++] = entry;
            used += entry.Rank;
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
                throw FileErrors.Malformed(file, $"{FileErrors.Quoted(key)} of __metadata__ is not a text");
            if (!metadata.TryAdd(key, reader.GetString()!))
                throw FileErrors.Malformed(file, $"{FileErrors.Quoted(key)} of __metadata__ stands there twice");
        }
    }

    private SafetensorsEntry ReadEntry(ref Utf8JsonReader reader, string name, int firstDimension, long dataBytes)
    {
        (string Name, int Bits)? type = null;
        int rank = -1, offsetCount = -1;
        Span<long> offsets = stackalloc long[MaxRank];
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            string? field = reader.ValueTextEquals("dtype")
                ? "dtype"
                : reader.ValueTextEquals("shape")
                ? "shape"
                : reader.ValueTextEquals("data_offsets")
                ? "data_offsets"
                : null;
            reader.Read();
            switch (field)
            {
                case "dtype" when type is null && reader.TokenType == JsonTokenType.String:
                    type = ReadType(ref reader, name);
                    break;
                case "shape" when rank < 0:
                    rank = ReadNumbers(ref reader, name, field, dimensions.AsSpan(firstDimension));
                    break;
                case "data_offsets" when offsetCount < 0:
                    offsetCount = ReadNumbers(ref reader, name, field, offsets);
                    break;
                case "dtype" when type is null:
                    throw MalformedTensor(name, "has a dtype that is not a text");
                case not null:
                    throw MalformedTensor(name, $"has {field} twice");
                default:
                    reader.Skip();
                    break;
            }
        }

        if (type is null || rank < 0 || offsetCount < 0)
            throw MalformedTensor(name, $"has no {(type is null ? "dtype" : rank < 0 ? "shape" : "data_offsets")}");
        CheckEntry(name, type.Value, dimensions.AsSpan(firstDimension, rank), offsets[..offsetCount], dataBytes);
        return new SafetensorsEntry(name, type.Value.Name, firstDimension, rank, offsets[0], offsets[1]);
    }

    private (string Name, int Bits) ReadType(ref Utf8JsonReader reader, string name)
    {
        foreach ((string Name, int Bits) type in Types)
        {
            if (reader.ValueTextEquals(type.Name))
                return type;
        }

        throw MalformedTensor(name, $"has the unknown dtype {FileErrors.Quoted(ref reader)}");
    }

    /// <summary>Reads an array of whole numbers; how many there are.</summary>
    private int ReadNumbers(ref Utf8JsonReader reader, string name, string field, scoped Span<long> numbers)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw MalformedTensor(name, $"has a {field} that is not an array");
        int count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out long number) || number < 0)
                throw MalformedTensor(name, $"has a {field} with an element that is not a whole number from 0 to {long.MaxValue}");
            if (count == MaxRank)
                throw MalformedTensor(name, $"has a {field} of more than {MaxRank} elements");
            numbers[count++] = number;
        }

        return count;
    }

    private void CheckEntry(string name, (string Name, int Bits) type, ReadOnlySpan<long> shape, ReadOnlySpan<long> offsets, long dataBytes)
    {
        if (offsets.Length != 2)
            throw MalformedTensor(name, $"has {offsets.Length} data_offsets; expected 2");
        (long begin, long end) = (offsets[0], offsets[1]);
        if (begin > end)
            throw MalformedTensor(name, $"has data_offsets [{begin}, {end}], which end before they begin");
        if (end > dataBytes)
            throw MalformedTensor(
                name, $"has data_offsets [{begin}, {end}], but only {dataBytes} bytes follow the header: the file is truncated, or the offsets are wrong");

        Int128 elements = 1;
        foreach (long dimension in shape)
        {
            elements *= dimension;
            if (elements > long.MaxValue)
                throw MalformedTensor(name, $"has shape [{string.Join(", ", shape.ToArray())}], which is more elements than can be counted");
        }

        if (elements * type.Bits != (Int128)(end - begin) * 8)
        {
            throw MalformedTensor(name,
                $"has {type.Name} elements of shape [{string.Join(", ", shape.ToArray())}], which take {(elements * type.Bits + 7) / 8} bytes, but "
                    + $"data_offsets [{begin}, {end}], which are {end - begin} bytes");
        }
    }

    private void SetPlaces(int shard)
    {
        entries.AsSpan().Sort(static (first, second) =>
            first.Begin != second.Begin ? first.Begin.CompareTo(second.Begin)
            : first.End != second.End ? first.End.CompareTo(second.End)
            : string.CompareOrdinal(first.Name, second.Name));
        for (int entry = 0; entry < entries.Length; entry++)
        {
            if (!places.TryAdd(entries[entry].Name, new SafetensorsPlace(shard, entry)))
                throw MalformedTensor(entries[entry].Name, "is described twice");
        }
    }

    /// <summary>The format allows neither holes nor overlaps.</summary>
    private void CheckLayout(long dataBytes)
    {
        SafetensorsEntry previous = default;
        foreach (SafetensorsEntry entry in entries)
        {
            if (entry.Begin < previous.End)
                throw MalformedTensor(
                    entry.Name,
                    $"has data_offsets [{entry.Begin}, {entry.End}], which overlap tensor {FileErrors.Quoted(previous.Name)} at [{previous.Begin}, "
                        + $"{previous.End}]");
            if (entry.Begin > previous.End)
                throw MalformedTensor(entry.Name, $"begins at {entry.Begin}, but the tensor before it ends at {previous.End}: the format allows no holes");
            previous = entry;
        }

        if (previous.End != dataBytes)
            throw FileErrors.Malformed(file, $"{dataBytes} bytes follow the header, but its tensors end at {previous.End}: the format allows no holes");
    }
}
