using AttentionGen.Tests.Runtime;

namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>
/// The gradients of whole layers against those of the float64 reference, which central differences confirm. Same bits on any number of threads, and the
/// forward's bits do not change where it keeps what the gradients need.
/// </summary>
public sealed class LayerGradientTests
{
    private const double Tolerance = 1e-5;

    public static TheoryData<int, int> Sizes => new() { { 1, 1 }, { 3, 17 }, { 2, 129 }, { 1, 300 }, { 3, 200 } };

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Pre_norm(int batch, int rows) => Check<PreNormLayer>(batch, rows);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Post_norm(int batch, int rows) => Check<PostNormLayer>(batch, rows);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Norms_on_both_sides(int batch, int rows) => Check<SandwichLayer>(batch, rows);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Parallel_branches(int batch, int rows) => Check<ParallelLayer>(batch, rows);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void Parallel_branches_with_two_norms(int batch, int rows) => Check<ParallelNormsLayer>(batch, rows);

    [Theory]
    [MemberData(nameof(Sizes))]
    public void No_activation(int batch, int rows) => Check<LinearLayer>(batch, rows);

    /// <summary>Forward, backward, an optimiser's step and packing.</summary>
    [Fact]
    public void A_step_allocates_nothing_after_the_first_and_Pack_gives_the_bits_of_a_new_layer()
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(SandwichLayer.Shape, seed: 1);
        var layer = new SandwichLayer(weights);
        int size = 2 * 40 * SandwichLayer.DModel;
        float[] input = TestNumbers.Random(2, size), outputGradient = TestNumbers.Random(3, size), output = new float[size], inputGradient = new float[size];
        SavedActivations activations = layer.CreateActivations(2, 40);
        var gradients = new TransformerLayerGradients(weights);
        void Step()
        {
            layer.Forward(input, output, activations, 2);
            gradients.Clear();
            layer.Backward(outputGradient, input, activations, inputGradient, gradients);
            foreach (GradientTensor tensor in gradients.Tensors)
            {
                Span<float> values = tensor.Values.Span;
                for (int i = 0; i < values.Length; i++)
                    values[i] -= 0.01f * tensor.Gradient.Span[i];
            }

            layer.Pack(weights);
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 3; step++)
            Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        float[] expected = new float[size];
        layer.Forward(input, output, batch: 2);
        new SandwichLayer(weights).Forward(input, expected, batch: 2);
        Assert.Equal(expected, output);
    }

    [Fact]
    public void Wrong_arguments_are_refused_before_anything_is_written()
    {
        TransformerLayerWeights weights = TransformerLayerWeights.Random(PreNormLayer.Shape, seed: 1);
        var layer = new PreNormLayer(weights);
        float[] rows = TestNumbers.Random(2, 5 * 32), target = [.. Enumerable.Repeat(7f, 5 * 32)], output = new float[5 * 32];
        SavedActivations activations = layer.CreateActivations(1, 5);
        var gradients = new TransformerLayerGradients(weights);
        void Refused(string part, Action call) => Assert.Contains(part, Assert.ThrowsAny<ArgumentException>(call).Message, StringComparison.Ordinal);

        Refused("activations are empty", () => layer.Backward(rows, rows, activations, target, gradients));
        layer.Forward(rows, output, activations);
        Refused("outputGradient.Length is 3", () => layer.Backward(new float[3], rows, activations, target, gradients));
        Refused("inputGradient overlaps input", () => layer.Backward(output, rows, activations, rows, gradients));
        TransformerLayerWeights others = TransformerLayerWeights.Random(PreNormLayer.Shape with { FeedForwardDim = 7 }, 1);
        Refused("gradients.Up has", () => layer.Backward(output, rows, activations, target, new TransformerLayerGradients(others)));
        Refused("gradients", () => layer.Backward(output, rows, activations, target, null!));
        Refused("another shape", () => layer.Forward(
            rows, output, new ParallelLayer(TransformerLayerWeights.Random(ParallelLayer.Shape, 1)).CreateActivations(1, 5)));
        Assert.Equal(-1, target.AsSpan().IndexOfAnyExcept(7f));
    }

    /// <summary>A stack gives what its layers give one after another; its steps allocate nothing.</summary>
    [Fact]
    public void A_stack_gives_what_its_layers_give()
    {
        TransformerLayerWeights[] weights = [.. Enumerable.Range(0, 3).Select(layer => TransformerLayerWeights.Random(PreNormLayer.Shape, seed: layer))];
        PreNormLayer[] layers = [.. weights.Select(own => new PreNormLayer(own))];
        var stack = TransformerStack<PreNormLayer>.Create(layers);
        int size = 2 * 150 * PreNormLayer.DModel;
        float[] input = TestNumbers.Random(2, size), outputGradient = TestNumbers.Random(3, size), output = new float[size], inputGradient = new float[size];
        StackActivations activations = stack.CreateActivations(2, 150);
        var gradients = new StackGradients(weights);
        void Step()
        {
            var arguments = new AttentionArguments { Input = input, Batch = 2 };
            stack.Forward(activations, arguments with { Output = output });
            gradients.Clear();
            stack.Backward(outputGradient, in arguments, activations, inputGradient, gradients);
            stack.Pack(weights);
        }

        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        Step();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);

        float[] plain = new float[size], rows = input, given = outputGradient;
        stack.Forward(input, plain, batch: 2);
        Assert.Equal(plain, output);
        var inputs = new List<float[]>();
        foreach (PreNormLayer layer in layers)
        {
            inputs.Add(rows);
            rows = new float[size];
            layer.Forward(inputs[^1], rows, layer.CreateActivations(2, 150), 2);
        }

        for (int index = 2; index >= 0; index--)
        {
            SavedActivations kept = layers[index].CreateActivations(2, 150);
            layers[index].Forward(inputs[index], rows, kept, 2);
            var own = new TransformerLayerGradients(weights[index]);
            float[] target = new float[size];
            layers[index].Backward(given, inputs[index], kept, target, own);
            Assert.Equal(LearnedGradients.Joined(own), LearnedGradients.Joined(gradients.Layers[index]));
            given = target;
        }

        Assert.Equal(given, inputGradient);
        Assert.Contains("layers.2.Attention.Query", gradients.Tensors.ToArray().Select(tensor => tensor.Name));
        string message = Assert.Throws<ArgumentException>(() => stack.Backward(
            outputGradient, new AttentionArguments { Input = input, Batch = 2 }, activations, inputGradient, new StackGradients(weights[..2]))).Message;
        Assert.Contains("gradients has 2 layers; expected 3", message, StringComparison.Ordinal);
    }

    private static void Check<TLayer>(int batch, int rows)
        where TLayer : class, ITransformerLayer<TLayer>, ITrainable<TransformerLayerWeights>
    {
        TransformerLayerShape shape = TLayer.Shape;
        TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, seed: 1);
        TLayer layer = TLayer.Create(weights);
        int size = batch * rows * shape.DModel;
        float[] input = TestNumbers.Random(2, size), outputGradient = TestNumbers.Random(3, size), plain = new float[size];
        // A ragged batch has the same number of rows, cut elsewhere.
        int[] offsets = !shape.Attention.Ragged ? [] : [0, .. Enumerable.Range(1, batch - 1).Select(index => (index * rows) - (rows / 2)), batch * rows];
        int[] lengths = !shape.Attention.KeyLengths ? [] : [.. Enumerable.Range(1, batch).Select(index => Math.Max(1, rows - index))];
        AttentionArguments Arguments(int threads) => new()
        {
            Input = input, Batch = batch, RowOffsets = offsets, KeyLengths = lengths, Options = new() { MaxDegreeOfParallelism = threads },
        };
        layer.Forward(Arguments(1) with { Output = plain });
        string what = $"{typeof(TLayer).Name}, {batch} · {rows} rows";

        SavedActivations activations = layer.CreateActivations(3, 300);
        (float[] output, float[] inputGradient, TransformerLayerGradients gradients) = Step(1);
        Assert.Equal(plain, output);
        ReferenceGradients expected = ReferenceLayer.Backward(shape, weights, Arguments(1), outputGradient);
        Assert.Equal(expected.Weights.Count, gradients.Tensors.Length);
        (double error, string name) = LearnedGradients.LargestError(gradients, expected, ("Input", inputGradient, expected.Input));
        Assert.True(error <= Tolerance, $"{what}: an error of {error:E2} of the largest, {name}.");
        foreach (int threads in new[] { 2, 3, 8 })
        {
            (float[] sharedOutput, float[] sharedInput, TransformerLayerGradients shared) = Step(threads);
            Assert.Equal(plain, sharedOutput);
            Assert.Equal(inputGradient, sharedInput);
            Assert.Equal(LearnedGradients.Joined(gradients), LearnedGradients.Joined(shared));
        }

        (float[] Output, float[] InputGradient, TransformerLayerGradients Gradients) Step(int threads)
        {
            float[] forward = new float[size], backward = new float[size];
            var learned = new TransformerLayerGradients(weights);
            layer.Forward(Arguments(threads) with { Output = forward, Activations = activations });
            layer.Backward(
                Arguments(threads) with { Activations = activations },
                new BackwardArguments { OutputGradient = outputGradient, InputGradient = backward, Gradients = learned });
            return (forward, backward, learned);
        }
    }
}
