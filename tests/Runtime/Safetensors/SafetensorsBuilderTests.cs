using System.Buffers.Binary;
using System.Text;

namespace AttentionGen.Tests.Runtime;

/// <summary>What is written is read back, and is the format byte by byte.</summary>
public sealed class SafetensorsBuilderTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Tensors_come_back_bit_for_bit()
    {
        float[] numbers = [1.5f, -0f, float.NaN, float.PositiveInfinity, float.Epsilon, float.MaxValue];
        var builder = new SafetensorsBuilder { Metadata = { ["format"] = "pt", ["author \"é\n"] = "\\ 猫" } };
        builder.Add(
            "layer.0 \"weight\"\\\n猫", [2, 3], numbers).Add("scalar", [], new float[] { 7 }).Add("empty", [3, 0], default).Add("last", [1], new float[] { 3 });
        string path = folder.Write("model.safetensors", [1, 2, 3]);
        builder.Save(path);

        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(["layer.0 \"weight\"\\\n猫", "scalar", "empty", "last"], file.TensorNames.Order(Comparer<string>.Create((a, b) => Index(a) - Index(b))));
        Assert.Equal(numbers.Select(BitConverter.SingleToInt32Bits), file.ReadFloat32("layer.0 \"weight\"\\\n猫").Select(BitConverter.SingleToInt32Bits));
        Assert.Equal([2L, 3], file.GetInfo("layer.0 \"weight\"\\\n猫").Shape);
        Assert.Equal([7f], file.ReadFloat32("scalar"));
        Assert.Empty(file.GetInfo("scalar").Shape);
        Assert.Equal([3L, 0], file.GetInfo("empty").Shape);
        Assert.Equal([3f], file.ReadFloat32("last"));
        Assert.Equal(("pt", "\\ 猫"), (file.Metadata["format"], file.Metadata["author \"é\n"]));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));

        static int Index(string name) => name switch { "scalar" => 1, "empty" => 2, "last" => 3, _ => 0 };
    }

    [Fact]
    public void The_bytes_are_those_of_the_format()
    {
        using var stream = new MemoryStream();
        new SafetensorsBuilder().Add("x", [2], new float[] { 1, 2 }).Save(stream);
        byte[] bytes = stream.ToArray();
        int header = (int)BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        Assert.Equal(0, header % 8);
        Assert.Equal("""{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", Encoding.UTF8.GetString(bytes, 8, header).TrimEnd(' '));
        Assert.Equal([0, 0, 128, 63, 0, 0, 0, 64], bytes[(8 + header)..]);

        stream.SetLength(0);
        new SafetensorsBuilder().Save(stream);
        using SafetensorsFile empty = SafetensorsFile.Open(stream.ToArray(), "empty");
        Assert.Empty(empty.TensorNames);
    }

    [Fact]
    public void What_cannot_be_written_is_refused_with_its_name_and_value()
    {
        SafetensorsBuilder builder = new SafetensorsBuilder().Add("taken", [1], new float[1]);
        Refuses("name", "'taken', which another tensor has", () => builder.Add("taken", [1], new float[1]));
        Refuses("name", "'__metadata__', which the format reserves", () => builder.Add("__metadata__", [1], new float[1]));
        Refuses("name", "half a surrogate pair", () => builder.Add("x\uD800", [1], new float[1]));
        Refuses("name", "empty", () => builder.Add("", [1], new float[1]));
        Refuses("shape", "[2, -1]; expected no negative dimension", () => builder.Add("x", [2, -1], new float[1]));
        Refuses("values", "5 elements; expected 6, as the shape [2, 3] of 'x' says", () => builder.Add("x", [2, 3], new float[5]));
        Refuses("values", "expected 9223372036854775807", () => builder.Add("x", [1L << 40, 1L << 40], new float[5]));
        Refuses("values", "5 elements; expected 0", () => builder.Add("x", [1L << 40, 1L << 40, 0], new float[5]));
        Refuses("stream", "cannot be written", () => builder.Save(new MemoryStream([], writable: false)));
        Assert.Throws<ArgumentException>(() => new SafetensorsBuilder { Metadata = { ["x"] = "\uDC00" } }.Save(new MemoryStream()));

        static void Refuses(string parameter, string message, Action call)
        {
            ArgumentException thrown = Assert.ThrowsAny<ArgumentException>(call);
            Assert.Equal(parameter, thrown.ParamName);
            Assert.Contains(message, thrown.Message);
        }
    }

    [Fact]
    public void A_file_that_cannot_be_completed_leaves_the_old_one()
    {
        string path = folder.Write("model.safetensors", [1, 2, 3]);
        var broken = new SafetensorsBuilder { Metadata = { ["x"] = "\uDC00" } };
        Assert.Throws<ArgumentException>(() => broken.Save(path));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(path));
        Assert.Equal([path], Directory.GetFiles(Path.GetDirectoryName(path)!));
        Assert.Throws<DirectoryNotFoundException>(() => new SafetensorsBuilder().Save(Path.Combine(path + ".missing", "x")));
    }
}
