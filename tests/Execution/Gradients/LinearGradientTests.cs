using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Execution.Gradients;

[LinearConfig(Inputs = 70, Outputs = 33, Gradients = true)]
public sealed partial class TrainedHead;

[LinearConfig(Inputs = 33, Outputs = 50, Bias = false, Activation = Activation.Silu, Gate = true, Residual = true, Gradients = true)]
public sealed partial class TrainedGate;

[LinearConfig(Inputs = 20, Outputs = 64, Activation = Activation.Gelu, Gradients = true)]
public sealed partial class TrainedUp;

/// <summary>The gradients of single products against those of the float64 reference.</summary>
public sealed class LinearGradientTests
{
    public static TheoryData<int> Rows => [0, 1, 5, 128, 300];

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_head(int rows) => Check<TrainedHead>(rows);

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_gate(int rows) => Check<TrainedGate>(rows);

    [Theory]
    [MemberData(nameof(Rows))]
    public void An_activation(int rows) => Check<TrainedUp>(rows);

    [Fact]
    public void A_step_allocates_nothing_after_the_first_and_Pack_gives_the_bits_of_a_new_object()
    {
        LinearWeights weights = LinearWeights.Random(TrainedUp.Shape, seed: 1);
        var product = new TrainedUp(weights);
        float[] input = TestNumbers.Random(2, 9 * 20), outputGradient = TestNumbers.Random(3, 9 * 64), inputGradient = new float[9 * 20];
        var gradients = new LinearGradients(weights);
        void Step()
        {
            gradients.Clear();
            product.Backward(outputGradient, input, inputGradient, gradients);
            for (int i = 0; i < gradients.Weight.Length; i++)
                gradients.Tensors[0].Values.Span[i] -= 0.1f * gradients.Weight.Span[i];
            gradients.Tensors[1].Values.Span[0] += 1;
            product.Pack(weights);
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        float[] actual = new float[9 * 64], expected = new float[9 * 64];
        product.Forward(input, actual);
        new TrainedUp(weights).Forward(input, expected);
        Assert.Equal(expected, actual);
    }

    [Fact]
    public void Wrong_arguments_are_refused_before_anything_is_written()
    {
        LinearWeights weights = LinearWeights.Random(TrainedHead.Shape, seed: 1);
        var product = new TrainedHead(weights);
        var gradients = new LinearGradients(weights);
        float[] input = new float[2 * 70], outputGradient = new float[2 * 33], target = [.. Enumerable.Repeat(7f, 2 * 70)];
        void Refused(string part, Action call) => Assert.Contains(part, Assert.ThrowsAny<ArgumentException>(call).Message, StringComparison.Ordinal);

        Refused("outputGradient.Length is 3", () => product.Backward(new float[3], input, target, gradients));
        Refused("inputGradient.Length is 5; expected rows · Inputs", () => product.Backward(outputGradient, input, new float[5], gradients));
        Refused("inputGradient overlaps input", () => product.Backward(outputGradient, input, input, gradients));
        Refused("gradients", () => product.Backward(outputGradient, input, target, null!));
        Refused("gradients.Weight has", () => product.Backward(
            outputGradient, input, target, new LinearGradients(LinearWeights.Random(TrainedUp.Shape, 1))));
        Assert.Equal(-1, target.AsSpan().IndexOfAnyExcept(7f));
    }

    private static void Check<TProduct>(int rows)
        where TProduct : class, ILinear<TProduct>, ITrainableLinear
    {
        LinearShape shape = TProduct.Shape;
        LinearWeights weights = LinearWeights.Random(shape, seed: 1);
        TProduct product = TProduct.Create(weights);
        float[] input = TestNumbers.Random(2, rows * shape.Inputs), gate = TestNumbers.Random(3, shape.Gate ? rows * shape.Outputs : 0);
        float[] residual = new float[shape.Residual ? rows * shape.Outputs : 0], outputGradient = TestNumbers.Random(4, rows * shape.Outputs);
        (float[] inputGradient, float[] gateGradient, LinearGradients gradients) = Backward(1);
        if (rows > 0)
        {
            ReferenceGradients expected = ReferenceLinear.Backward(shape, weights.Weight, weights.Bias, outputGradient, input, gate, residual);
            Assert.Equal(expected.Weights.Count, gradients.Tensors.Length);
            (double error, string name) = LearnedGradients.LargestError(
                gradients, expected, ("Input", inputGradient, expected.Input), ("Gate", gateGradient, expected.Gate));
            Assert.True(error <= 3e-6, $"{typeof(TProduct).Name}, {rows} rows: an error of {error:E2} of the largest, {name}.");
        }

        foreach (int threads in new[] { 2, 3, 8 })
        {
            (float[] sharedInput, float[] sharedGate, LinearGradients shared) = Backward(threads);
            Assert.Equal(inputGradient, sharedInput);
            Assert.Equal(gateGradient, sharedGate);
            Assert.Equal(LearnedGradients.Joined(gradients), LearnedGradients.Joined(shared));
        }

        (float[] Input, float[] Gate, LinearGradients Gradients) Backward(int threads)
        {
            float[] ofInput = new float[input.Length], ofGate = new float[gate.Length];
            var learned = new LinearGradients(weights);
            product.Backward(
                new LinearArguments { Input = input, Gate = gate, Options = new() { MaxDegreeOfParallelism = threads } },
                new BackwardArguments { OutputGradient = outputGradient, InputGradient = ofInput, GateGradient = ofGate, Gradients = learned });
            return (ofInput, ofGate, learned);
        }
    }
}
