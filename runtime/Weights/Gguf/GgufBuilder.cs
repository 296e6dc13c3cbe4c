using System.Text;

namespace AttentionGen;

/// <summary>
/// Collects tensors and writes them as one GGUF file of version 3, which <see cref="GgufFile"/>, llama.cpp and other programs read. A tensor can be
/// quantised as it is written.
/// </summary>
public sealed class GgufBuilder
{
    private const int Alignment = 32;
    private const uint Version = 3;
    private const int MaxRank = 4;

    // Elements that are written at once: whole blocks.
    private const int Part = 1 << 16;

    private readonly List<(string Name, long[] Shape, ReadOnlyMemory<float> Values, WeightFormat Format)> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>
    /// The metadata, such as <c>general.architecture</c>. A value is of one of the types that <see cref="GgufMetadata.GetValue"/> returns.
    /// </summary>
    public IDictionary<string, object> Metadata { get; } = new SortedDictionary<string, object>(StringComparer.Ordinal);

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name, which no other tensor has. llama.cpp reads names of up to 63 bytes.</param>
    /// <param name="shape">Up to four dimensions in row-major order, [outputs, inputs] for a matrix; none for a scalar.</param>
    /// <param name="values">Its elements, row-major. They are not copied, so they must not change until the file is written.</param>
    /// <param name="format">
    /// How the file stores them: F32, F16, BF16, Q8_0 for <see cref="WeightFormat.Int8Blocks"/> or Q4_0 for <see cref="WeightFormat.Int4Blocks"/>. Numbers
    /// are rounded. Rows of blocks must be a multiple of 32 long.
    /// </param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">
    /// The name is empty, taken or no valid Unicode, <paramref name="values"/> has not as many elements as <paramref name="shape"/> says, there are more
    /// dimensions than four, a row does not fill its blocks, or the format cannot hold a number.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="format"/> is not defined, or is one that GGUF does not have.</exception>
    public GgufBuilder Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values, WeightFormat format = WeightFormat.Float32)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (format == WeightFormat.Int8 || !Enum.IsDefined(format))
            throw new ArgumentOutOfRangeException(
                nameof(format), format, $"format is {format}; expected Float32, BFloat16, Float16, Int8Blocks or Int4Blocks.");
        FileWriting.CheckTensor(names, name, shape, values.Length);
        string shapeText = $"[{string.Join(", ", shape.ToArray())}]";
        if (shape.Length > MaxRank)
            throw new ArgumentException($"shape is {shapeText}; expected at most {MaxRank} dimensions.", nameof(shape));
        long row = shape.IsEmpty ? 1 : shape[^1];
        if (format is WeightFormat.Int8Blocks or WeightFormat.Int4Blocks && row % WeightBlocks.BlockLength != 0)
            throw new ArgumentException(
                $"shape is {shapeText}, with rows of {row}; expected a multiple of {WeightBlocks.BlockLength}, a block of {format}.", nameof(shape));
        int outside = WeightBlocks.FindOutside(format, values.Span);
        if (outside >= 0)
            throw new ArgumentException(
                FormattableString.Invariant($"values[{outside}] of '{name}' is {values.Span[outside]}; expected a number that {format} can hold."),
                nameof(values));
        names.Add(name);
        tensors.Add((name, shape.ToArray(), values, format));
        return this;
    }

    /// <summary>Writes the file. It appears under its name when it is complete, and replaces a file of that name.</summary>
    /// <param name="path">Where to write.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty, or <see cref="Metadata"/> has a value that cannot be written.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public void Save(string path) => FileWriting.Save(path, Save);

    /// <summary>Writes the bytes of the file.</summary>
    /// <param name="stream">Where to write. It stays open.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="stream"/> is null or cannot be written, or <see cref="Metadata"/> has a value that cannot be written.
    /// </exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        FileWriting.CheckStream(stream);
        stream.Write(Header());
        foreach ((_, _, ReadOnlyMemory<float> values, WeightFormat format) in tensors)
        {
            // A row has whole blocks, so that all rows together are cut like one.
            var blocks = new byte[WeightBlocks.RowBytes(format, Part)];
            for (int first = 0; first < values.Length; first += Part)
            {
                ReadOnlySpan<float> row = values.Span.Slice(first, Math.Min(Part, values.Length - first));
                Span<byte> written = blocks.AsSpan(0, WeightBlocks.RowBytes(format, row.Length));
                WeightBlocks.Quantize(format, row, written);
                stream.Write(written);
            }

            stream.Write(new byte[Padding(Bytes(values.Length, format))]);
        }
    }

    private byte[] Header()
    {
        using var header = new MemoryStream();
        using var writer = new BinaryWriter(header);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)tensors.Count);
        writer.Write((ulong)Metadata.Count);
        foreach ((string key, object value) in Metadata)
        {
            if (!FileWriting.IsUnicode(key))
                throw new ArgumentException($"Metadata has the key '{key}'; expected valid Unicode.");
            WriteText(writer, key);
            WriteValue(writer, key, value);
        }

        long begin = 0;
        foreach ((string name, long[] shape, ReadOnlyMemory<float> values, WeightFormat format) in tensors)
        {
            WriteText(writer, name);
            writer.Write((uint)shape.Length);
            // The dimension that runs fastest stands first.
            for (int dimension = shape.Length - 1; dimension >= 0; dimension--)
                writer.Write(shape[dimension]);
            writer.Write(GgufTensorType.NumberOf(format));
            writer.Write((ulong)begin);
            long bytes = Bytes(values.Length, format);
            begin += bytes + Padding(bytes);
        }

        writer.Write(new byte[Padding(header.Length)]);
        writer.Flush();
        return header.ToArray();
    }

    private static void WriteValue(BinaryWriter writer, string key, object value)
    {
        Array elements = value as Array ?? new[] { value };
        Type type = value is Array ? value.GetType().GetElementType()! : value?.GetType() ?? typeof(void);
        int number = Array.IndexOf(GgufMetadata.Types, type);
        if (number < 0 || elements.Rank != 1)
            throw new ArgumentException(
                $"Metadata has a value of type {value?.GetType().Name ?? "null"} under '{key}'; expected a number, a bool, a text, or an array of them.");
        if (value is Array)
        {
            writer.Write((uint)GgufValueType.Array);
            writer.Write((uint)number);
            writer.Write((ulong)elements.Length);
        }
        else
        {
            writer.Write((uint)number);
        }

        foreach (object? element in elements)
            WriteElement(writer, key, element);
    }

    private static void WriteElement(BinaryWriter writer, string key, object? element)
    {
        switch (element)
        {
            case byte number: writer.Write(number); break;
            case sbyte number: writer.Write(number); break;
            case ushort number: writer.Write(number); break;
            case short number: writer.Write(number); break;
            case uint number: writer.Write(number); break;
            case int number: writer.Write(number); break;
            case ulong number: writer.Write(number); break;
            case long number: writer.Write(number); break;
            case float number: writer.Write(number); break;
            case double number: writer.Write(number); break;
            case bool truth: writer.Write(truth); break;
            case string text when FileWriting.IsUnicode(text): WriteText(writer, text); break;
            default: throw new ArgumentException($"Metadata has '{element ?? "null"}' under '{key}'; expected valid Unicode, and no null.");
        }
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Bytes(int length, WeightFormat format) =>
        ((long)length / WeightBlocks.BlockLength * WeightBlocks.RowBytes(format, WeightBlocks.BlockLength))
        + WeightBlocks.RowBytes(format, length % WeightBlocks.BlockLength);

    private static int Padding(long bytes) => (int)((Alignment - (bytes % Alignment)) % Alignment);
}
