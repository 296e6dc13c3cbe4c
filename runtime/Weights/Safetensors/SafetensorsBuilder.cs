using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AttentionGen;

/// <summary>Collects float32 tensors and writes them as one safetensors file, which <see cref="SafetensorsFile"/> and other libraries read.</summary>
public sealed class SafetensorsBuilder
{
    // The format's own limit of a header.
    private const int MaxHeaderBytes = 100_000_000;

    private readonly List<(string Name, long[] Shape, ReadOnlyMemory<float> Values)> tensors = [];
    private readonly HashSet<string> names = new(StringComparer.Ordinal);

    /// <summary>Texts that readers find in <see cref="SafetensorsFile.Metadata"/>, such as <c>format</c>.</summary>
    public IDictionary<string, string> Metadata { get; } = new SortedDictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">Its name, which no other tensor has.</param>
    /// <param name="shape">Its dimensions; none for a scalar.</param>
    /// <param name="values">Its elements, row-major. They are not copied, so they must not change until the file is written.</param>
    /// <returns>This builder.</returns>
    /// <exception cref="ArgumentException">
    /// The name is empty, taken, reserved or no valid Unicode, or <paramref name="values"/> has not as many elements as <paramref name="shape"/> says.
    /// </exception>
    public SafetensorsBuilder Add(string name, ReadOnlySpan<long> shape, ReadOnlyMemory<float> values)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        if (name == "__metadata__")
            throw new ArgumentException("name is '__metadata__', which the format reserves; expected another name.", nameof(name));
        FileWriting.CheckTensor(names, name, shape, values.Length);
        names.Add(name);
        tensors.Add((name, shape.ToArray(), values));
        return this;
    }

    /// <summary>Writes the file. It appears under its name when it is complete, and replaces a file of that name.</summary>
    /// <param name="path">Where to write.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is null or empty, or <see cref="Metadata"/> has an invalid text.</exception>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The process may not write there.</exception>
    public void Save(string path) => FileWriting.Save(path, Save);

    /// <summary>Writes the bytes of the file.</summary>
    /// <param name="stream">Where to write. It stays open.</param>
    /// <exception cref="ArgumentException"><paramref name="stream"/> is null or cannot be written, or <see cref="Metadata"/> has an invalid text.</exception>
    /// <exception cref="IOException">The stream cannot be written.</exception>
    public void Save(Stream stream)
    {
        FileWriting.CheckStream(stream);
        byte[] header = Header();
        Span<byte> length = stackalloc byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)header.Length);
        stream.Write(length);
        stream.Write(header);
        foreach ((_, _, ReadOnlyMemory<float> values) in tensors)
            WriteValues(stream, values.Span);
    }

    private byte[] Header()
    {
        using var text = new MemoryStream();
        using (var json = new Utf8JsonWriter(text))
        {
            json.WriteStartObject();
            if (Metadata.Count > 0)
            {
                json.WriteStartObject("__metadata__");
                foreach ((string key, string value) in Metadata)
                {
                    if (value is null || !FileWriting.IsUnicode(key) || !FileWriting.IsUnicode(value))
                        throw new ArgumentException($"Metadata has '{value}' under '{key}'; expected valid Unicode, and no null.");
                    json.WriteString(key, value);
                }

                json.WriteEndObject();
            }

            long begin = 0;
            foreach ((string name, long[] shape, ReadOnlyMemory<float> values) in tensors)
            {
                long end = begin + (long)values.Length * sizeof(float);
                json.WriteStartObject(name);
                json.WriteString("dtype", "F32");
                WriteNumbers(json, "shape", shape);
                WriteNumbers(json, "data_offsets", [begin, end]);
                json.WriteEndObject();
                begin = end;
            }

            json.WriteEndObject();
        }

        // Numbers begin at a multiple of 8, behind spaces.
        while (text.Length % 8 != 0)
            text.WriteByte((byte)' ');
        if (text.Length > MaxHeaderBytes)
            throw new InvalidOperationException(
                $"Names and metadata take {text.Length} bytes; expected at most {MaxHeaderBytes}, which is the format's limit.");
        return text.ToArray();
    }

    private static void WriteNumbers(Utf8JsonWriter json, string name, ReadOnlySpan<long> numbers)
    {
        json.WriteStartArray(name);
        foreach (long number in numbers)
            json.WriteNumberValue(number);
        json.WriteEndArray();
    }

    private static void WriteValues(Stream stream, ReadOnlySpan<float> values)
    {
        // Half the largest span of bytes.
        const int Part = 1 << 28;
        for (int start = 0; start < values.Length; start += Part)
        {
            ReadOnlySpan<float> part = values.Slice(start, Math.Min(Part, values.Length - start));
            if (BitConverter.IsLittleEndian)
            {
                stream.Write(MemoryMarshal.AsBytes(part));
                continue;
            }

            var bytes = new byte[part.Length * sizeof(float)];
            for (int i = 0; i < part.Length; i++)
                BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(i * sizeof(float)), part[i]);
            stream.Write(bytes);
        }
    }
}
