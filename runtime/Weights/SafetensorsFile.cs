using System.Diagnostics.CodeAnalysis;

namespace AttentionGen;

/// <summary>
/// A safetensors file, or all shards of a model: memory-mapped, and checked as a whole when it is opened.
/// May be read by many threads at once.
/// </summary>
/// <remarks>The file must not change or shrink while it is open.</remarks>
public sealed class SafetensorsFile : IDisposable
{
    private readonly SafetensorsShard[] shards;
    private readonly IReadOnlyDictionary<string, SafetensorsEntry> tensors;

    private SafetensorsFile(string path, SafetensorsShard[] shards, IReadOnlyDictionary<string, SafetensorsEntry> tensors)
    {
        Path = path;
        this.shards = shards;
        this.tensors = tensors;
        TensorNames = Array.AsReadOnly(NamesInOrder(shards, tensors));
        Metadata = shards is [var only] ? only.Header.Metadata : Merge(shards);
    }

    /// <summary>The path that was opened.</summary>
    public string Path { get; }

    /// <summary>The names of all tensors, in the order of their bytes.</summary>
    public IReadOnlyList<string> TensorNames { get; }

    /// <summary>The texts under <c>__metadata__</c>; of all shards, the first to have a key.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <summary>Opens a file.</summary>
    /// <param name="path">A <c>.safetensors</c> file, or a shard index such as <c>model.safetensors.index.json</c>, whose shards stand beside it.</param>
    /// <exception cref="FileNotFoundException">The file, or a shard that the index names, is not there.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is truncated or malformed; the message names the file, the tensor and what is wrong. Or its header describes so many tensors and texts that
    /// they would take more memory than twice the file and 1 MB, as thousands without elements would.
    /// </exception>
    public static SafetensorsFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? OpenShards(path) : OpenSingle(path);
    }

    /// <summary>Whether there is a tensor of this name.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    public bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return tensors.ContainsKey(name);
    }

    /// <summary>Type and shape of a tensor.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    public TensorInfo GetInfo(string name) => Find(name).Info;

    /// <summary>Reads a tensor into a new array, converting it to float32 where it is F16 or BF16.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <returns>Its elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    /// <exception cref="NotSupportedException">The tensor has another type, or more elements than an array can hold.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public float[] ReadFloat32(string name)
    {
        TensorInfo info = GetInfo(name);
        CheckReadable(info);
        if (info.ElementCount > Array.MaxLength)
            throw new NotSupportedException($"'{Path}': tensor '{name}' has {info.ElementCount} elements; an array holds at most {Array.MaxLength}.");
        var values = new float[info.ElementCount];
        Read(name, values);
        return values;
    }

    /// <summary>Reads a tensor, converting it to float32 where it is F16 or BF16.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <param name="destination">Where its elements go, row-major; exactly as long as the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="destination"/> has another length.</exception>
    /// <exception cref="NotSupportedException">The tensor has another type.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public void Read(string name, Span<float> destination)
    {
        SafetensorsEntry entry = Find(name);
        CheckReadable(entry.Info);
        if (destination.Length != entry.Info.ElementCount)
        {
            throw new ArgumentException(
                $"destination.Length is {destination.Length}; expected {entry.Info.ElementCount}, the elements of tensor '{name}' of '{Path}'.", nameof(destination));
        }

        entry.Shard.Read(entry, destination);
    }

    /// <summary>Unmaps the file. Arrays that were read from it stay as they are.</summary>
    public void Dispose()
    {
        foreach (SafetensorsShard shard in shards)
            shard.Dispose();
    }

    private static string[] NamesInOrder(SafetensorsShard[] shards, IReadOnlyDictionary<string, SafetensorsEntry> tensors)
    {
        var names = new string[tensors.Count];
        int count = 0;
        foreach (SafetensorsShard shard in shards)
        {
            foreach (SafetensorsEntry entry in shard.Header.InOrder)
            {
                // A shard may hold tensors that the index finds in another one, or not at all.
                if (ReferenceEquals(tensors.GetValueOrDefault(entry.Info.Name), entry))
                    names[count++] = entry.Info.Name;
            }
        }

        return names;
    }

    private static SafetensorsFile OpenSingle(string path)
    {
        var shard = SafetensorsShard.Open(path);
        return new SafetensorsFile(path, [shard], shard.Header.Entries);
    }

    private static SafetensorsFile OpenShards(string path)
    {
        Dictionary<string, string> files = SafetensorsIndex.Read(path);
        string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var opened = new Dictionary<string, SafetensorsShard>(StringComparer.Ordinal);
        try
        {
            foreach (string name in files.Values.Distinct().Order(StringComparer.Ordinal))
                opened.Add(name, OpenShard(path, folder, name));
            var tensors = new Dictionary<string, SafetensorsEntry>(files.Count, StringComparer.Ordinal);
            foreach ((string tensor, string name) in files)
            {
                if (!opened[name].Header.Entries.TryGetValue(tensor, out SafetensorsEntry? entry))
                    throw SafetensorsHeader.Malformed(path, $"the index says that tensor '{tensor}' is in '{name}', which does not have it");
                tensors.Add(tensor, entry);
            }

            return new SafetensorsFile(path, [.. opened.Values], tensors);
        }
        catch
        {
            foreach (SafetensorsShard shard in opened.Values)
                shard.Dispose();
            throw;
        }
    }

    private static SafetensorsShard OpenShard(string index, string folder, string name)
    {
        string path = System.IO.Path.Combine(folder, name);
        return File.Exists(path)
            ? SafetensorsShard.Open(path)
            : throw new FileNotFoundException($"'{index}': the shard '{name}' that the index names is missing.", path);
    }

    private static bool IsReadable(string type) => type is "F32" or "F16" or "BF16";

    /// <summary>The texts of all shards; of those with one key the first.</summary>
    private static Dictionary<string, string> Merge(SafetensorsShard[] shards)
    {
        var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (SafetensorsShard shard in shards)
        {
            foreach ((string key, string value) in shard.Header.Metadata)
                metadata.TryAdd(key, value);
        }

        return metadata;
    }

    private SafetensorsEntry Find(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        if (!tensors.TryGetValue(name, out SafetensorsEntry? found))
            ThrowNoTensor(name, nameof(name));
        return found;
    }

    private void CheckReadable(TensorInfo info)
    {
        if (!IsReadable(info.DType))
            throw new NotSupportedException($"'{Path}': tensor '{info.Name}' has dtype {info.DType}; F32, F16 and BF16 can be read as float32.");
    }

    /// <summary>Says which tensor is not there, and which ones have the most similar names: mostly a prefix is wrong.</summary>
    [DoesNotReturn]
    internal void ThrowNoTensor(string name, string argument)
    {
        IEnumerable<string> similar = TensorNames
            .OrderByDescending(candidate => CommonPrefix(candidate, name) + CommonSuffix(candidate, name))
            .Take(3)
            .Select(candidate => $"'{candidate}'");
        string hint = tensors.Count == 0 ? "it has no tensors" : $"of its {tensors.Count} tensors the most similar are {string.Join(", ", similar)}";
        throw new ArgumentException($"'{Path}' has no tensor '{name}'; {hint}.", argument);
    }

    private static int CommonPrefix(string a, string b) => a.AsSpan().CommonPrefixLength(b);

    private static int CommonSuffix(string a, string b)
    {
        int length = 0;
        while (length < a.Length && length < b.Length && a[^(length + 1)] == b[^(length + 1)])
            length++;
        return length;
    }
}
