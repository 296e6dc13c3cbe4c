using System.Diagnostics;
using System.Text;
using static AttentionGen.Tests.Runtime.SafetensorsWriter;

namespace AttentionGen.Tests.Runtime;

/// <summary>Where a safetensors file may come from, and what is opened in its place by mistake.</summary>
public sealed class SafetensorsSourceTests : IDisposable
{
    private readonly TestFolder folder = new();

    private static byte[] Whole => new SafetensorsWriter().AddF32("x", [2], 1, 2).Add("half", "F16", [1], F16(3)).ToArray();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, byte[], string> Impostors() => new()
    {
        { "an LFS pointer", "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"u8.ToArray(),
            "is a Git LFS pointer, not the file that it stands for; fetch that with 'git lfs pull'" },
        { "a web page", "<!DOCTYPE html><html></html>"u8.ToArray(), "is a web page (HTML or XML); download the file itself" },
        { "a web page behind a mark and space", "\uFEFF \n <html></html>"u8.ToArray(), "is a web page (HTML or XML); download the file itself" },
        { "a shard index", """{"weight_map":{"a":"b"}}"""u8.ToArray(), "is JSON; a shard index is opened under a name that ends in '.json'" },
        { "a ZIP archive", [.. "PK\u0003\u0004"u8, 20, 0, 0, 0, 8, 8],
            "is a ZIP archive, as PyTorch's .bin, .pt and .pth files are; convert it to safetensors" },
        { "a pickle", [0x80, 2, 0x8A, 10, 1, 2, 3, 4, 5], "is a Python pickle; convert it to safetensors" },
        { "a GGUF file", [.. "GGUF"u8, 3, 0, 0, 0, 1], "is a GGUF file; open it with GgufFile.Open" },
        { "an HDF5 file", [0x89, .. "HDF\r\n"u8, 0x1A, 10], "is an HDF5 file; convert it to safetensors" },
        { "a compressed file", [0x1F, 0x8B, 8, 0, 1, 2, 3, 4, 5], "is compressed by gzip; decompress it" },
    };

    [Theory]
    [MemberData(nameof(Impostors))]
    public void What_is_no_safetensors_file_is_called_what_it_is(string kind, byte[] bytes, string message)
    {
        string path = folder.Write("model.safetensors", bytes);
        string actual = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message;
        Assert.True(actual.StartsWith($"'{path}': ", StringComparison.Ordinal) && actual.Contains(message, StringComparison.Ordinal), $"{kind}: {actual}");
        Assert.Contains(message, Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(bytes, "memory")).Message);

