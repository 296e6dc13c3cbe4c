using System.Globalization;
using System.Text;
using static AttentionGen.Tests.Runtime.SafetensorsWriter;

namespace AttentionGen.Tests.Runtime;

/// <summary>Opening takes at most twice the bytes of all files and 1 MB, whatever they say, and refuses no file of a real model for that.</summary>
public sealed class SafetensorsSizeTests : IDisposable
{
    private const int Megabytes = 4_000_000;
    private static readonly string Long = new('a', Megabytes);

    private readonly TestFolder folder = new();

    public SafetensorsSizeTests()
    {
        // What is allocated once in a process is not a file's.
        Index("""{"weight_map":{}}""");
        Assert.Null(Open(folder.Write("warm.safetensors", Raw(Tensors(3, "F32", "1", 4), new byte[12]))));
        Assert.Null(Open(Index("""{"weight_map":{"0":"warm.safetensors"}}"""), "warm.safetensors"));
    }

    public void Dispose() => folder.Dispose();

    private static readonly Dictionary<string, (Func<string> Header, string Message)> HostileHeaders = new()
    {
        ["tensors without elements"] = (() => Tensors(140_000, "F4", "0", 0), "the header's 140000 tensors and 0 texts take about"),
        ["texts"] = (() => Texts(400_000, "k", ""), "the header's 1 tensors and 400000 texts take about"),
        ["long texts"] = (() => Texts(10_000, new string('k', 200), new string('v', 200)), ""),
        ["dimensions"] = (() => """{"x":{"shape":[0""" + Repeat(",0", Megabytes) + """],"dtype":"F32","data_offsets":[0,0]}}""", "the header's 1 tensors and 0 texts take about"),
        ["offsets"] = (() => """{"x":{"shape":[0],"dtype":"F32","data_offsets":[0""" + Repeat(",0", Megabytes) + "]}}", "has a data_offsets of more than 64 elements"),
        ["other fields"] = (() => """{"x":{"shape":[0],"dtype":"F32","data_offsets":[0,0],"y":{"z":[0""" + Repeat(",0", Megabytes) + "]}}}", ""),
        ["one tensor again and again"] = (() => "{\"x\":{}" + Repeat(",\"x\":{}", Megabytes) + "}", "take about"),
        ["a long name"] = (() => $$$"""{"{{{Long}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,0]}}""", "aaa…' has F32 elements of shape [1]"),
        ["a long name twice"] = (() => $$$"""{"{{{Long}}}":{},"{{{Long}}}":{}}""", "aaa…' has no dtype"),
        ["a long escaped name"] = (() => $$$"""{"\u0061{{{Long}}}":{"dtype":"F32","shape":[1],"data_offsets":[0,0]}}""", "the header's 1 tensors and 0 texts take about"),
        ["a long escaped text"] = (() => $$$"""{"__metadata__":{"a":"\u0061{{{Long}}}"}}""", "the header's 0 tensors and 1 texts take about"),
        ["a long type"] = (() => $$$"""{"x":{"dtype":"{{{Long}}}","shape":[0],"data_offsets":[0,0]}}""", "has the unknown dtype 'aaa"),
        ["a long escaped type"] = (() => $$$"""{"x":{"dtype":"\u0061{{{Long}}}","shape":[0],"data_offsets":[0,0]}}""", "has the unknown dtype '\\u0061aaa"),
        ["a long field"] = (() => $$$"""{"x":{"{{{Long}}}":1}}""", "tensor 'x' has no dtype"),
        ["a long key"] = (() => $$$"""{"__metadata__":{"{{{Long}}}":1}}""", "aaa…' of __metadata__ is not a text"),
        ["a long name of no tensor"] = (() => $$$"""{"{{{Long}}}":1}""", "aaa…' is not a JSON object"),
        ["depth"] = (() => "{\"x\":{\"y\":" + Repeat("[", Megabytes), "the header is not valid JSON"),
        ["a long literal"] = (() => "{\"x\":" + Repeat("t", Megabytes), "the header is not valid JSON"),
        ["a long literal behind escapes"] = (() => """{"\"\\":true""" + Repeat("false", Megabytes), "the header is not valid JSON"),
        ["a long number"] = (() => "{\"x\":{\"shape\":[" + Repeat("1", Megabytes) + "]}}", "tensor 'x' has a shape with an element that is not a whole number"),
    };

    public static TheoryData<string> HeaderKinds => [.. HostileHeaders.Keys];

    [Theory]
    [MemberData(nameof(HeaderKinds))]
    public void A_hostile_header_takes_no_more(string kind)
    {
        (Func<string> header, string message) = HostileHeaders[kind];
        AssertRefused(Open(folder.Write("hostile.safetensors", Raw(header(), []))), message);
    }

