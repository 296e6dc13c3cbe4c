using System.Text;
using static AttentionGen.Tests.Runtime.SafetensorsWriter;

namespace AttentionGen.Tests.Runtime;

/// <summary>Files that are not as the format says: each is refused when it is opened, with the file, the tensor and what is wrong.</summary>
public sealed class SafetensorsMalformedTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    public static TheoryData<string, string, byte[], string> Headers()
    {
        const string valid = """{"dtype":"F32","shape":[1],"data_offsets":[0,4]}""";
        return new()
        {
            { "dtype missing", """{"x":{"shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has no dtype" },
            { "shape missing", """{"x":{"dtype":"F32","data_offsets":[0,4]}}""", F32(1), "tensor 'x' has no shape" },
            { "offsets missing", """{"x":{"dtype":"F32","shape":[1]}}""", F32(1), "tensor 'x' has no data_offsets" },
            { "dtype unknown", """{"x":{"dtype":"Q7","shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has the unknown dtype 'Q7'" },
            { "dtype no text", """{"x":{"dtype":32,"shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a dtype that is not a text" },
            { "dtype twice", """{"x":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has dtype twice" },
            { "shape twice", """{"x":{"dtype":"F32","shape":[1],"shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has shape twice" },
            { "offsets twice", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has data_offsets twice" },
            { "shape no array", """{"x":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape that is not an array" },
            { "negative dimension", """{"x":{"dtype":"F32","shape":[-1,-1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape with an element that is not a whole number" },
            { "fractional dimension", """{"x":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape with an element that is not a whole number" },
            { "text dimension", """{"x":{"dtype":"F32","shape":["1"],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape with an element that is not a whole number" },
            { "huge dimension", """{"x":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape with an element that is not a whole number" },
            { "overflowing shape", """{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,0]}}""", [], "tensor 'x' has shape [4294967296, 4294967296], which is more elements than can be counted" },
            { "wrapping shape", """{"x":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}}""", F32(1), "which take 18446744073709551620 bytes, but data_offsets [0, 4], which are 4 bytes" },
            { "endless shape", """{"x":{"dtype":"F32","shape":[""" + string.Join(",", Enumerable.Repeat("1", 65)) + """],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has a shape of more than 64 elements" },
            { "one offset", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[4]}}""", F32(1), "tensor 'x' has 1 data_offsets; expected 2" },
            { "three offsets", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}""", F32(1), "tensor 'x' has 3 data_offsets; expected 2" },
            { "negative offset", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[-4,0]}}""", F32(1), "tensor 'x' has a data_offsets with an element that is not a whole number" },
            { "reversed offsets", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}}""", F32(1), "tensor 'x' has data_offsets [4, 0], which end before they begin" },
            { "offsets outside", """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", F32(1), "tensor 'x' has data_offsets [0, 8], but only 4 bytes follow the header: the file is truncated" },
            { "huge offsets", """{"x":{"dtype":"U8","shape":[9223372036854775807],"data_offsets":[0,9223372036854775807]}}""", F32(1), "but only 4 bytes follow the header" },
            { "shape too large", """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has F32 elements of shape [2], which take 8 bytes, but data_offsets [0, 4], which are 4 bytes" },
            { "shape too small", """{"x":{"dtype":"F16","shape":[1],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has F16 elements of shape [1], which take 2 bytes" },
            { "half a byte", """{"x":{"dtype":"F4","shape":[7],"data_offsets":[0,4]}}""", F32(1), "tensor 'x' has F4 elements of shape [7]" },
            { "overlap", """{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"y":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", F32(1, 2), "tensor 'y' has data_offsets [4, 8], which overlap tensor 'x' at [0, 8]" },
            { "same place", """{"x":""" + valid + ""","y":""" + valid + "}", F32(1), "which overlap tensor 'x' at [0, 4]" },
            { "hole in front", """{"x":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", F32(1, 2), "tensor 'x' begins at 4, but the tensor before it ends at 0: the format allows no holes" },
            { "hole between", """{"x":""" + valid + ""","y":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}""", F32(1, 2, 3), "tensor 'y' begins at 8, but the tensor before it ends at 4" },
            { "hole behind", """{"x":""" + valid + "}", F32(1, 2), "8 bytes follow the header, but its tensors end at 4" },
            { "duplicate", """{"x":""" + valid + ""","\u0078":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}""", F32(1, 2), "tensor 'x' is described twice" },
            { "entry no object", """{"x":[0,4]}""", F32(1), "the header's 'x' is not a JSON object" },
            { "metadata no object", """{"__metadata__":"pt"}""", [], "the header's '__metadata__' is not a JSON object" },
            { "metadata no text", """{"__metadata__":{"layers":6}}""", [], "'layers' of __metadata__ is not a text" },
            { "metadata key twice", """{"__metadata__":{"a":"1","a":"2"}}""", [], "'a' of __metadata__ stands there twice" },
            { "metadata twice", """{"__metadata__":{},"__metadata__":{}}""", [], "__metadata__ stands in the header twice" },
            { "empty header", "", [], "the header does not begin with '{'" },
            { "array", "[]", [], "the header does not begin with '{'" },
            { "leading space", " {}", [], "the header does not begin with '{'" },
            { "unclosed", """{"x":""" + valid, F32(1), "the header is not valid JSON" },
            { "unclosed entry", """{"x":{"dtype":"F32","shape":[1""", F32(1), "the header is not valid JSON" },
            { "no comma", """{"x":""" + valid + """ "y":{}}""", F32(1), "the header is not valid JSON" },
            { "rest", """{"x":""" + valid + "} {}", F32(1), "the header is not valid JSON" },
            { "nul padding", """{"x":""" + valid + "}\0\0", F32(1), "the header is not valid JSON" },
            { "comment", """{/**/"x":""" + valid + "}", F32(1), "the header is not valid JSON" },
            { "lone surrogate", """{"\ud800":""" + valid + "}", F32(1), "the header is not valid JSON" },
            { "deep", """{"x":{"y":""" + new string('[', 1000) + "}", F32(1), "the header is not valid JSON" },
        };
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public void Headers_that_lie_are_refused(string kind, string header, byte[] data, string message) => Refused(Raw(header, data), message, kind);

    [Fact]
    public void Headers_that_are_not_utf8_are_refused()
    {
        byte[] file = Raw("""{"?":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", F32(1));
        file[10] = 0xFF;
        Refused(file, "the header is not valid JSON");
    }

    [Theory]
    [InlineData(0)]
    [InlineData(7)]
    public void A_file_too_short_for_its_first_number_is_refused(int bytes) =>
        Refused(new byte[bytes], $"the file has {bytes} bytes; a safetensors file begins with the length of its header, which takes 8");

    [Fact]
    public void A_header_length_that_lies_is_refused()
    {
        Refused(Raw("{}", [], 3), "the header says that it is 3 bytes long, but only 2 bytes follow its length: the file is truncated or no safetensors file");
        Refused(Raw("{}", [], 100_000_001), "the header says that it is 100000001 bytes long; the format allows 100000000");
        Refused(Raw("{}", [], ulong.MaxValue), $"the header says that it is {ulong.MaxValue} bytes long");
        Refused(Raw("{}", [], 1ul << 63), "bytes long; the format allows");
        Refused(Raw("""{"x":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}""", F32(1), 20), "the header is not valid JSON");
        Refused(Raw("{}", F32(1), 6), "the header is not valid JSON");
        Refused(Encoding.UTF8.GetBytes("version 2 of the model"), "bytes long; the format allows");
    }

    [Fact]
    public void Every_truncation_of_a_file_is_refused()
    {
        byte[] whole = new SafetensorsWriter().AddF32("x", [2], 1, 2).Add("y", "F16", [2, 1], F16(1, 2)).ToArray();
        for (int length = 0; length < whole.Length; length++)
            Refused(whole[..length], "model.safetensors");
        SafetensorsFile.Open(folder.Write("model.safetensors", whole)).Dispose();
        Refused([.. whole, 0], "13 bytes follow the header, but its tensors end at 12");
    }

    [Fact]
    public void Random_damage_is_refused_or_read_but_nothing_else()
    {
        byte[] whole = new SafetensorsWriter().AddF32("x", [2], 1, 2).AddEntry("""  "__metadata__":{"a":"b"}""").Add("y", "BF16", [2, 1], Bits(1, 2)).ToArray();
        var random = new Random(1);
        for (int round = 0; round < 400; round++)
        {
            byte[] damaged = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--)
                damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            string path = folder.Write("damaged.safetensors", damaged);
            try
            {
                using var file = SafetensorsFile.Open(path);
                foreach (string name in file.TensorNames)
                {
                    if (file.GetInfo(name).DType is "F32" or "F16" or "BF16")
                        file.ReadFloat32(name);
                }
            }
            catch (InvalidDataException exception)
            {
                Assert.StartsWith($"'{path}': ", exception.Message);
            }
        }
    }

    [Fact]
    public void A_refused_file_is_left_closed()
    {
        string path = folder.Write("model.safetensors", Raw("{}", F32(1)));
        Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path));
        using var stream = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.Equal(14, stream.Length);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        string path = Path.Combine(Path.GetTempPath(), "there is no such model.safetensors");
        Assert.Contains(path, Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(path)).Message);
        Assert.Contains(path, Assert.Throws<FileNotFoundException>(() => SafetensorsFile.Open(path + ".index.json")).Message);
        Assert.Throws<ArgumentException>("path", () => SafetensorsFile.Open(""));
    }

    [Fact]
    public void A_malformed_shard_is_named()
    {
        string shard = folder.Write("shard.safetensors", Raw("[]", []));
        string index = folder.Write("model.safetensors.index.json", """{"weight_map":{"a":"shard.safetensors"}}""");
        Assert.StartsWith($"'{shard}': ", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(index)).Message);
    }

    [Theory]
    [InlineData("""{"weight_map":{"a":"shard.safetensors","a":"shard.safetensors"}}""", "the index names tensor 'a' twice")]
    [InlineData("""{"weight_map":{"b":"shard.safetensors","\u0062":"shard.safetensors"}}""", "the index names tensor 'b' twice")]
    [InlineData("""{"weight_map":{"a":"shard.safetensors","\u0061":"shard.safetensors"}}""", "the index names tensor 'a' twice")]
    [InlineData("""{"weight_map":{"\ud800":"shard.safetensors"}}""", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"a":"\udc00"}}""", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"\ud800":5}}""", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"a":"gone.safetensors"}""", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"a":5}}""", "the index gives tensor 'a' something that is not a file name")]
    [InlineData("""{"weight_map":{"a":"../shard.safetensors"}}""", "the index gives tensor 'a' the file '../shard.safetensors'; expected the name of a file beside the index")]
    [InlineData("""{"weight_map":{"a":"..\\shard.safetensors"}}""", "expected the name of a file beside the index")]
    [InlineData("""{"weight_map":{"a":"/etc/passwd"}}""", "expected the name of a file beside the index")]
    [InlineData("""{"weight_map":{"a":".."}}""", "expected the name of a file beside the index")]
    [InlineData("""{"weight_map":{"a":""}}""", "expected the name of a file beside the index")]
    [InlineData("""{"weight_map":[]}""", "the index's weight_map is not a JSON object")]
    [InlineData("""{"weight_map":{},"weight_map":{}}""", "the index has weight_map twice")]
    [InlineData("""{"metadata":{}}""", "the index has no weight_map")]
    [InlineData("[]", "the index is not a JSON object")]
    [InlineData("", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"a":"shard.safetensors"}""", "the index is not valid JSON")]
    [InlineData("""{"weight_map":{"a":"shard.safetensors"}} x""", "the index is not valid JSON")]
    public void An_index_that_lies_is_refused(string json, string message)
    {
        folder.Write("shard.safetensors", new SafetensorsWriter().AddF32("a", [1], 1).ToArray());
        string index = folder.Write("model.safetensors.index.json", json);
        string actual = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(index)).Message;
        Assert.StartsWith($"'{index}': ", actual);
        Assert.Contains(message, actual);
    }

    /// <summary>Before it is read: the file has no bytes on the disk.</summary>
    [Fact]
    public void An_index_that_is_too_large_is_refused()
    {
        string index = folder.Write("model.safetensors.index.json", "");
        using (FileStream stream = File.OpenWrite(index))
            stream.SetLength(100_000_001);
        Assert.Contains(
            "the index has 100000001 bytes; expected at most 100000000", Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(index)).Message);
    }

    private void Refused(byte[] bytes, string message, string kind = "a file")
    {
        string path = folder.Write("model.safetensors", bytes);
        string actual = Assert.Throws<InvalidDataException>(() => SafetensorsFile.Open(path)).Message;
        Assert.True(actual.StartsWith($"'{path}': ", StringComparison.Ordinal) && actual.Contains(message, StringComparison.Ordinal), $"{kind}: {actual}");
    }
}
