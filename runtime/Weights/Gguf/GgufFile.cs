namespace AttentionGen;

/// <summary>
/// A GGUF file of version 2 or 3, little-endian, as llama.cpp and its tools write it. Matrices of F32, F16, BF16, Q8_0 and Q4_0 stay what they are as
/// weights. Q4_1, Q5_0, Q5_1, Q4_K, Q5_K, Q6_K and F64 are converted to float32.
/// </summary>
/// <remarks>GGUF lists dimensions fastest first. <see cref="TensorFile.GetInfo"/> gives them in row-major order: [outputs, inputs] for a matrix.</remarks>
public sealed unsafe class GgufFile : TensorFile
{
    // Stream, map, view, handles and a header that describes nothing, and what each character of the path adds.
    private const long OpenBytes = 2_000, PathBytes = 8;

    // Elements that are converted at once: whole blocks, and far fewer than a span can hold.
    private const int Part = 1 << 16;

    private readonly FileBytes bytes;
    private readonly GgufHeader header;

    private GgufFile(string path, FileBytes bytes, GgufHeader header)
        : base(path, Names(header))
    {
        this.bytes = bytes;
        this.header = header;
        Metadata = new GgufMetadata(path, bytes, header);
    }

    /// <summary>The version of the format: 2 or 3.</summary>
    public int Version => (int)header.Version;

    /// <summary>What the file says beside its tensors: the configuration of the model, its tokens and so on.</summary>
    public GgufMetadata Metadata { get; }

    /// <summary>Opens a file. A file that cannot be memory-mapped, such as a pipe, is read into memory.</summary>
    /// <param name="path">A <c>.gguf</c> file.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty.</exception>
    /// <exception cref="FileNotFoundException">The file does not exist.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not read the file.</exception>
    /// <exception cref="InvalidDataException">
    /// The file is truncated or malformed; the message names the file, the tensor and the fault. Or it is another kind of file, or a directory; the message
    /// names the kind and the remedy. Or its names, such as those of very many tensors without elements, would take more memory than 1 MB and twice the size
    /// of the file.
    /// </exception>
    public static GgufFile Open(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path))
            throw FileErrors.Malformed(path, FileImpostor.DescribeFolder(path, ".gguf"));
        var allowance = new FileAllowance();
        return Open(path, FileBytes.OpenFile(path, allowance), allowance);
    }

    /// <summary>
    /// Reads a GGUF file from a stream, such as an embedded resource. Copies the stream into memory, from its position to its end. The stream stays open.
    /// </summary>
    /// <param name="stream">The bytes of a <c>.gguf</c> file.</param>
    /// <param name="name">The name of the file in messages and in <see cref="TensorFile.Path"/>.</param>
    /// <exception cref="ArgumentException">An argument is null, <paramref name="name"/> is empty, or the stream cannot be read.</exception>
    /// <exception cref="IOException">The stream cannot be read.</exception>
    /// <exception cref="InvalidDataException">The content is truncated, malformed, of another kind, or too large, as for a path.</exception>
    public static GgufFile Open(Stream stream, string name)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (!stream.CanRead)
            throw new ArgumentException($"The stream '{name}' cannot be read; expected one that can.", nameof(stream));
        var allowance = new FileAllowance();
        return Open(name, FileBytes.Read(stream, name, allowance), allowance);
    }

    /// <summary>
    /// Opens a GGUF file in memory. The memory is not copied. It is pinned until the file is disposed, and must not change until then.
    /// </summary>
    /// <param name="bytes">The bytes of a <c>.gguf</c> file.</param>
    /// <param name="name">The name of the file in messages and in <see cref="TensorFile.Path"/>.</param>
    /// <exception cref="ArgumentException"><paramref name="name"/> is null or empty.</exception>
    /// <exception cref="InvalidDataException">The content is truncated, malformed, of another kind, or too large, as for a path.</exception>
    public static GgufFile Open(ReadOnlyMemory<byte> bytes, string name)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        var allowance = new FileAllowance();
        return Open(name, FileBytes.Pin(bytes, allowance), allowance);
    }

    private static GgufFile Open(string path, FileBytes bytes, FileAllowance allowance)
    {
        try
        {
            allowance.Take(OpenBytes + (PathBytes * path.Length), path, "the objects that open it");
            byte* start = null;
            bytes.Handle.AcquirePointer(ref start);
            try
            {
                return new GgufFile(path, bytes, GgufHeader.Parse(path, start, bytes.Length, allowance));
            }
            finally
            {
                bytes.Handle.ReleasePointer();
            }
        }
        catch
        {
            bytes.Dispose();
            throw;
        }
    }

    private protected override void Close() => bytes.Dispose();

    private protected override bool Has(string name) => header.Places.ContainsKey(name);

    private protected override TensorInfo Describe(string name)
    {
        GgufEntry entry = Find(name);
        return new TensorInfo(entry.Name, entry.Type.Name, header.Shape(entry));
    }

    private protected override long CountReadable(string name)
    {
        GgufEntry entry = Find(name);
        if (!entry.Type.IsReadable)
            throw new NotSupportedException($"'{Path}': tensor '{name}' has type {entry.Type.Name}; {GgufTensorType.Readable} can be read as float32.");
        return entry.Bytes / entry.Type.BlockBytes * entry.Type.BlockLength;
    }

    private protected override void ReadValues(string name, Span<float> destination)
    {
        GgufEntry entry = Find(name);
        byte* start = null;

        // Holds the bytes even where another thread disposes the file now, and throws where one has done so.
        bytes.Handle.AcquirePointer(ref start);
        try
        {
            byte* blocks = start + entry.Begin;
            if (entry.Type.Name == "F64")
            {
                int tooLarge = SafetensorsNumbers.Convert("F64", blocks, destination);
                if (tooLarge >= 0)
                    throw FileErrors.Malformed(Path, $"tensor '{name}' has an F64 element, number {tooLarge}, that is finite and too large for float32");
                return;
            }

            for (int first = 0; first < destination.Length; first += Part)
            {
                Span<float> part = destination.Slice(first, Math.Min(Part, destination.Length - first));
                int partBytes = part.Length / entry.Type.BlockLength * entry.Type.BlockBytes;
                var stored = new ReadOnlySpan<byte>(blocks, partBytes);
                if (entry.Type.Format is { } format)
                    WeightBlocks.Dequantize(format, stored, part);
                else
                    GgufBlocks.Dequantize(entry.Type, stored, part);
                blocks += partBytes;
            }
        }
        finally
        {
            bytes.Handle.ReleasePointer();
        }
    }

    private protected override WeightFormat? FormatOf(string name) => Find(name).Type.Format;

    private protected override void ReadBytes(string name, Span<byte> destination) => bytes.Copy(Find(name).Begin, destination);

    private GgufEntry Find(string name) => header.InOrder[header.Places[name]];

    private static string[] Names(GgufHeader header)
    {
        var names = new string[header.InOrder.Length];
        for (int entry = 0; entry < names.Length; entry++)
            names[entry] = header.InOrder[entry].Name;
        return names;
    }
}
