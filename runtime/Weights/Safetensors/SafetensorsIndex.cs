using System.Text.Json;

namespace AttentionGen;

/// <summary>A shard index, <c>model.safetensors.index.json</c>: which file holds which tensor.</summary>
internal sealed class SafetensorsIndex
{
    // What file systems allow, and each character of it escaped.
    private const int MaxShardNameBytes = 255 * 6;

    // A shard's name, as text and in paths; hash, next, name and number in a dictionary that grows, and places in the order.
    private const long ShardBytes = 400;
    private const long ShardCharacterBytes = 4 * sizeof(char);

    // A tensor that its shard does not have: its name, and the places of the name among the names and in a dictionary that was not made for it, and so doubles.
    private const long LostBytes = SafetensorsHeaderSize.StringBytes + (4 * SafetensorsPlace.SlotBytes) + 16;

    private readonly string path;
    private readonly string folder;
    private readonly byte[] json;
    private readonly Dictionary<string, int> numbers = new(StringComparer.Ordinal);
    private int mapStart = -1;
    private int tensors;
    private int longestName;

    private SafetensorsIndex(string path, byte[] json)
    {
        this.path = path;
        folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        this.json = json;
    }

    /// <summary>The names of all shards, in ordinal order. They stand beside the index.</summary>
    public string[] Shards { get; private set; } = [];

    /// <summary>Reads an index.</summary>
    /// <param name="path">The file.</param>
    /// <param name="allowance">What its objects are taken from; the index adds to it.</param>
    /// <exception cref="InvalidDataException">Anything is wrong; the message says what.</exception>
    /// <exception cref="FileNotFoundException">The index is not there.</exception>
    public static SafetensorsIndex Read(string path, FileAllowance allowance)
    {
        if (Directory.Exists(path))
            throw FileErrors.Malformed(path, FileImpostor.DescribeFolder(path, ".safetensors", ".safetensors.index.json"));
        var info = new FileInfo(path);
        if (info.Exists && info.Length > SafetensorsHeader.MaxJsonBytes)
            throw FileErrors.Malformed(path, $"the index has {info.Length} bytes; expected at most {SafetensorsHeader.MaxJsonBytes}");
        byte[] json = File.ReadAllBytes(path);
        allowance.AddFile(json.Length);
        allowance.Take(json.Length, path, "the bytes of the index");
        if (FileImpostor.Describe(json, isIndex: true) is { } kind)
            throw FileErrors.Malformed(path, kind);
        var index = new SafetensorsIndex(path, json);
        try
        {
            index.ReadRoot(allowance);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw index.NotJson(exception);
        }

        index.Shards = [.. index.numbers.Keys.Order(StringComparer.Ordinal)];
        for (int shard = 0; shard < index.Shards.Length; shard++)
            index.numbers[index.Shards[shard]] = shard;
        return index;
    }

    /// <summary>Where a shard stands.</summary>
    public string ShardPath(int shard) => Path.Combine(folder, Shards[shard]);

    /// <summary>
    /// Finds every tensor of the index in its shard, under the name that the shard's header made. What is not there is an error when it is read.
    /// </summary>
    /// <param name="shards">The shards, in their order; null where the file is missing.</param>
    /// <param name="allowance">What the dictionary is taken from.</param>
    /// <exception cref="InvalidDataException">A tensor is named twice.</exception>
    public Dictionary<string, SafetensorsPlace> FindTensors(SafetensorsShard?[] shards, FileAllowance allowance)
    {
        // A name of the index is undone from escapes in one buffer, for which the reader borrows another of up to twice its bytes.
        int most = Math.Min(tensors, shards.Sum(shard => shard?.Header.InOrder.Length ?? 0));
        allowance.Take((most * SafetensorsPlace.SlotBytes) + (longestName * (2L + sizeof(char))), path, $"the index's {tensors} tensors");
        var found = new Dictionary<string, SafetensorsPlace>(most, StringComparer.Ordinal);
        try
        {
            FindTensors(shards, found, allowance);
        }
        catch (InvalidOperationException exception)
        {
            throw NotJson(exception);
        }

        return found;
    }

