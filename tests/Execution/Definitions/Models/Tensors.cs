using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>The tensors of a safetensors file by their names, read without the library. It notes which of them were asked for.</summary>
internal sealed class Tensors
{
    private readonly Dictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly HashSet<string> read = new(StringComparer.Ordinal);

    /// <summary>Reads all tensors of a file of float32.</summary>
    public Tensors(string path)
    {
        byte[] bytes = File.ReadAllBytes(path);
        int header = (int)BinaryPrimitives.ReadInt64LittleEndian(bytes);
        using var json = JsonDocument.Parse(bytes.AsMemory(8, header));
        foreach (JsonProperty entry in json.RootElement.EnumerateObject())
        {
            int[] shape = [.. entry.Value.GetProperty("shape").EnumerateArray().Select(size => size.GetInt32())];
            int begin = entry.Value.GetProperty("data_offsets")[0].GetInt32(), end = entry.Value.GetProperty("data_offsets")[1].GetInt32();
            ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan(8 + header + begin, end - begin));
            tensors.Add(entry.Name, new Tensor(shape, [.. values.ToArray().Select(value => (double)value)]));
        }
    }

    /// <summary>Names of tensors that nobody has asked for.</summary>
    public IEnumerable<string> Unread => tensors.Keys.Where(name => !read.Contains(name));

    /// <summary>A tensor that the file must have.</summary>
    public Tensor this[string name] => Find(name) ?? throw new KeyNotFoundException($"The file has no tensor '{name}'.");

    /// <summary>A tensor that the file may have.</summary>
    public Tensor? Find(string name)
    {
        read.Add(name);
        return tensors.GetValueOrDefault(name);
    }
}

/// <summary>A tensor in float64.</summary>
/// <param name="Shape">Its dimensions.</param>
/// <param name="Values">Its elements, row-major.</param>
internal sealed record Tensor(int[] Shape, double[] Values)
{
    public double this[int index] => Values[index];

    public double this[int row, int column] => Values[(row * Shape[1]) + column];
}
