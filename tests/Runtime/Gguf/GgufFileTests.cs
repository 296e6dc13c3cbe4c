using System.Runtime.InteropServices;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>GGUF files: what they give, from where they are opened, and which ones are refused, with what message.</summary>
public sealed class GgufFileTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData(2u, 32)]
    [InlineData(3u, 32)]
    [InlineData(3u, 64)]
    [InlineData(3u, 8)]
    public void Tensors_have_the_order_of_rows_and_their_own_places(uint version, int alignment)
    {
        GgufWriter writer = new GgufWriter { Version = version, Alignment = alignment }
            .AddUInt32("general.alignment", (uint)alignment)
            .AddF32("matrix", [3, 2], 1, 2, 3, 4, 5, 6)
            .AddF32("scalar", [], 7)
            .AddF32("empty", [0, 4])
            .AddTensor("half", 1, [2], [.. BitConverter.GetBytes((Half)1.5), .. BitConverter.GetBytes((Half)(-2))])
            .AddTensor("double", 28, [1, 1, 1, 2], [.. BitConverter.GetBytes(0.1), .. BitConverter.GetBytes(-3.0)]);
        using GgufFile file = Open(writer);
        Assert.Equal((int)version, file.Version);
        Assert.Equal(["empty", "matrix", "scalar", "half", "double"], file.TensorNames.OrderBy(name => name == "empty" ? 0 : 1));
        Assert.Equal(("F32", "2,3"), (file.GetInfo("matrix").DType, string.Join(",", file.GetInfo("matrix").Shape)));
        Assert.Equal([2, 1, 1, 1], file.GetInfo("double").Shape);
        Assert.Equal([1, 2, 3, 4, 5, 6], file.ReadFloat32("matrix"));
        Assert.Equal([7], file.ReadFloat32("scalar"));
        Assert.Empty(file.ReadFloat32("empty"));
        Assert.Equal([1.5f, -2], file.ReadFloat32("half"));
        Assert.Equal([0.1f, -3], file.ReadFloat32("double"));
        Assert.False(file.Contains("Matrix"));
        var missing = Assert.Throws<ArgumentException>(() => file.ReadFloat32("matrices"));
        Assert.Contains("'matrix'", missing.Message);
        Assert.Throws<ArgumentException>(() => file.Read("matrix", new float[5]));
    }

    [Fact]
    public void Weights_keep_the_format_of_the_file()
    {
        float[] values = TestNumbers.Random(1, 64 * 5);
        (uint Type, WeightFormat Format)[] kept =
        [
            (0, WeightFormat.Float32), (1, WeightFormat.Float16), (30, WeightFormat.BFloat16), (8, WeightFormat.Int8Blocks), (2, WeightFormat.Int4Blocks),
        ];
        var writer = new GgufWriter();
        foreach ((uint type, WeightFormat format) in kept)
            writer.AddTensor($"{format}", type, [64, 5], Stored(format, values));
        using GgufFile file = Open(writer);
        foreach ((_, WeightFormat format) in kept)
        {
            LinearWeights weights = LinearWeights.From(file, $"{format}");
            Assert.Equal(format, weights.Projection.Weight.Format);
            Assert.Equal(file.ReadFloat32($"{format}"), weights.Weight.ToArray());
            var row = new byte[WeightBlocks.RowBytes(format, 64)];
            weights.Projection.Weight.CopyRow(format, 3, row);
            Assert.Equal(Stored(format, values[192..256]), row);
        }
    }

    [Fact]
    public void A_path_a_stream_and_memory_give_the_same()
    {
        byte[] bytes = new GgufWriter().AddText("general.name", "small").AddF32("x", [2], 1, 2).ToArray();
        using GgufFile fromPath = GgufFile.Open(folder.Write("file.gguf", bytes)), fromMemory = GgufFile.Open(bytes, "memory");
        using var stream = new MemoryStream([9, 9, .. bytes]) { Position = 2 };
        using GgufFile fromStream = GgufFile.Open(stream, "stream");
        foreach (GgufFile file in new[] { fromPath, fromMemory, fromStream })
        {
            Assert.Equal([1, 2], file.ReadFloat32("x"));
            Assert.Equal("small", file.Metadata.GetString("general.name"));
        }

        Assert.Equal("stream", fromStream.Path);
        fromPath.Dispose();
        Assert.Throws<ObjectDisposedException>(() => fromPath.ReadFloat32("x"));
        Assert.Throws<ObjectDisposedException>(() => fromPath.Metadata.GetString("general.name"));
        Assert.Throws<ArgumentException>(() => GgufFile.Open(""));
        Assert.Throws<ArgumentNullException>(() => GgufFile.Open((Stream)null!, "x"));
    }

    public static TheoryData<string, byte[], string> Wrong() => new()
    {
        { "an empty file", [], "does not begin with 'GGUF'" },
        { "a web page", "<!DOCTYPE html>"u8.ToArray(), "is a web page" },
        { "an LFS pointer", "version https://git-lfs.github.com/spec/v1"u8.ToArray(), "is a Git LFS pointer" },
        { "a safetensors file", [2, 0, 0, 0, 0, 0, 0, 0, .. "{}"u8], "is a safetensors file; open it with SafetensorsFile.Open" },
        { "an older format", "tjgg\u0001\0\0\0"u8.ToArray(), "is a GGML file, older than GGUF" },
        { "only the name", "GGUF"u8.ToArray(), "the version takes 1 times 4 bytes from byte 4 on, but the file has only 4" },
        { "version 1", new GgufWriter { Version = 1 }.ToArray(), "has version 1 of the format; expected 2 or 3" },
        { "version 0", new GgufWriter { Version = 0 }.ToArray(), "has version 0 of the format; expected 2 or 3" },
        { "the other order", new GgufWriter { Version = 3u << 24 }.ToArray(), "other order of bytes; expected a little-endian one" },
        { "more tensors", new GgufWriter { TensorCount = ulong.MaxValue }.ToArray(), "the name of a tensor takes" },
        { "more metadata", new GgufWriter { ValueCount = ulong.MaxValue }.ToArray(), "a key of the metadata takes" },
        { "a value of no type", new GgufWriter().Add("key", 13).ToArray(), "a value of the unknown type 13" },
        { "an array of no type", new GgufWriter().Add("key", 9, GgufWriter.Array(99, 1)).ToArray(), "a value of the unknown type 99" },
        { "an array of arrays", new GgufWriter().Add("key", 9, GgufWriter.Array(9, 1)).ToArray(), "an array of arrays" },
        { "a long array", new GgufWriter().Add("key", 9, GgufWriter.Array(4, ulong.MaxValue)).ToArray(), "an array of 18446744073709551615 elements" },
        { "a longer array", new GgufWriter().Add("key", 9, GgufWriter.Array(4, 30)).ToArray(), "a value of the metadata takes 30 times 4 bytes" },
        { "texts without end", new GgufWriter().Add("key", 9, GgufWriter.Array(8, 40, new byte[80])).ToArray(), "a text of the metadata takes" },
        { "a key twice", new GgufWriter().AddUInt32("key", 1).AddUInt32("key", 2).ToArray(), "the metadata have 'key' twice" },
        { "a key of other bytes", new GgufWriter().AddRaw([1, 0, 0, 0, 0, 0, 0, 0, 0xFF, 7, 0, 0, 0, 1]).ToArray(), "is not valid UTF-8" },
        { "a long key", new GgufWriter().AddUInt32(new string('k', 65_536), 1).ToArray(), "has 65536 bytes; expected at most 65535" },
        { "no alignment", new GgufWriter().AddUInt32("general.alignment", 0).ToArray(), "'general.alignment' is 0; expected a power of two" },
        { "a crooked alignment", new GgufWriter().AddUInt32("general.alignment", 24).ToArray(), "'general.alignment' is 24; expected a power of two" },
        { "alignment as text", new GgufWriter().AddText("general.alignment", "32").ToArray(), "'general.alignment' is of type text; expected a uint32" },
        { "a tensor twice", new GgufWriter().AddF32("x", [1], 1).AddF32("x", [1], 2).ToArray(), "tensor 'x' is described twice" },
        { "a tensor of no type", new GgufWriter().AddTensor("x", 4, [1], new byte[4]).ToArray(), "tensor 'x' has the unknown type 4" },
        { "five dimensions", new GgufWriter().AddF32("x", [1, 1, 1, 1, 1], 1).ToArray(), "a tensor has 5 dimensions; expected at most 4" },
        { "a huge dimension", new GgufWriter().AddF32("x", [1ul << 63], 1).ToArray(), "tensor 'x' has a dimension of 9223372036854775808" },
        { "too many elements", new GgufWriter().AddF32("x", [1ul << 40, 1ul << 40], 1).ToArray(), "more elements than can be counted" },
        { "a cut row", new GgufWriter().AddTensor("x", 8, [33, 2], new byte[80]).ToArray(), "rows of 33 elements; expected a multiple of 32, a block of Q8_0" },
        { "bytes that are not there", new GgufWriter().AddF32("x", [9], 1).ToArray(), "tensor 'x' has 36 bytes from 0 on, but only 4 bytes follow the header" },
        { "a place that is not there", new GgufWriter().AddTensor("x", 0, [1], new byte[4], 1ul << 62).ToArray(), "but only 4 bytes follow the header" },
        {
            "a crooked place", new GgufWriter().AddTensor("x", 0, [1], new byte[64], 4).ToArray(),
            "tensor 'x' begins at 4; expected a multiple of the alignment, 32"
        },
        {
            "one in another", new GgufWriter().AddF32("x", [9], new float[9]).AddTensor("y", 0, [1], new byte[4], 32).ToArray(),
            "tensor 'y' begins at 32, in the bytes of tensor 'x'"
        },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Wrong_files_are_refused_with_their_fault(string kind, byte[] bytes, string message)
    {
        string path = folder.Write("wrong.gguf", bytes);
        string refusal = Assert.Throws<InvalidDataException>(() => GgufFile.Open(path)).Message;
        Assert.StartsWith($"'{path}': ", refusal);
        Assert.Contains(message, refusal);
        Assert.Equal(refusal.Replace(path, "x"), Assert.Throws<InvalidDataException>(() => GgufFile.Open(bytes, "x")).Message);
        Assert.NotEmpty(kind);
    }

    [Fact]
    public void Every_shorter_file_is_refused()
    {
        byte[] whole = new GgufWriter().AddText("a", "text").Add("b", 9, GgufWriter.Array(6, 2, new byte[8])).AddF32("x", [2, 2], 1, 2, 3, 4).ToArray();
        for (int length = 0; length < whole.Length; length++)
            Assert.Throws<InvalidDataException>(() => GgufFile.Open(whole.AsMemory(0, length), "cut"));
        GgufFile.Open(whole, "whole").Dispose();
    }

    [Fact]
    public void A_type_that_cannot_be_read_is_named_when_it_is_read()
    {
        using GgufFile file = Open(new GgufWriter().AddTensor("x", 10, [256, 1], new byte[84]).AddTensor("ids", 26, [1], new byte[4]).AddF32("y", [1], 5));
        Assert.Equal("Q2_K", file.GetInfo("x").DType);
        Assert.Contains("tensor 'x' has type Q2_K; F64, F32, F16", Assert.Throws<NotSupportedException>(() => file.ReadFloat32("x")).Message);
        Assert.Contains("type Q2_K", Assert.Throws<NotSupportedException>(() => LinearWeights.From(file, "x")).Message);
        Assert.Contains("type I32", Assert.Throws<NotSupportedException>(() => file.Read("ids", new float[1])).Message);
        Assert.Equal([5], file.ReadFloat32("y"));
    }

    [Fact]
    public void A_directory_and_a_missing_file_are_called_what_they_are()
    {
        string inside = folder.Write("model.gguf", new GgufWriter().ToArray());
        string parent = Path.GetDirectoryName(inside)!;
        Assert.Contains("is a directory; name the file in it: 'model.gguf'", Assert.Throws<InvalidDataException>(() => GgufFile.Open(parent)).Message);
        Assert.Throws<FileNotFoundException>(() => GgufFile.Open(Path.Combine(parent, "no.gguf")));
        Assert.Contains(
            "is a GGUF file; open it with GgufFile.Open", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(inside)).Message);
    }

    public static TheoryData<string, byte[]> Hostile() => new()
    {
        { "tensors without elements", Many(tensors: 60_000, values: 0) },
        { "metadata", Many(tensors: 0, values: 200_000) },
        { "texts", new GgufWriter().Add("key", 9, GgufWriter.Array(8, 500_000, new byte[4_000_000])).ToArray() },
    };

    // The runner writes the arguments of each test that it finds as text, element by element: of megabytes that takes half a minute in every run.
    [Theory]
    [MemberData(nameof(Hostile), DisableDiscoveryEnumeration = true)]
    public void Opening_takes_at_most_twice_the_file_and_a_megabyte(string kind, byte[] bytes)
    {
        GgufFile.Open(new GgufWriter().AddUInt32("warm", 1).AddF32("x", [1], 1).ToArray(), "warm").Dispose();
        Assert.Throws<InvalidDataException>(() => GgufFile.Open(new GgufWriter().Add("warm", 99).ToArray(), "warm"));
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            GgufFile.Open(bytes, kind).Dispose();
        }
        catch (InvalidDataException refusal)
        {
            Assert.Contains("take about", refusal.Message);
        }

        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, (2L * bytes.Length) + (1 << 20));
    }

    private static byte[] Many(int tensors, int values)
    {
        var writer = new GgufWriter();
        for (int number = 0; number < tensors; number++)
            writer.AddF32($"{number:x}", [0]);
        for (int number = 0; number < values; number++)
            writer.Add($"{number:x}", 7, 1);
        return writer.ToArray();
    }

    private static byte[] Stored(WeightFormat format, float[] values) =>
        format == WeightFormat.Float32 ? MemoryMarshal.AsBytes<float>(values).ToArray() : PlainWeights.Quantize(format, values);

    private GgufFile Open(GgufWriter writer) => GgufFile.Open(folder.Write("file.gguf", writer.ToArray()));
}