    private static readonly Dictionary<string, (Func<string> Json, string Message)> HostileIndexes = new()
    {
        ["many tensors of one shard"] = (() => Map(300_000, "one", number => $"{number:x}"), "the tensors that the shards do not have take about"),
        ["one tensor again and again"] = (() => Map(400_000, "one", _ => "a"), "the index names tensor 'a' twice"),
        ["one tensor under its escapes"] = (() => Map(2, "one", number => number == 0 ? "a" : "\\u0061"), "the index names tensor 'a' twice"),
        ["a shard under its escapes"] = (
            () => "{\"weight_map\":{\"a\":\"one\"" + Repeat(",\"a\":\"\\u006f\\u006e\\u0065\"", Megabytes) + "}}", "the index names tensor 'a' twice"),
        ["many shards that are not there"] = (
            () => "{\"weight_map\":{" + string.Join(",", Enumerable.Range(0, 300_000).Select(number => $"\"{number:x}\":\"no{number:x}\"")) + "}}",
            " shards take about"),
        ["many shards that are not there behind one that is"] = (() => "{\"weight_map\":{\"a\":\"one\","
            + string.Join(",", Enumerable.Range(0, 300_000).Select(number => $"\"{number:x}\":\"no{number:x}\"")) + "}}", " shards take about"),
        ["many small shards"] = (
            () => "{\"weight_map\":{" + string.Join(",", Enumerable.Range(0, 1000).Select(number => $"\"{number:x}\":\"{number:x}.shard\"")) + "}}",
            "the objects that open it take about"),
        ["many empty shards"] = (
            () => "{\"weight_map\":{" + string.Join(",", Enumerable.Range(0, 8000).Select(number => $"\"{number:x}\":\"{number:x}.shard\"")) + "}}",
            " shards take about"),
        ["a long tensor"] = (() => $$$"""{"weight_map":{"{{{Long}}}":"one"}}""", "the index's 1 tensors take about"),
        ["a long escaped tensor"] = (() => $$$"""{"weight_map":{"\u0061{{{Long}}}":"one"}}""", "the index's 1 tensors take about"),
        ["a long tensor without a shard"] = (() => $$$"""{"weight_map":{"{{{Long}}}":1}}""", "aaa…' something that is not a file name"),
        ["a long shard"] = (() => $$$"""{"weight_map":{"a":"{{{Long}}}"}}""", "aaa…'; expected the name of a file beside the index"),
        ["a long escaped shard"] = (() => $$$"""{"weight_map":{"a":"\u0061{{{Long}}}"}}""", "aaa…'; expected the name of a file beside the index"),
        ["depth"] = (() => "{\"metadata\":" + Repeat("[", Megabytes), "the index is not valid JSON"),
        ["a long literal"] = (() => "{\"weight_map\":" + Repeat("n", Megabytes), "the index is not valid JSON"),
        ["depth of a map"] = (() => "{\"weight_map\":{\"a\":" + Repeat("[", Megabytes), "something that is not a file name"),
        ["other fields"] = (() => "{\"metadata\":[0" + Repeat(",0", Megabytes) + "],\"weight_map\":{\"a\":\"one\"}}", ""),
    };

    public static TheoryData<string> IndexKinds => [.. HostileIndexes.Keys];

