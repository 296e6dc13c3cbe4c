using System.Diagnostics.CodeAnalysis;

namespace AttentionGen;

/// <summary>
/// A safetensors file, or all shards of a model. Tensors of F64, F32, F16, BF16, F8_E4M3 and F8_E5M2 can be read as float32; matrices of F16 and BF16
/// stay what they are as weights.
/// </summary>
public sealed class SafetensorsFile : TensorFile
{
    private readonly SafetensorsShard?[] shards;
    private readonly SafetensorsIndex? index;
    private readonly Dictionary<string, SafetensorsPlace> tensors;

    private SafetensorsFile(
        string path, SafetensorsShard?[] shards, Dictionary<string, SafetensorsPlace> tensors, IReadOnlyDictionary<string, string> metadata,
        SafetensorsIndex? index = null)
        : base(path, NamesInOrder(shards, tensors))
    {
        this.shards = shards;
        this.index = index;
        this.tensors = tensors;
        Metadata = metadata;
    }

    /// <summary>The texts under <c>__metadata__</c>. If several shards have a key, the first shard's text counts.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file. A file that cannot be memory-mapped, such as a pipe, is read into memory.</summary>
    /// <param name="path">A <c>.safetensors</c> file, or a shard index such as <c>model.safetensors.index.json</c>, with its shards beside it.</param>
    /// <remarks>A missing shard, or a tensor that its shard lacks, is an error only when that tensor is read.</remarks>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is truncated or malformed; the message names the file, the tensor and the fault. Or it is another kind of file, such as a Git LFS
    /// pointer, a web page or a directory; the message names the kind and the remedy. Or its names and texts, such as those of very many tensors
    /// without elements, would take more memory than 1 MB and twice the size of the file and its shards.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? OpenShards(path) : OpenSingle(path);
    }

    /// <summary>
    /// Reads a safetensors file from a stream, such as an embedded resource. Copies the stream into memory, from its position to its end. The stream
    /// stays open.
    /// </summary>
    /// <param name="stream">The bytes of a <c>.safetensors</c> file, not of a shard index.</param>
    /// <param name="name">The name of the file in messages and in <see cref="Path"/>.</param>
    /// <exception cref="ArgumentException">An argument is null, <paramref name="name"/> is empty, or the stream cannot be read.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">The content is truncated, malformed, of another kind, or too large, as for a path.</exception>
    public static SafetensorsFile Open(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!stream.CanRead)
            throw new ArgumentException($"The stream '{name}' cannot be read; expected one that can.", nameof(stream));
        var allowance = new FileAllowance();
        return OpenSingle(SafetensorsShard.Open(name, 0, FileBytes.Read(stream, name, allowance), allowance));
    }

    /// <summary>
    /// Opens a safetensors file in memory. The memory is not copied. It is pinned until the file is disposed, and must not change until then.
    /// </summary>
    /// <param name="bytes">The bytes of a <c>.safetensors</c> file, not of a shard index.</param>
    /// <param name="name">The name of the file in messages and in <see cref="Path"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    /// <exception cref="InvalidDataException">The content is truncated, malformed, of another kind, or too large, as for a path.</exception>
    public static SafetensorsFile Open(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var allowance = new FileAllowance();
        return OpenSingle(SafetensorsShard.Open(name, 0, FileBytes.Pin(bytes, allowance), allowance));
    }

    private protected override void Close()
    {
        foreach (SafetensorsShard? shard in shards)
            shard?.Dispose();
    }

    private protected override bool Has(string name) => tensors.ContainsKey(name);

    private protected override TensorInfo Describe(string name)
    {
        SafetensorsEntry entry = Find(name, out SafetensorsShard shard);
        return new TensorInfo(entry.Name, entry.Type, shard.Header.Shape(entry).ToArray());
    }

    private protected override long CountReadable(string name)
    {
        SafetensorsEntry entry = Find(name, out _);
        int bytes = SafetensorsNumbers.ByteCount(entry.Type);
        if (bytes == 0)
            throw new NotSupportedException($"'{Path}': tensor '{entry.Name}' has dtype {entry.Type}; {SafetensorsNumbers.Readable} can be read as float32.");
        return (entry.End - entry.Begin) / bytes;
    }

    private protected override void ReadValues(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Find(name, out SafetensorsShard shard);
        shard.Read(entry, destination);
    }

    private protected override WeightFormat? FormatOf(string name) => Find(name, out _).Type switch
    {
        "F32" => WeightFormat.Float32,
        "F16" => WeightFormat.Float16,
        "BF16" => WeightFormat.BFloat16,
        _ => null,
    };

    private protected override void ReadBytes(string name, Span<byte> destination)
    {
        SafetensorsEntry entry = Find(name, out SafetensorsShard shard);
        shard.ReadBytes(entry, destination);
    }

    private static string[] NamesInOrder(SafetensorsShard?[] shards, Dictionary<string, SafetensorsPlace> tensors)
    {
        var names = new string[tensors.Count];
        int count = 0;
        for (int shard = 0; shard < shards.Length; shard++)
        {
            ReadOnlySpan<SafetensorsEntry> entries = shards[shard] is { } open ? open.Header.InOrder : [];
            for (int entry = 0; entry < entries.Length; entry++)
            {
                // A shard may hold tensors that the index finds in another one, or not at all.
                if (tensors.TryGetValue(entries[entry].Name, out SafetensorsPlace place) && place == new SafetensorsPlace(shard, entry))
                    names[count++] = entries[entry].Name;
            }
        }

        if (count < names.Length)
        {
            int found = count;
            foreach ((string name, SafetensorsPlace place) in tensors)
            {
                if (place.IsLost)
                    names[count++] = name;
            }

            names.AsSpan(found).Sort(string.CompareOrdinal);
        }

        return names;
    }

    private static SafetensorsFile OpenSingle(string path) => OpenSingle(SafetensorsShard.Open(path, 0, new FileAllowance()));

    private static SafetensorsFile OpenSingle(SafetensorsShard shard) => new(shard.Path, [shard], shard.Header.Places, shard.Header.Metadata);

    private static SafetensorsFile OpenShards(string path)
    {
        var allowance = new FileAllowance();
        var index = SafetensorsIndex.Read(path, allowance);
        var shards = new SafetensorsShard?[index.Shards.Length];
        try
        {
            for (int shard = 0; shard < shards.Length; shard++)
                shards[shard] = System.IO.Path.Exists(index.ShardPath(shard)) ? SafetensorsShard.Open(index.ShardPath(shard), shard, allowance) : null;
            return new SafetensorsFile(path, shards, index.FindTensors(shards, allowance), Merge(path, shards, allowance), index);
        }
        catch
        {
            foreach (SafetensorsShard? shard in shards)
                shard?.Dispose();
            throw;
        }
    }

    /// <summary>The texts of all shards; of those with one key the first.</summary>
    private static Dictionary<string, string> Merge(string path, SafetensorsShard?[] shards, FileAllowance allowance)
    {
        int most = shards.Sum(shard => shard?.Header.Metadata.Count ?? 0);
        allowance.Take(most * SafetensorsHeaderSize.TextSlotBytes, path, "the texts of all shards");
        var metadata = new Dictionary<string, string>(most, StringComparer.Ordinal);
        foreach (SafetensorsShard? shard in shards)
        {
            if (shard is null)
                continue;
            foreach ((string key, string value) in shard.Header.Metadata)
                metadata.TryAdd(key, value);
        }

        return metadata;
    }

    private SafetensorsEntry Find(string name, out SafetensorsShard shard)
    {
        SafetensorsPlace place = tensors[name];
        if (place.IsLost)
            ThrowLost(name, place.Shard);
        shard = shards[place.Shard]!;
        return shard.Header.InOrder[place.Entry];
    }

    [DoesNotReturn]
    private void ThrowLost(string name, int shard)
    {
        string file = index!.Shards[shard];
        if (shards[shard] is null)
            throw new FileNotFoundException(
                $"'{Path}': the shard '{file}', which has tensor '{name}', is missing; expected it beside the index.", index.ShardPath(shard));
        throw FileErrors.Malformed(Path, $"the index says that tensor '{name}' is in '{file}', which does not have it");
    }
}
