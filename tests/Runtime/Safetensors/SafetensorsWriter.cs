using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace AttentionGen.Tests.Runtime;

/// <summary>Writes safetensors files byte by byte, wrong ones too.</summary>
internal sealed class SafetensorsWriter
{
    private readonly List<string> entries = [];
    private readonly MemoryStream data = new();

    public static byte[] F32(params float[] values) => Bytes(values, BinaryPrimitives.WriteSingleLittleEndian, sizeof(float));

    public static byte[] F16(params float[] values) => Bytes(values, (span, value) => BinaryPrimitives.WriteHalfLittleEndian(span, (Half)value), 2);

    public static byte[] Bits(params ushort[] values) => Bytes(values, BinaryPrimitives.WriteUInt16LittleEndian, 2);

    /// <summary>A file with this header text and these bytes behind it.</summary>
    public static byte[] Raw(string header, byte[] data, ulong? headerLength = null)
    {
        byte[] json = Encoding.UTF8.GetBytes(header);
        var file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength ?? (ulong)json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file, 8 + json.Length);
        return file;
    }

    public SafetensorsWriter Add(string name, string type, long[] shape, byte[] bytes)
    {
        long begin = data.Length;
        data.Write(bytes);
        entries.Add(string.Create(CultureInfo.InvariantCulture,
            $$"""{{Quote(name)}}:{"dtype":"{{type}}","shape":[{{string.Join(",", shape)}}],"data_offsets":[{{begin}},{{data.Length}}]}"""));
        return this;
    }

    public SafetensorsWriter AddF32(string name, long[] shape, params float[] values) => Add(name, "F32", shape, F32(values));

    public SafetensorsWriter AddEntry(string json)
    {
        entries.Add(json);
        return this;
    }

    public byte[] ToArray() => Raw("{" + string.Join(",", entries) + "}   ", data.ToArray());

    private static string Quote(string text) => "\"" + text.Replace("\\", "\\\\").Replace("\"", "\\\"") + "\"";

    private delegate void Write<T>(Span<byte> destination, T value);

    private static byte[] Bytes<T>(T[] values, Write<T> write, int size)
    {
        var bytes = new byte[values.Length * size];
        for (int i = 0; i < values.Length; i++)
            write(bytes.AsSpan(i * size), values[i]);
        return bytes;
    }
}

/// <summary>A folder of files for one test, gone when it ends.</summary>
internal sealed class TestFolder : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("AttentionGen.Tests.");

    public string Write(string name, byte[] bytes)
    {
        string path = Path.Combine(folder.FullName, name);
        File.WriteAllBytes(path, bytes);
        return path;
    }

    public string Write(string name, string text) => Write(name, Encoding.UTF8.GetBytes(text));

    public SafetensorsFile Open(SafetensorsWriter writer) => SafetensorsFile.Open(Write("model.safetensors", writer.ToArray()));

    public void Dispose() => folder.Delete(recursive: true);
}
