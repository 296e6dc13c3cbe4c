using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>What formats cost: errors against plain loops, and the table.</summary>
public sealed class QuantizationReportTests
{
    [Fact]
    public void Errors_are_those_of_the_rounded_numbers()
    {
        const int Outputs = 5, Inputs = 70;
        float[] values = TestNumbers.Random(1, Outputs * Inputs);
        var shape = new LinearShape { Outputs = Outputs, Inputs = Inputs, Bias = false };
        QuantizationReport report = QuantizationReport.Of(LinearWeights.FromSpans(values), shape);
        Assert.Equal([.. Enum.GetValues<WeightFormat>().Where(format => format != WeightFormat.Float32)], report.Errors.Select(error => error.Format));
        foreach (QuantizationError error in report.Errors)
        {
            (double squares, double weights, double largest, long bytes) = (0, 0, 0, 0);
            foreach (float[] row in values.Chunk(Inputs))
            {
                byte[] stored = PlainWeights.Quantize(error.Format, row);
                bytes += stored.Length;
                foreach ((float weight, float rounded) in row.Zip(PlainWeights.Dequantize(error.Format, stored, Inputs)))
                {
                    squares += Math.Pow((double)rounded - weight, 2);
                    weights += Math.Pow(weight, 2);
                    largest = Math.Max(largest, Math.Abs((double)rounded - weight));
                }
            }

            Assert.Equal(("weight", bytes, largest), (error.Tensor, error.Bytes, error.LargestError));
            Assert.Equal(Math.Sqrt(squares / weights), error.RelativeError, 1e-12);
        }

        Assert.InRange(report.Errors.Single(error => error.Format == WeightFormat.Int4Blocks).RelativeError, 0.03, 0.12);
        Assert.InRange(report.Errors.Single(error => error.Format == WeightFormat.Int8Blocks).RelativeError, 0.001, 0.007);
    }

    [Fact]
    public void Matrices_of_a_file_are_reported_in_their_order_and_lose_nothing_in_their_own_format()
    {
        float[] values = TestNumbers.Random(2, 64 * 3);
        var builder = new GgufBuilder()
            .Add("norm.weight", [64], TestNumbers.Random(3, 64))
            .Add("one.weight", [3, 64], values, WeightFormat.Int8Blocks)
            .Add("two.weight", [3, 64], values, WeightFormat.Float16);
        using var stream = new MemoryStream();
        builder.Save(stream);
        stream.Position = 0;
        using GgufFile file = GgufFile.Open(stream, "file");
        QuantizationReport report = QuantizationReport.Of(file, WeightFormat.Int8Blocks, WeightFormat.Float32);
        Assert.Equal(
            ["one.weight Int8Blocks", "one.weight Float32", "two.weight Int8Blocks", "two.weight Float32"],
            report.Errors.Select(error => $"{error.Tensor} {error.Format}"));
        Assert.Equal([204, 768, 204, 768], report.Errors.Select(error => error.Bytes));
        Assert.Equal([true, true, false, true], report.Errors.Select(error => error.RelativeError == 0));
    }

    [Fact]
    public void Numbers_that_a_format_cannot_hold_are_reported_as_such()
    {
        var shape = new LinearShape { Outputs = 2, Inputs = 2, Bias = false };
        QuantizationReport report = QuantizationReport.Of(LinearWeights.FromSpans([1, 2, 3, 70_000]), shape, WeightFormat.Float16, WeightFormat.BFloat16);
        Assert.Equal((double.PositiveInfinity, double.PositiveInfinity), (report.Errors[0].RelativeError, report.Errors[0].LargestError));
        Assert.InRange(report.Errors[1].RelativeError, 0, 0.004);
        string[] lines = report.ToString().Split('\n');
        Assert.Equal("tensor        format                bytes      error %  largest error", lines[0]);
        Assert.Equal("weight        Float16                   8  cannot hold", lines[1]);
        Assert.StartsWith("              BFloat16                  8       0.", lines[2]);
        Assert.StartsWith("all matrices  Float16                   8  cannot hold", lines[3]);
    }

    [Fact]
    public void Weights_of_layers_and_blocks_are_named_by_their_role()
    {
        var shape = new TransformerLayerShape
        {
            Attention = TestNumbers.Shape(heads: 2, headDim: 16, dModel: 32) with { Causal = true }, FeedForwardDim = 64, Gated = true,
        };
        QuantizationReport layer = QuantizationReport.Of(TransformerLayerWeights.Random(shape, 1), shape, WeightFormat.Int8);
        Assert.Equal(
            ["attention query", "attention key", "attention value", "attention output", "gate", "up", "down"], layer.Errors.Select(error => error.Tensor));
        Assert.Equal(64 * (4 + 32L), layer.Errors[4].Bytes);
        QuantizationReport block = QuantizationReport.Of(AttentionWeights.Random(shape.Attention, 1), shape.Attention, WeightFormat.Int8);
        Assert.Equal(["query", "key", "value", "output"], block.Errors.Select(error => error.Tensor));
        Assert.Throws<ArgumentException>(() => QuantizationReport.Of(AttentionWeights.Empty, shape.Attention));
        Assert.Throws<ArgumentOutOfRangeException>(() => QuantizationReport.Of(AttentionWeights.Random(shape.Attention, 1), shape.Attention, (WeightFormat)77));
    }
}
