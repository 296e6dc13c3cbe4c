using System.Runtime.InteropServices;
using System.Text.Json;
using AttentionGen.Tests.Runtime;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>The element types of GGUF against bytes and numbers of its own library, bit for bit.</summary>
public sealed class GgufBlockTests
{
    [Theory]
    [InlineData("F16", WeightFormat.Float16)]
    [InlineData("BF16", WeightFormat.BFloat16)]
    [InlineData("Q8_0", WeightFormat.Int8Blocks)]
    [InlineData("Q4_0", WeightFormat.Int4Blocks)]
    public void Formats_of_weights_have_its_bits_in_both_directions(string type, WeightFormat format)
    {
        (byte[] blocks, Npy values) = Dequantized(type);
        var row = new float[values.Count];
        WeightBlocks.Dequantize(format, blocks, row);
        Assert.Equal(Bits(values.ToFloats()), Bits(row));

        Npy input = Npy.Read(SharedFiles.Require("conformance", "gguf", type, "input.npy"));
        byte[] quantized = File.ReadAllBytes(SharedFiles.Require("conformance", "gguf", type, "quantized.bin"));
        var written = new byte[WeightBlocks.RowBytes(format, input.Count)];
        WeightBlocks.Quantize(format, input.ToFloats(), written);
        Assert.Equal(quantized, written);
    }

    [Theory]
    [InlineData("Q4_1", 3u)]
    [InlineData("Q5_0", 6u)]
    [InlineData("Q5_1", 7u)]
    [InlineData("Q4_K", 12u)]
    [InlineData("Q5_K", 13u)]
    [InlineData("Q6_K", 14u)]
    [InlineData("F16", 1u)]
    [InlineData("BF16", 30u)]
    [InlineData("Q8_0", 8u)]
    [InlineData("Q4_0", 2u)]
    public void A_file_gives_its_numbers_of_every_type(string type, uint number)
    {
        (byte[] blocks, Npy values) = Dequantized(type);
        // Shapes of the data list the block's own length last.
        byte[] content = new GgufWriter().AddTensor("x", number, [(ulong)values.Shape[1], (ulong)values.Shape[0]], blocks).ToArray();
        using GgufFile file = GgufFile.Open(content, type);
        Assert.Equal((type, values.Shape[0], values.Shape[1]), (file.GetInfo("x").DType, (int)file.GetInfo("x").Shape[0], (int)file.GetInfo("x").Shape[1]));
        Assert.Equal(Bits(values.ToFloats()), Bits(file.ReadFloat32("x")));
    }

    private static (byte[] Blocks, Npy Values) Dequantized(string type)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(SharedFiles.Require("conformance", "gguf", type, "case.json")));
        byte[] blocks = File.ReadAllBytes(SharedFiles.Require("conformance", "gguf", type, "blocks.bin"));
        Npy values = Npy.Read(SharedFiles.Require("conformance", "gguf", type, "values.npy"));
        Assert.Equal(json.RootElement.GetProperty("blocks").GetInt32() * json.RootElement.GetProperty("block_values").GetInt32(), values.Count);
        return (blocks, values);
    }

    private static int[] Bits(float[] values) => MemoryMarshal.Cast<float, int>(values).ToArray();
}
