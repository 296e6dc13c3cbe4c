using System.Text;

namespace AttentionGen.Tests.Runtime;

/// <summary>Writes GGUF files byte by byte, wrong ones too. Dimensions stand in the order of the file: the one that runs fastest is the first.</summary>
internal sealed class GgufWriter
{
    private readonly List<byte[]> values = [];
    private readonly List<(string Name, ulong[] Dimensions, uint Type, ulong? Offset, byte[] Bytes)> tensors = [];

    public uint Version { get; init; } = 3;

    public int Alignment { get; init; } = 32;

    public ulong? TensorCount { get; init; }

    public ulong? ValueCount { get; init; }

    /// <summary>A value: its type's number and its bytes.</summary>
    public GgufWriter Add(string key, uint type, params byte[] bytes) => AddRaw([.. Text(key), .. BitConverter.GetBytes(type), .. bytes]);

    public GgufWriter AddRaw(byte[] value)
    {
        values.Add(value);
        return this;
    }

    public GgufWriter AddText(string key, string text) => Add(key, 8, Text(text));

    public GgufWriter AddUInt32(string key, uint number) => Add(key, 4, BitConverter.GetBytes(number));

    public GgufWriter AddTensor(string name, uint type, ulong[] dimensions, byte[] bytes, ulong? offset = null)
    {
        tensors.Add((name, dimensions, type, offset, bytes));
        return this;
    }

    public GgufWriter AddF32(string name, ulong[] dimensions, params float[] numbers) =>
        AddTensor(name, 0, dimensions, [.. numbers.SelectMany(BitConverter.GetBytes)]);

    public byte[] ToArray()
    {
        using var data = new MemoryStream();
        List<byte> file =
        [
            .. "GGUF"u8, .. BitConverter.GetBytes(Version), .. BitConverter.GetBytes(TensorCount ?? (ulong)tensors.Count),
            .. BitConverter.GetBytes(ValueCount ?? (ulong)values.Count), .. values.SelectMany(value => value),
        ];
        foreach ((string name, ulong[] dimensions, uint type, ulong? offset, byte[] bytes) in tensors)
        {
            while (data.Length % Alignment != 0)
                data.WriteByte(0xCC);
            file.AddRange(
            [
                .. Text(name), .. BitConverter.GetBytes((uint)dimensions.Length), .. dimensions.SelectMany(BitConverter.GetBytes),
                .. BitConverter.GetBytes(type), .. BitConverter.GetBytes(offset ?? (ulong)data.Length),
            ]);
            data.Write(bytes);
        }

        while (file.Count % Alignment != 0)
            file.Add(0xCC);
        return [.. file, .. data.ToArray()];
    }

    /// <summary>An array: the number of its elements' type, how many there are, and their bytes.</summary>
    public static byte[] Array(uint type, ulong count, params byte[] bytes) => [.. BitConverter.GetBytes(type), .. BitConverter.GetBytes(count), .. bytes];

    public static byte[] Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [.. BitConverter.GetBytes((ulong)bytes.Length), .. bytes];
    }
}
