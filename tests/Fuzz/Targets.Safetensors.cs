using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Fuzz;

internal sealed partial record Target
{
    private static byte[] Safetensors() => new SafetensorsWriter()
        .AddEntry("""
            "__metadata__":{"format":"pt"}
            """.Trim())
        .AddF32("layer.weight", [2, 3], 1, -2, 3.5f, float.NaN, 5, 6)
        .Add("layer.half", "F16", [4], SafetensorsWriter.F16(1, 2, -0.5f, 65504))
        .Add("layer.brain", "BF16", [2, 1], SafetensorsWriter.Bits(0x3F80, 0xC000))
        .Add("layer.double", "F64", [2], [.. BitConverter.GetBytes(1.1), .. BitConverter.GetBytes(-2e30)])
        .Add("layer.four", "F8_E4M3", [3], [0x38, 0x80, 0x7E])
        .Add("layer.five", "F8_E5M2", [1, 1], [0x3D])
        .Add("ids", "I32", [2], new byte[8])
        .AddF32("empty", [0, 7])
        .ToArray();

    /// <summary>Every tensor that is read, against the header as another reader takes it.</summary>
    private static bool SafetensorsHolds(object read, byte[] file)
    {
        using var opened = (SafetensorsFile)read;
        Dictionary<string, JsonElement> header = Header(file);
        return header.Count == opened.TensorNames.Count && opened.TensorNames.All(name => TensorHolds(opened, name, header[name], file));
    }

    private static Dictionary<string, JsonElement> Header(byte[] file) =>
        JsonDocument.Parse(file.AsMemory(8, (int)BinaryPrimitives.ReadUInt64LittleEndian(file)))
        .RootElement.EnumerateObject().Where(entry => entry.Name != "__metadata__").ToDictionary(entry => entry.Name, entry => entry.Value);

    private static bool TensorHolds(SafetensorsFile opened, string name, JsonElement entry, byte[] file)
    {
        TensorInfo info = opened.GetInfo(name);
        string type = entry.GetProperty("dtype").GetString()!;
        if (info.DType != type || !info.Shape.SequenceEqual(entry.GetProperty("shape").EnumerateArray().Select(dimension => dimension.GetInt64())))
            return false;
        int size = type switch { "F64" => 8, "F32" => 4, "F16" or "BF16" => 2, "F8_E4M3" or "F8_E5M2" => 1, _ => 0 };
        if (size == 0)
            return true;
        int begin = entry.GetProperty("data_offsets")[0].GetInt32();
        int end = entry.GetProperty("data_offsets")[1].GetInt32();
        ReadOnlySpan<byte> bytes = file.AsSpan(8 + (int)BinaryPrimitives.ReadUInt64LittleEndian(file))[begin..end];
        float[] values;
        try
        {
            values = opened.ReadFloat32(name);
        }
        catch (InvalidDataException) when (type == "F64")
        {
            return MemoryMarshal.Cast<byte, double>(bytes.ToArray()).ToArray().Any(value => double.IsFinite(value) && !float.IsFinite((float)value));
        }

        if (bytes.Length != values.Length * size)
            return false;
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<byte> item = bytes.Slice(i * size, size);
            float expected = type switch
            {
                "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(item),
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(item),
                "F8_E4M3" => FourExponentBits(item[0]),
                "F8_E5M2" => (float)BitConverter.Int16BitsToHalf((short)(item[0] << 8)),
                "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(item),
                _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(item) << 16),
            };
            if (BitConverter.SingleToInt32Bits(expected) != BitConverter.SingleToInt32Bits(values[i]))
                return false;
        }

        return true;
    }

    private static float FourExponentBits(byte bits)
    {
        (int exponent, int fraction) = ((bits >> 3) & 15, bits & 7);
        double magnitude = exponent == 15 && fraction == 7
            ? double.NaN
            : exponent == 0
            ? fraction * Math.Pow(2, -9)
            : (8 + fraction) * Math.Pow(2, exponent - 10);
        return (float)(bits < 128 ? magnitude : -magnitude);
    }

    private static byte[] Index() => Encoding.UTF8.GetBytes(
        """{"metadata":{"total_size":32},"weight_map":{"first":"one.safetensors","second":"two.safetensors","both":"two.safetensors"}}""");

    /// <summary>Each tensor that the index names, and no other, from the shard that it names.</summary>
    private static bool IndexHolds(object read, byte[] file)
    {
        using var opened = (SafetensorsFile)read;
        using JsonDocument index = JsonDocument.Parse(file);
        JsonElement map = index.RootElement.GetProperty("weight_map");
        return opened.TensorNames.Count == map.EnumerateObject().Count() && map.EnumerateObject().All(tensor =>
        {
            string shard = tensor.Value.GetString()!;
            if (!opened.Contains(tensor.Name))
                return false;
            return Shards.TryGetValue(shard, out byte[]? bytes) && ShardHeaders[shard].TryGetValue(tensor.Name, out JsonElement entry)
                ? TensorHolds(opened, tensor.Name, entry, bytes)
                : IsLost(opened, tensor.Name);
        });
    }

    private static bool IsLost(SafetensorsFile opened, string name)
    {
        try
        {
            opened.ReadFloat32(name);
            return false;
        }
        catch (Exception exception) when (exception is FileNotFoundException or InvalidDataException)
        {
            return true;
        }
    }
}
