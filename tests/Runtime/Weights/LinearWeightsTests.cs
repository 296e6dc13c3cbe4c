using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>Weights of one product, from spans and files.</summary>
public sealed class LinearWeightsTests
{
    private static readonly LinearShape Shape = new() { Inputs = 3, Outputs = 2 };

    [Fact]
    public void Spans_are_copied()
    {
        float[] weight = [1, 2, 3, 4, 5, 6], bias = [7, 8];
        LinearWeights weights = LinearWeights.FromSpans(weight, bias);
        weight[0] = bias[0] = 0;
        Assert.Equal([1, 2, 3, 4, 5, 6], weights.Weight.ToArray());
        Assert.Equal([7, 8], weights.Bias.ToArray());
        Assert.True(LinearWeights.FromSpans(weight).Bias.IsEmpty);
    }

    [Fact]
    public void A_file_is_read_in_either_layout()
    {
        using SafetensorsFile file = Open(new SafetensorsWriter()
            .AddF32("head.weight", [2, 3], 1, 2, 3, 4, 5, 6)
            .AddF32("head.bias", [2], 7, 8)
            .AddF32("transposed", [3, 2], 1, 4, 2, 5, 3, 6));
        LinearWeights rows = LinearWeights.From(file, "head.weight", "head.bias"), columns = LinearWeights.From(file, "transposed", isTransposed: true);
        Assert.Equal([1, 2, 3, 4, 5, 6], rows.Weight.ToArray());
        Assert.Equal([7, 8], rows.Bias.ToArray());
        Assert.Equal(rows.Weight.ToArray(), columns.Weight.ToArray());
        Assert.True(columns.Bias.IsEmpty);
        Assert.True(LinearWeights.From(file, "head.weight", "no.bias").Bias.IsEmpty);
    }

    [Fact]
    public void What_a_file_cannot_give_is_named()
    {
        using SafetensorsFile file = Open(new SafetensorsWriter().AddF32("vector", [6], new float[6]).AddF32("matrix", [2, 3], new float[6]));
        var missing = Assert.Throws<ArgumentException>(() => LinearWeights.From(file, "head.weight"));
        Assert.Equal("weightName", missing.ParamName);
        Assert.Contains("'head.weight'", missing.Message);
        Assert.Contains("[outputs, inputs]", Assert.Throws<InvalidDataException>(() => LinearWeights.From(file, "vector")).Message);
        Assert.Contains("[inputs, outputs]", Assert.Throws<InvalidDataException>(() => LinearWeights.From(file, "vector", isTransposed: true)).Message);
        Assert.Contains("expected a bias", Assert.Throws<InvalidDataException>(() => LinearWeights.From(file, "matrix", "matrix")).Message);
        Assert.Throws<ArgumentNullException>(() => LinearWeights.From(null!, "matrix"));
        Assert.Throws<ArgumentNullException>(() => LinearWeights.From(file, null!));
    }

    [Fact]
    public void Random_weights_depend_on_the_seed_alone()
    {
        LinearWeights one = LinearWeights.Random(Shape, 5), same = LinearWeights.Random(Shape, 5), other = LinearWeights.Random(Shape, 6);
        Assert.Equal((6, 2), (one.Weight.Length, one.Bias.Length));
        Assert.Equal(one.Weight.ToArray(), same.Weight.ToArray());
        Assert.NotEqual(one.Weight.ToArray(), other.Weight.ToArray());
        Assert.All(one.Weight.ToArray().Concat(one.Bias.ToArray()), value => Assert.InRange(value, -1 / MathF.Sqrt(3), 1 / MathF.Sqrt(3)));
        Assert.True(LinearWeights.Random(Shape with { Bias = false }, 5).Bias.IsEmpty);
    }

    [Theory]
    [InlineData(0, 2, "Inputs = 0; expected 1 to 262144")]
    [InlineData(3, 1_048_577, "Outputs = 1048577; expected 1 to 1048576")]
    [InlineData(262_144, 1_048_576, "expected at most 2147483591")]
    public void Shapes_that_no_kernel_has_are_refused(int inputs, int outputs, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => LinearWeights.Random(new() { Inputs = inputs, Outputs = outputs }, 1)).Message);

    private static SafetensorsFile Open(SafetensorsWriter writer) => SafetensorsFile.Open(writer.ToArray(), "head.safetensors");
}
