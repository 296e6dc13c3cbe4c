using System.Diagnostics.CodeAnalysis;

namespace AttentionGen;

/// <summary>
/// A file of tensors: a <see cref="SafetensorsFile"/> or a <see cref="GgufFile"/>. The file is memory-mapped if possible, and checked completely when it
/// is opened. Several threads may read it at once.
/// </summary>
/// <remarks>The file must not change or shrink while it is open.</remarks>
public abstract class TensorFile : IDisposable
{
    private protected TensorFile(string path, string[] names)
    {
        Path = path;
        TensorNames = Array.AsReadOnly(names);
    }

    /// <summary>The path that was opened, or the name that was given with a stream or memory.</summary>
    public string Path { get; }

    /// <summary>
    /// The names of all tensors, in the order of their bytes. Tensors that only the index of a model's shards knows come last: their shard is missing or
    /// lacks them.
    /// </summary>
    public IReadOnlyList<string> TensorNames { get; }

    /// <summary>Whether the file, or the shard index, has a tensor of this name.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    public bool Contains(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        return Has(name);
    }

    /// <summary>Returns the type and shape of a tensor.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    /// <exception cref="FileNotFoundException">The shard of the tensor is missing.</exception>
    /// <exception cref="InvalidDataException">The shard lacks the tensor.</exception>
    public TensorInfo GetInfo(string name)
    {
        CheckName(name);
        return Describe(name);
    }

    /// <summary>Reads a tensor into a new array, and converts other types to float32.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <returns>The elements, row-major.</returns>
    /// <exception cref="ArgumentException">There is no such tensor.</exception>
    /// <exception cref="NotSupportedException">The tensor has a type that cannot be read, or more elements than an array can hold.</exception>
    /// <exception cref="FileNotFoundException">The shard of the tensor is missing.</exception>
    /// <exception cref="InvalidDataException">The shard lacks the tensor, or float32 cannot hold a finite element.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public float[] ReadFloat32(string name)
    {
        CheckName(name);
        long elements = CountReadable(name);
        if (elements > Array.MaxLength)
            throw new NotSupportedException($"'{Path}': tensor '{name}' has {elements} elements; an array holds at most {Array.MaxLength}.");
        var values = new float[elements];
        ReadValues(name, values);
        return values;
    }

    /// <summary>Reads a tensor, and converts other types to float32.</summary>
    /// <param name="name">A tensor's name; case matters.</param>
    /// <param name="destination">The destination of the elements, row-major. Its length must be that of the tensor.</param>
    /// <exception cref="ArgumentException">There is no such tensor, or <paramref name="destination"/> has another length.</exception>
    /// <exception cref="NotSupportedException">The tensor has a type that cannot be read.</exception>
    /// <exception cref="FileNotFoundException">The shard of the tensor is missing.</exception>
    /// <exception cref="InvalidDataException">The shard lacks the tensor, or float32 cannot hold a finite element.</exception>
    /// <exception cref="ObjectDisposedException">The file has been disposed.</exception>
    public void Read(string name, Span<float> destination)
    {
        CheckName(name);
        long elements = CountReadable(name);
        if (destination.Length != elements)
            throw new ArgumentException(
                $"destination.Length is {destination.Length}; expected {elements}, the elements of tensor '{name}' of '{Path}'.", nameof(destination));
        ReadValues(name, destination);
    }

    /// <summary>Closes the file. Arrays and weights that were read from it stay valid.</summary>
    public void Dispose()
    {
        Close();
        GC.SuppressFinalize(this);
    }

    private protected abstract void Close();

    private protected abstract bool Has(string name);

    private protected abstract TensorInfo Describe(string name);

    /// <summary>How many elements a tensor has, of a type that can be read.</summary>
    private protected abstract long CountReadable(string name);

    private protected abstract void ReadValues(string name, Span<float> destination);

    /// <summary>In which format a tensor's rows are stored, where it is one that weights can keep; otherwise null.</summary>
    private protected abstract WeightFormat? FormatOf(string name);

    private protected abstract void ReadBytes(string name, Span<byte> destination);

    /// <summary>Copies the bytes of a tensor as they are stored.</summary>
    /// <param name="name">The name of a tensor that is there.</param>
    /// <param name="destination">As many bytes as it has.</param>
    internal void ReadStored(string name, Span<byte> destination) => ReadBytes(name, destination);

    /// <summary>Reads a matrix, which stays in its format if weights can keep it. Scales that stand beside it are multiplied.</summary>
    /// <param name="name">The name of a tensor with two dimensions, each at least 1 and an int.</param>
    /// <param name="source">Where it comes from, for messages.</param>
    internal WeightTensor ReadMatrix(string name, string source)
    {
        if (ScaledMatrix.FindScale(this, name) is not null)
            return ScaledMatrix.Read(this, name, source);
        TensorInfo info = GetInfo(name);
        (int outputs, int inputs) = ((int)info.Shape[0], (int)info.Shape[1]);
        if (FormatOf(name) is not { } format || format == WeightFormat.Float32)
            return new WeightTensor(ReadFloat32(name), (outputs, inputs), source);
        long bytes = (long)outputs * WeightBlocks.RowBytes(format, inputs);
        if (Math.Max(bytes, info.ElementCount) > Array.MaxLength)
            throw new NotSupportedException(
                $"'{Path}': tensor '{name}' has {info.ElementCount} elements in {bytes} bytes; an array holds at most {Array.MaxLength}.");
        var blocks = new byte[bytes];
        ReadBytes(name, blocks);
        return new WeightTensor(format, blocks, (outputs, inputs), source);
    }

    /// <summary>Says which tensor is not there, and which ones have the most similar names: mostly a prefix is wrong.</summary>
    [DoesNotReturn]
    internal void ThrowNoTensor(string name, string argument)
    {
        IEnumerable<string> similar = TensorNames
            .OrderByDescending(candidate => CommonPrefix(candidate, name) + CommonSuffix(candidate, name))
            .Take(3)
            .Select(candidate => $"'{candidate}'");
        string hint = TensorNames.Count == 0 ? "it has no tensors" : $"of its {TensorNames.Count} tensors the most similar are {string.Join(", ", similar)}";
        throw new ArgumentException($"'{Path}' has no tensor '{name}'; {hint}.", argument);
    }

    private void CheckName(string name)
    {
        if (!Contains(name))
            ThrowNoTensor(name, nameof(name));
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