    [Theory]
    [MemberData(nameof(IndexKinds))]
    public void A_hostile_index_takes_no_more(string kind)
    {
        (Func<string> json, string message) = HostileIndexes[kind];
        folder.Write("one", new SafetensorsWriter().AddF32("a", [1], 1).ToArray());
        for (int number = 0; number < (kind == "many small shards" ? 1000 : 0); number++)
            folder.Write($"{number:x}.shard", new SafetensorsWriter().AddF32($"{number:x}", [1], 1).ToArray());
        for (int number = 0; number < (kind == "many empty shards" ? 8000 : 0); number++)
            folder.Write($"{number:x}.shard", "");
        AssertRefused(Open(Index(json()), "one"), message);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Whatever_is_opened_takes_no_more(bool areTensors)
    {
        int opened = 0, refused = 0;
        for (int count = 1; count < 200_000; count += 1 + (count / 4))
        {
            string path = folder.Write("tiny.safetensors", Raw(areTensors ? Tensors(count, "F4", "0", 0) : Texts(count, "", ""), []));
            string? refusal = Open(path);
            string? ofIndex = Open(Index(Map(areTensors ? count : 1, "tiny.safetensors", number => $"{number:x}")), "tiny.safetensors");
            opened += refusal is null ? 1 : 0;
            refused += refusal is null ? 0 : 1;
            Assert.True(refusal is null || ofIndex is not null, $"{count}: only the index opened");
        }

        Assert.True(opened > 20 && refused > 2, $"{opened} opened, {refused} refused");
    }

    /// <summary>The texts of all shards stand in one dictionary more.</summary>
    [Fact]
    public void Texts_of_shards_count_twice()
    {
        string? refusal = null, ofIndex = null;
        for (int count = 1000; refusal is null && ofIndex is null; count += count / 20)
        {
            refusal = Open(folder.Write("texts.safetensors", Raw(Texts(count, "", ""), [])));
            ofIndex = Open(Index(Map(1, "texts.safetensors", number => $"{number:x}")), "texts.safetensors");
        }

        Assert.Null(refusal);
        Assert.Contains("the texts of all shards take about", ofIndex);
    }

    /// <summary>However short their names and few their bytes.</summary>
    [Theory]
    [InlineData(5_000, "", 4)]
    [InlineData(100_000, "", 4)]
    [InlineData(100_000, "1", 4)]
    [InlineData(50_000, "2,1,3", 24)]
    public void A_model_of_very_many_small_tensors_is_opened(int count, string shape, int bytes)
    {
        var data = new byte[count * bytes];
        BitConverter.TryWriteBytes(data.AsSpan((count - 1) * bytes), 7f);
        string path = folder.Write("small.safetensors", Raw(Tensors(count, "F32", shape, bytes), data));
        Assert.Null(Open(path));
        Assert.Null(Open(Index(Map(count, "small.safetensors", number => $"{number:x}")), "small.safetensors"));
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Assert.Equal(count, file.TensorNames.Count);
        Assert.Equal(7, file.ReadFloat32($"{count - 1:x}")[0]);
        Assert.Equal(shape, string.Join(",", file.GetInfo("0").Shape));
    }

    [Fact]
    public void A_model_of_very_many_experts_is_opened_whole_and_in_shards()
    {
        // 30,000 tensors of 256 bytes, under names as long as models have them, in one file and in ten.
        var whole = new SafetensorsWriter();
        SafetensorsWriter[] parts = [.. Enumerable.Range(0, 10).Select(_ => new SafetensorsWriter())];
        var map = new StringBuilder();
        for (int expert = 0; expert < 30_000; expert++)
        {
            string name = $"model.layers.{expert / 256}.mlp.experts.{expert % 256}.down_proj.weight";
            float[] floats = [.. Enumerable.Repeat((float)expert, 64)];
            whole.AddF32(name, [8, 8], floats);
            parts[expert / 3_000].AddF32(name, [8, 8], floats);
            map.Append(
                CultureInfo.InvariantCulture,
                $"{(expert == 0 ? "" : ",\n")}\"{(expert % 7 == 0 ? name.Replace("model", "\\u006dodel", StringComparison.Ordinal) : name)}\": "
                    + $"\"model-{expert / 3_000:D5}-of-00010.safetensors\"");
        }

        string[] shards = [.. Enumerable.Range(0, 10).Select(part => $"model-{part:D5}-of-00010.safetensors")];
        foreach (var (shard, part) in shards.Zip(parts))
            folder.Write(shard, part.ToArray());
        foreach (string path in new[] { folder.Write("experts.safetensors", whole.ToArray()), Index("{\"weight_map\": {" + map + "}}") })
        {
            Assert.Null(Open(path, shards));
            using SafetensorsFile file = SafetensorsFile.Open(path);
            Assert.Equal(30_000, file.TensorNames.Count);
            Assert.Equal("model.layers.117.mlp.experts.47.down_proj.weight", file.TensorNames[^1]);
            Assert.Equal(21_000, file.ReadFloat32("model.layers.82.mlp.experts.8.down_proj.weight")[63]);
        }
    }

    private string Index(string json) => folder.Write("model.safetensors.index.json", json);

    private static void AssertRefused(string? refusal, string message)
    {
        if (message == "")
            Assert.Null(refusal);
        else
            Assert.Contains(message, refusal);
    }

    /// <summary>Opens and closes a file, within what is allowed: why it was refused.</summary>
    private string? Open(string path, params string[] shards)
    {
        string? refusal = null;
        long before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            SafetensorsFile.Open(path).Dispose();
        }
        catch (Exception exception) when (exception is InvalidDataException or FileNotFoundException)
        {
            refusal = exception.Message;
        }

        long bytes = GC.GetAllocatedBytesForCurrentThread() - before;
        long files = new FileInfo(path).Length + shards.Sum(shard => new FileInfo(Path.Combine(Path.GetDirectoryName(path)!, shard)).Length);
        Assert.True(
            bytes <= (2 * files) + (1 << 20),
            $"{bytes} bytes allocated for {files} bytes of files, {bytes - (2 * files)} more than twice as many: {refusal ?? "opened"}");
        return refusal;
    }

    /// <summary>A text, as often as it fits into so many bytes.</summary>
    private static string Repeat(string text, int bytes) => string.Concat(Enumerable.Repeat(text, bytes / text.Length));

    private static string Tensors(int count, string type, string shape, int bytes) =>
        "{" + string.Join(",", Enumerable.Range(0, count).Select(number => $$"""
            "{{number:x}}":{"dtype":"{{type}}","shape":[{{shape}}],"data_offsets":[{{number * bytes}},{{(number + 1) * bytes}}]}
            """)) + "}";

    private static string Texts(int count, string key, string value) =>
        "{\"__metadata__\":{" + string.Join(",", Enumerable.Range(0, count).Select(number => $"\"{number:x}{key}\":\"{value}\"")) + "},"
            + Tensors(1, "F4", "0", 0)[1..];

    private static string Map(int count, string shard, Func<int, string> name) =>
        "{\"weight_map\":{" + string.Join(",", Enumerable.Range(0, count).Select(number => $"\"{name(number)}\":\"{shard}\"")) + "}}";
}
