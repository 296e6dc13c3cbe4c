using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>GGUF files that are written: their bytes, and what is refused.</summary>
public sealed class GgufBuilderTests
{
    [Fact]
    public void Writes_the_bytes_of_the_format()
    {
        float[] matrix = TestNumbers.Random(1, 2 * 32);
        byte[] expected = new GgufWriter()
            .Add("flag", 7, 1)
            .Add("floats", 9, GgufWriter.Array(6, 1, BitConverter.GetBytes(0.5f)))
            .AddText("name", "grün")
            .Add("texts", 9, GgufWriter.Array(8, 2, [.. GgufWriter.Text("a"), .. GgufWriter.Text("")]))
            .AddTensor("half", 1, [1, 3], PlainWeights.Quantize(WeightFormat.Float16, [1, 2, 3]))
            .AddTensor("four", 2, [32, 2], PlainWeights.Quantize(WeightFormat.Int4Blocks, matrix))
            .AddTensor("eight", 8, [32, 2], PlainWeights.Quantize(WeightFormat.Int8Blocks, matrix))
            .AddTensor("brain", 30, [64], PlainWeights.Quantize(WeightFormat.BFloat16, matrix))
            .AddF32("scalar", [], 7)
            .ToArray();
        var builder = new GgufBuilder { Metadata = { ["name"] = "grün", ["flag"] = true, ["floats"] = new[] { 0.5f }, ["texts"] = new[] { "a", "" } } };
        builder.Add("half", [3, 1], new float[] { 1, 2, 3 }, WeightFormat.Float16)
            .Add("four", [2, 32], matrix, WeightFormat.Int4Blocks)
            .Add("eight", [2, 32], matrix, WeightFormat.Int8Blocks)
            .Add("brain", [64], matrix, WeightFormat.BFloat16)
            .Add("scalar", [], new float[] { 7 });
        using var stream = new MemoryStream();
        builder.Save(stream);
        byte[] written = stream.ToArray();
        // What pads the file has no meaning.
        Assert.Equal(expected.Length, written.Length - 28);
        for (int i = 0; i < expected.Length; i++)
            Assert.True(expected[i] == written[i] || (expected[i] == 0xCC && written[i] == 0), $"byte {i}");
    }

    [Fact]
    public void What_is_written_is_read_in_parts_too()
    {
        float[] values = TestNumbers.Random(2, 4 * 50_048);
        var builder = new GgufBuilder();
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>().Where(format => format != WeightFormat.Int8))
            builder.Add($"{format}", [4, 50_048], values, format);
        using var folder = new TestFolder();
        string path = folder.Write("file.gguf", []);
        builder.Save(path);
        using GgufFile file = GgufFile.Open(path);
        foreach (WeightFormat format in Enum.GetValues<WeightFormat>().Where(format => format != WeightFormat.Int8))
        {
            float[] expected = format == WeightFormat.Float32 ? values : PlainWeights.Dequantize(format, PlainWeights.Quantize(format, values), values.Length);
            Assert.Equal(expected, file.ReadFloat32($"{format}"));
        }
    }

    [Fact]
    public void What_a_file_cannot_hold_is_refused_by_name()
    {
        var builder = new GgufBuilder().Add("x", [1], new float[1]);
        Refuse<ArgumentException>("name", "another tensor has", () => builder.Add("x", [1], new float[1]));
        Refuse<ArgumentException>("name", "half a surrogate pair", () => builder.Add("\uD800", [1], new float[1]));
        Refuse<ArgumentException>("values", "expected 6, as the shape [2, 3]", () => builder.Add("y", [2, 3], new float[5]));
        Refuse<ArgumentException>("shape", "at most 4 dimensions", () => builder.Add("y", [1, 1, 1, 1, 1], new float[1]));
        Refuse<ArgumentException>("shape", "rows of 33; expected a multiple of 32", () => builder.Add("y", [33], new float[33], WeightFormat.Int8Blocks));
        Refuse<ArgumentException>("values", "values[1] of 'y' is 70000", () => builder.Add("y", [2], new float[] { 0, 70_000 }, WeightFormat.Float16));
        Refuse<ArgumentOutOfRangeException>("format", "expected Float32, BFloat16", () => builder.Add("y", [1], new float[1], WeightFormat.Int8));
        builder.Metadata["key"] = 1m;
        Assert.Contains("of type Decimal under 'key'", Assert.Throws<ArgumentException>(() => builder.Save(new MemoryStream())).Message);
        builder.Metadata["key"] = new string[] { null! };
        Assert.Contains("'null' under 'key'", Assert.Throws<ArgumentException>(() => builder.Save(new MemoryStream())).Message);
        Assert.Throws<ArgumentException>(() => builder.Save(new MemoryStream([], writable: false)));

        static void Refuse<T>(string argument, string message, Func<object> add)
            where T : ArgumentException
        {
            T refusal = Assert.Throws<T>(add);
            Assert.Equal(argument, refusal.ParamName);
            Assert.Contains(message, refusal.Message);
        }
    }
}
