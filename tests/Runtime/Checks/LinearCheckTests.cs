using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>What a product refuses, before it writes anything.</summary>
[Trait("Speed", "Slow")]
public sealed class LinearCheckTests
{
    private static readonly Lazy<ILinearType[]> Types = new(() => LinearFactory.Compile(
    [
        new TestLinear(3, 5),
        new TestLinear(3, 5) { Gate = true, Residual = true, Bias = false },
    ], ProjectProperties.OfThisProcessor));

    [Theory]
    [InlineData(7, 10, 0, 0, 0, "input", "input.Length is 7; expected a multiple of Inputs = 3.")]
    [InlineData(6, 9, 0, 0, 0, "output", "output.Length is 9; expected rows · Outputs = 2 · 5 = 10")]
    [InlineData(0, 5, 0, 0, 0, "output", "output.Length is 5; expected rows · Outputs = 0 · 5 = 0")]
    [InlineData(6, 10, 10, 0, 0, "gate", "gate.Length is 10; expected 0, because the configuration does not declare Gate.")]
    [InlineData(6, 10, 0, 1, 0, "residual", "residual.Length is 1; expected 0, because the configuration does not declare Residual.")]
    [InlineData(6, 10, 0, 0, -1, "options", "MaxDegreeOfParallelism is -1; expected 0 or more.")]
    public void A_wrong_argument_of_a_plain_product_is_named(int input, int output, int gate, int residual, int threads, string argument, string message) =>
        AssertRefused(Types.Value[0], input, output, gate, residual, threads, argument, message);

    [Theory]
    [InlineData(6, 10, 0, 10, 0, "gate", "gate.Length is 0; expected rows · Outputs = 2 · 5 = 10")]
    [InlineData(6, 10, 10, 9, 0, "residual", "residual.Length is 9; expected rows · Outputs = 2 · 5 = 10")]
    public void A_wrong_argument_of_a_gated_product_is_named(int input, int output, int gate, int residual, int threads, string argument, string message) =>
        AssertRefused(Types.Value[1], input, output, gate, residual, threads, argument, message);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public void An_output_over_an_input_is_refused(int which)
    {
        ILinearObject linear = Types.Value[1].Create(LinearWeights.Random(Types.Value[1].Shape, 1));
        var memory = new float[60];
        memory.AsSpan().Fill(2);
        var exception = Assert.Throws<ArgumentException>(() => linear.Forward(new LinearArguments
        {
            Input = which == 0 ? memory.AsSpan(9, 6) : new float[6],
            Output = memory.AsSpan(0, 10),
            Gate = which == 1 ? memory.AsSpan(9, 10) : new float[10],
            Residual = which == 2 ? memory.AsSpan(0, 10) : new float[10],
        }));
        Assert.Equal("output", exception.ParamName);
        Assert.Contains($"output overlaps {((string[])["input", "gate", "residual"])[which]};", exception.Message);
        Assert.All(memory, value => Assert.Equal(2, value));
    }

    [Fact]
    public void No_rows_are_no_work() => Types.Value[1].Create(LinearWeights.Random(Types.Value[1].Shape, 1)).Forward(default);

    [Fact]
    public void Weights_of_another_shape_are_refused()
    {
        ILinearType plain = Types.Value[0], gated = Types.Value[1];
        Assert.Throws<ArgumentNullException>(() => plain.Create(null!));
        AssertMessage(
            plain,
            LinearWeights.FromSpans(new float[14], new float[5]),
            "The linear weight (span weight) has 14 elements; this kernel expects [5, 3], which is [Outputs, Inputs].");
        AssertMessage(
            plain, LinearWeights.FromSpans(new float[15], new float[4]), "The linear bias (span bias) has 4 elements; this kernel expects 5 elements");
        AssertMessage(plain, LinearWeights.FromSpans(new float[15]), "The linear bias is missing (span bias); this kernel expects 5 elements, or Bias = false");
        AssertMessage(gated, LinearWeights.FromSpans(new float[15], new float[5]), "this kernel expects none, because its configuration says Bias = false.");
    }

    [Fact]
    public void Scratch_of_a_negative_number_of_rows_is_refused() =>
        Assert.Equal("rows", Assert.Throws<ArgumentOutOfRangeException>(() => Types.Value[0].GetScratchBytes(-1)).ParamName);

    private static void AssertMessage(ILinearType type, LinearWeights weights, string message) =>
        Assert.Contains(message, Assert.Throws<ArgumentException>(() => type.Create(weights)).Message);

    private static void AssertRefused(ILinearType type, int input, int output, int gate, int residual, int threads, string argument, string message)
    {
        ILinearObject linear = type.Create(LinearWeights.Random(type.Shape, 1));
        var written = new float[output];
        written.AsSpan().Fill(2);
        var exception = Assert.ThrowsAny<ArgumentException>(() => linear.Forward(new LinearArguments
        {
            Input = new float[input], Output = written, Gate = new float[gate], Residual = new float[residual],
            Options = new() { MaxDegreeOfParallelism = threads },
        }));
        Assert.Equal(argument, exception.ParamName);
        Assert.Contains(message, exception.Message);
        Assert.All(written, value => Assert.Equal(2, value));
    }
}