    private void FindTensors(SafetensorsShard?[] shards, Dictionary<string, SafetensorsPlace> found, FileAllowance allowance)
    {
        var name = new char[longestName];
        Span<char> shardName = stackalloc char[MaxShardNameBytes];
        var lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        var reader = new Utf8JsonReader(json.AsSpan(mapStart));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            ReadOnlySpan<char> tensor = name.AsSpan(0, reader.CopyString(name));
            reader.Read();
            int shard = lookup[shardName[..reader.CopyString(shardName)]];
            if (shards[shard]?.Header.Places.GetAlternateLookup<ReadOnlySpan<char>>() is not { } places
                || !places.TryGetValue(tensor, out string? made, out SafetensorsPlace place))
            {
                allowance.Take(LostBytes + (tensor.Length * sizeof(char)), path, "the tensors that the shards do not have");
                (made, place) = (tensor.ToString(), new SafetensorsPlace(shard, -1));
            }

            if (!found.TryAdd(made, place))
                throw FileErrors.Malformed(path, $"the index names tensor {FileErrors.Quoted(tensor)} twice");
        }
    }

    // Texts are not decoded before they are used: escapes and bytes that are no characters show only then, as InvalidOperationException.
    private InvalidDataException NotJson(Exception exception) =>
        FileErrors.Malformed(path, $"the index is not valid JSON: {exception.Message}", exception);

    private void ReadRoot(FileAllowance allowance)
    {
        SafetensorsJson.CheckLiterals(json);
        var reader = new Utf8JsonReader(json);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
            throw FileErrors.Malformed(path, "the index is not a JSON object");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            bool isMap = reader.ValueTextEquals("weight_map");
            reader.Read();
            if (!isMap)
                reader.Skip();
            else if (mapStart >= 0)
                throw FileErrors.Malformed(path, "the index has weight_map twice");
            else
                ReadMap(ref reader, allowance);
        }

        // Throws where anything but white space follows.
        reader.Read();
        if (mapStart < 0)
            throw FileErrors.Malformed(path, "the index has no weight_map");
    }

    /// <summary>Counts the tensors, and collects the shards.</summary>
    private void ReadMap(ref Utf8JsonReader reader, FileAllowance allowance)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
            throw FileErrors.Malformed(path, "the index's weight_map is not a JSON object");
        mapStart = (int)reader.TokenStartIndex;
        Span<char> buffer = stackalloc char[MaxShardNameBytes];
        var lookup = numbers.GetAlternateLookup<ReadOnlySpan<char>>();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            Utf8JsonReader tensor = reader;
            tensors++;
            longestName = Math.Max(longestName, reader.ValueSpan.Length);
            reader.Read();
            if (reader.TokenType != JsonTokenType.String)
                throw FileErrors.Malformed(path, $"the index gives tensor {FileErrors.Quoted(ref tensor)} something that is not a file name");
            bool isName = reader.ValueSpan.Length <= MaxShardNameBytes;
            ReadOnlySpan<char> name = isName ? buffer[..reader.CopyString(buffer)] : [];
            if (lookup.ContainsKey(name))
                continue;

            // An index from elsewhere must not reach files outside its own folder.
            if (!isName || name is "" or "." or ".." || !Path.GetFileName(name).SequenceEqual(name) || name.Contains('\\'))
                throw FileErrors.Malformed(
                    path,
                    $"the index gives tensor {FileErrors.Quoted(ref tensor)} the file {FileErrors.Quoted(ref reader)}; expected the name of a file "
                        + $"beside the index");
            string file = Path.Combine(folder, name.ToString());
            allowance.Take(ShardBytes + (ShardCharacterBytes * file.Length), path, $"the index's {numbers.Count + 1} shards");
            numbers.Add(name.ToString(), numbers.Count);
        }
    }
}