        // As a shard, it is named by its own path.
        string one = folder.Write("one.safetensors.index.json", """{"weight_map":{"a":"model.safetensors"}}""");
        actual = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(one)).Message;
        Assert.True(
            actual.StartsWith($"'{path}': ", StringComparison.Ordinal) && actual.Contains(message, StringComparison.Ordinal), $"{kind} as a shard: {actual}");

        // As an index, all are refused in the same words, but JSON, which an index is.
        string index = folder.Write("model.safetensors.index.json", bytes);
        if (kind == "a shard index")
            SafetensorsFile.Open(index).Dispose();
        else
            Assert.Contains(message, Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(index)).Message);
    }

    /// <summary>The first bytes of JSON can be a right length: that of a header of 123 bytes.</summary>
    [Fact]
    public void A_header_whose_length_looks_like_text_is_read()
    {
        string header = """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""";
        byte[] file = Raw(header + new string(' ', '{' - header.Length), F32(7));
        Assert.Equal((byte)'{', file[0]);
        using SafetensorsFile opened = SafetensorsFile.Open(folder.Write("model.safetensors", file));
        Assert.Equal([7], opened.ReadFloat32("x"));
    }

    [Fact]
    public void A_safetensors_file_under_the_name_of_an_index_is_called_one() => Assert.Contains(
        "is a safetensors file, not a shard index; open it under a name that does not end in '.json'",
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(folder.Write("model.json", Whole))).Message);

    [Fact]
    public void A_directory_is_refused_with_the_files_in_it()
    {
        string path = Path.GetDirectoryName(folder.Write("other.txt", []))!;
        Assert.Equal(
            $"'{path}': is a directory, without any file that ends in '.safetensors'; name a file.",
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message);
        folder.Write("b.safetensors", Whole);
        folder.Write("a.safetensors", Whole);
        folder.Write("model.safetensors.index.json", "{}");
        Assert.Equal(
            $"'{path}': is a directory; name the file in it: 'model.safetensors.index.json' or 'a.safetensors' or 'b.safetensors'.",
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message);
        string index = Directory.CreateDirectory(Path.Combine(path, "index.json")).FullName;
        Assert.Contains("is a directory, without", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(index)).Message);
    }

    [Fact]
    public void A_stream_is_copied_from_where_it_stands()
    {
        byte[] bytes = [9, 9, 9, .. Whole];
        using var stream = new MemoryStream(bytes);
        stream.Position = 3;
        SafetensorsFile file = SafetensorsFile.Open(stream, "some stream");
        Assert.Equal(stream.Length, stream.Position);
        bytes.AsSpan().Clear();
        stream.Dispose();
        Assert.Equal([1, 2], file.ReadFloat32("x"));
        Assert.Equal("some stream", file.Path);
        Assert.Contains("'some stream' has no tensor 'y'", Assert.Throws<ArgumentException>("name", () => file.ReadFloat32("y")).Message);
        file.Dispose();
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => file.ReadFloat32("x"));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(100_000)]
    public void A_stream_without_length_is_copied_however_it_comes(int bytesAtOnce)
    {
        byte[] whole = new SafetensorsWriter().AddF32("x", [100_000], TestNumbers.Counting(100_000)).ToArray();
        using SafetensorsFile file = SafetensorsFile.Open(new Trickle(whole, bytesAtOnce), "trickle");
        Assert.Equal(TestNumbers.Counting(100_000), file.ReadFloat32("x"));
    }

    [Fact]
    public void An_embedded_resource_is_a_stream()
    {
        using Stream stream = typeof(SafetensorsSourceTests).Assembly.GetManifestResourceStream("small.safetensors")!;
        using SafetensorsFile file = SafetensorsFile.Open(stream, "small.safetensors");
        Assert.Equal([1, 2], file.ReadFloat32("x"));
    }

    [Fact]
    public void Memory_is_read_where_it_is()
    {
        byte[] bytes = [9, .. Whole, 9];
        using SafetensorsFile file = SafetensorsFile.Open(bytes.AsMemory(1, bytes.Length - 2), "memory");
        Assert.Equal([1, 2], file.ReadFloat32("x"));
        F32(5).CopyTo(bytes.AsSpan(bytes.Length - 11));
        Assert.Equal([5, 2], file.ReadFloat32("x"));
        Assert.Equal("memory", file.Path);
    }

    [Fact]
    public void Memory_and_streams_are_refused_as_files_are()
    {
        Assert.Equal(
            "'none': the file has 0 bytes; a safetensors file begins with the length of its header, which takes 8.",
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(default(ReadOnlyMemory<byte>), "none")).Message);
        Assert.Equal(
            "'none': the file has 0 bytes; a safetensors file begins with the length of its header, which takes 8.",
            Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(Stream.Null, "none")).Message);
        byte[] whole = Whole;
        for (int length = 0; length < whole.Length; length++)
        {
            Assert.StartsWith("'cut': ", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(whole.AsMemory(0, length), "cut")).Message);
            Assert.StartsWith("'cut': ", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(new MemoryStream(whole, 0, length), "cut")).Message);
        }

        Assert.Throws<ArgumentNullException>("stream", () => SafetensorsFile.Open((Stream)null!, "x"));
        Assert.Throws<ArgumentException>("name", () => SafetensorsFile.Open(Stream.Null, ""));
        Assert.Throws<ArgumentException>("name", () => SafetensorsFile.Open(whole, ""));
        var closed = new MemoryStream(whole);
        closed.Dispose();
        Assert.Throws<ArgumentException>("stream", () => SafetensorsFile.Open(closed, "closed"));
        Assert.Equal("'broken' cannot be read: no such device", Assert.Throws<IOException>(() => SafetensorsFile.Open(new Trickle(null, 1), "broken")).Message);
    }

    /// <summary>A pipe has no length and cannot be mapped; nor can what the kernel makes while it is read.</summary>
    [Fact]
    public async Task What_cannot_be_mapped_is_read()
    {
        if (!OperatingSystem.IsLinux())
            return;
        string pipe = folder.Write("pipe.safetensors", []);
        File.Delete(pipe);
        using (Process make = Process.Start("mkfifo", [pipe]))
            await make.WaitForExitAsync(TestContext.Current.CancellationToken);
        byte[] whole = Whole;
        Task writes = Task.Run(() => File.WriteAllBytes(pipe, whole), TestContext.Current.CancellationToken);
        using SafetensorsFile file = SafetensorsFile.Open(pipe);
        await writes;
        Assert.Equal([1, 2], file.ReadFloat32("x"));

        const string kernelFile = "/sys/kernel/mm/transparent_hugepage/enabled";
        foreach (string path in new[] { kernelFile, "/proc/self/status" }.Where(File.Exists))
            Assert.StartsWith($"'{path}': ", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message);
    }

    [Fact]
    public void Every_byte_is_converted_exactly()
    {
        byte[] all = [.. Enumerable.Range(0, 256).Select(number => (byte)number)];
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().Add("four", "F8_E4M3", [256], all).Add("five", "F8_E5M2", [16, 16], all));
        float[] four = file.ReadFloat32("four"), five = file.ReadFloat32("five");
        for (int bits = 0; bits < 256; bits++)
        {
            double sign = bits < 128 ? 1 : -1;
            (int exponent, int fraction) = ((bits >> 3) & 15, bits & 7);
            double expected = exponent == 15 && fraction == 7
                ? double.NaN
                : exponent == 0
                ? fraction * Math.Pow(2, -9)
                : (8 + fraction) * Math.Pow(2, exponent - 10);
            Assert.Equal(sign * expected, four[bits]);
            (exponent, fraction) = ((bits >> 2) & 31, bits & 3);
            expected = exponent == 31
                ? (fraction == 0 ? double.PositiveInfinity : double.NaN)
                : exponent == 0
                ? fraction * Math.Pow(2, -16)
                : (4 + fraction) * Math.Pow(2, exponent - 17);
            Assert.Equal(sign * expected, five[bits]);
        }
    }

    [Fact]
    public void Doubles_are_rounded_and_refused_where_float32_cannot_hold_them()
    {
        byte[] right = [.. new[] { 1.1, -0.0, 1e-60, double.NegativeInfinity, double.NaN, float.MaxValue }.SelectMany(BitConverter.GetBytes)];
        byte[] wrong = [.. new[] { 1, -3.5e38 }.SelectMany(BitConverter.GetBytes)];
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().Add("right", "F64", [6], right).Add("wrong", "F64", [2], wrong));
        Assert.Equal([1.1f, -0f, 0f, float.NegativeInfinity, float.NaN, float.MaxValue], file.ReadFloat32("right"));
        Assert.Contains(
            "tensor 'wrong' has an F64 element, number 1, that is finite and too large for float32",
            Assert.Throws<InvalidDataException>(() => file.ReadFloat32("wrong")).Message);
    }

    [Fact]
    public void Metadata_may_be_null()
    {
        using SafetensorsFile file = folder.Open(new SafetensorsWriter().AddEntry("\"__metadata__\":null").AddF32("x", [1], 1));
        Assert.Empty(file.Metadata);
        Assert.Equal(["x"], file.TensorNames);
        Assert.Contains(
            "the header's 'y' is not a JSON object",
            Assert.Throws<InvalidDataException>(() => folder.Open(new SafetensorsWriter().AddEntry("\"y\":null"))).Message);
    }

    /// <summary>The name is there, so that nobody takes the tensor for absent; reading it says why it is not.</summary>
    [Fact]
    public void What_a_shard_does_not_have_is_an_error_when_it_is_read()
    {
        folder.Write("here.safetensors", new SafetensorsWriter().AddF32("a", [1], 1).ToArray());
        string index = folder.Write("model.safetensors.index.json", """{"weight_map":{"z":"here.safetensors","a":"here.safetensors","b":"gone.safetensors"}}""");
        using SafetensorsFile file = SafetensorsFile.Open(index);
        Assert.Equal(["a", "b", "z"], file.TensorNames);
        Assert.True(file.Contains("b") && file.Contains("z"));
        Assert.Equal([1], file.ReadFloat32("a"));

        foreach (Action read in new Action[] { () => file.ReadFloat32("b"), () => file.GetInfo("b"), () => file.Read("b", new float[1]) })
        {
            var exception = Assert.Throws<FileNotFoundException>(read);
            Assert.Equal($"'{index}': the shard 'gone.safetensors', which has tensor 'b', is missing; expected it beside the index.", exception.Message);
            Assert.Equal(Path.Combine(Path.GetDirectoryName(index)!, "gone.safetensors"), exception.FileName);
        }

        Assert.Equal(
            $"'{index}': the index says that tensor 'z' is in 'here.safetensors', which does not have it.",
            Assert.Throws<InvalidDataException>(() => file.ReadFloat32("z")).Message);

        // A bias that is missing with its shard is not a bias that the model does not have.
        Assert.Throws<FileNotFoundException>(() => AttentionWeights.From(file, new AttentionTensorNames { Query = "a", Key = "a", Value = "a", Output = "b" }));
    }

    /// <summary>A stream that gives a few bytes at a time, or breaks.</summary>
    private sealed class Trickle(byte[]? bytes, int bytesAtOnce) : Stream
    {
        private int position;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override int Read(byte[] buffer, int offset, int count)
        {
            if (bytes is null)
                throw new IOException("no such device");
            int read = Math.Min(Math.Min(bytesAtOnce, count), bytes.Length - position);
            bytes.AsSpan(position, read).CopyTo(buffer.AsSpan(offset));
            position += read;
            return read;
        }

        public override void Flush() => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
