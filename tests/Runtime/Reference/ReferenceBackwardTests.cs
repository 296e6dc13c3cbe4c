using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Runtime;

/// <summary>The gradients of the reference, against central differences of its forward: every tensor of every feature and of every pair of features.</summary>
public sealed class ReferenceBackwardTests(ITestOutputHelper log)
{
    /// <summary>The pair grid: every two features of an attention block together, but for those that change no gradient or have none.</summary>
    [Fact]
    public void Attention_blocks_have_the_gradients_of_central_differences()
    {
        var names = new SortedDictionary<string, int>(StringComparer.Ordinal);
        TestConfiguration[] configurations = [.. PairGrid.Configurations.Select(Feature.Configure).Select(PairGrid.WithDerivatives).Distinct()];
        for (int index = 0; index < configurations.Length; index++)
        {
            AttentionShape shape = configurations[index].Shape;
            int rows = shape.SequenceLength == 0 ? 14 : shape.SequenceLength;
            AttentionCase call = AttentionCase.Create(shape, batch: 2, rows, keys: 17, seed: index) with
            {
                Dropout = index % 2 == 0 ? Dropout.None : new(0.3f, index),
            };
            foreach (string name in Check(configurations[index].ToString(), call))
                names[name] = names.GetValueOrDefault(name) + 1;
        }

        log.WriteLine($"{configurations.Length} configurations: {string.Join(", ", names)}");
        // Sixteen learned tensors, and five kinds of rows that come in.
        Assert.Equal(21, names.Count);
        Assert.InRange(configurations.Length, 40, int.MaxValue);
    }

    [Fact]
    public void What_has_no_derivative_is_refused()
    {
        foreach (TestConfiguration configuration in (TestConfiguration[])
            [
                Feature.Plain with { ScoreModifier = TestHook.DistanceModifier }, Feature.Plain with { MaskPredicate = TestHook.ThirdsPredicate },
                Feature.Plain with { ProbabilityModifier = TestHook.CurvedProbability },
                Feature.Plain with { Causal = true, KeyValues = KeyValueFormat.Int8 },
            ])
        {
            AttentionCase call = AttentionCase.Create(configuration.Shape, batch: 1, rows: 3);
            Assert.Throws<NotSupportedException>(
                () => ReferenceAttention.Backward(call.Shape, call.Weights, call.Arguments, new float[call.ResultLengths.Output]));
        }
    }

    /// <summary>Norms in every place, gates, activations, parallel branches, and decoders with a memory.</summary>
    [Fact]
    public void Layers_have_the_gradients_of_central_differences()
    {
        int seed = 0;
        foreach (TransformerLayerShape shape in Layers())
        {
            TransformerLayerWeights weights = TransformerLayerWeights.Random(shape, ++seed);
            KeepFromKink(shape.Activation, weights.Up, weights.UpBias);
            KeepFromKink(shape.Activation, weights.Gate, weights.GateBias);
            AttentionCase attention = AttentionCase.Create(shape.Attention, batch: 3, rows: 7, seed: seed, weights: weights.Attention);
            int[] offsets = shape.Attention.Ragged ? [0, 4, 4, 9] : [];
            Check(shape.ToString(), attention with
            {
                Layer = new(shape, weights) { MemoryLengths = shape.MemoryLengths ? [4, 0, 3] : [] },
                Memory = shape.MemoryDim == 0 ? [] : AttentionCase.Uniform(new Random(seed), (shape.Attention.Ragged ? 9 : 3 * 4) * shape.MemoryDim),
                KeyOffsets = shape.MemoryDim == 0 ? [] : offsets,
            });
        }
    }

    [Fact]
    public void Products_have_the_gradients_of_central_differences()
    {
        foreach (LinearShape shape in
            from activation in Enum.GetValues<Activation>()
            from gate in (bool[])[false, true]
            from residual in (bool[])[false, true]
            select new LinearShape { Inputs = 9, Outputs = 13, Activation = activation, Gate = gate, Residual = residual, Bias = gate != residual })
        {
            LinearCase call = LinearCase.Create(shape, rows: 4, seed: 1);
            KeepFromKink(shape.Activation, call.Weights.Projection.Weight.Memory, call.Weights.Projection.Bias.Memory);
            CheckAll(
                shape.ToString(),
                [.. Tensors.Of(call.Weights)],
                [
                    (nameof(call.Input), call.Input, gradients => gradients.Input), (nameof(call.Gate), call.Gate, gradients => gradients.Gate),
                    (nameof(call.Residual), call.Residual, gradients => gradients.Residual),
                ],
                call.Rows * shape.Outputs,
                () => ReferenceLinear.Forward(shape, call.Weights.Weight, call.Weights.Bias, call.Input, call.Gate, call.Residual),
                gradient => ReferenceLinear.Backward(shape, call.Weights.Weight, call.Weights.Bias, gradient, call.Input, call.Gate, call.Residual));
        }
    }

    /// <summary>Checks every tensor of a call, and tells their names.</summary>
    private static string[] Check(string what, AttentionCase call)
    {
        (string Name, Memory<float> Values)[] learned = [.. call.Layer is { } layer ? Tensors.Of(layer.Weights) : Tensors.Of(call.Weights)];
        (string Name, Memory<float> Values, Func<ReferenceGradients, double[]> Gradient)[] inputs =
        [
            ("input", call.Input, gradients => gradients.Input), ("memory", call.Memory, gradients => gradients.Memory),
            ("value input", call.ValueInput, gradients => gradients.ValueInput),
            ("keys", call.Key, gradients => gradients.Key), ("values", call.Value, gradients => gradients.Value),
        ];
        CheckAll($"{what}, {call.Describe()}", learned, inputs, call.ResultLengths.Output, () => call.Reference(), gradient => call.Layer is { } layer
            ? ReferenceLayer.Backward(layer.Shape, layer.Weights, call.Arguments, gradient)
            : ReferenceAttention.Backward(call.Shape, call.Weights, call.Arguments, gradient));
        return [.. learned.Select(tensor => tensor.Name), .. inputs.Where(input => input.Values.Length > 0).Select(input => input.Name)];
    }

    private static void CheckAll(
        string what, (string Name, Memory<float> Values)[] learned, (string Name, Memory<float> Values, Func<ReferenceGradients, double[]> Gradient)[] inputs,
        int outputs, Func<double[]> forward, Func<float[], ReferenceGradients> backward)
    {
        foreach (Memory<float> values in (Memory<float>[])[.. learned.Select(tensor => tensor.Values), .. inputs.Select(input => input.Values)])
            Differences.Round(values.Span);
        float[] outputGradient = AttentionCase.Uniform(new Random(outputs), outputs);
        ReferenceGradients gradients = backward(outputGradient);
        Assert.Equal(learned.Select(tensor => tensor.Name).Order(), gradients.Weights.Keys.Order());
        foreach ((string name, Memory<float> values) in learned)
            Differences.Check($"{name} of {what}", values, gradients.Weights[name], Loss);
        foreach ((string name, Memory<float> values, Func<ReferenceGradients, double[]> gradient) in inputs)
            Differences.Check($"{name} of {what}", values, gradient(gradients), Loss);

        double Loss() => forward().Zip(outputGradient, (output, slope) => output * slope).Sum();
    }

    /// <summary>ReLU has no derivative at 0: half of the units are far on one side, and half on the other.</summary>
    private static void KeepFromKink(Activation activation, ReadOnlyMemory<float> matrix, ReadOnlyMemory<float> bias)
    {
        if (activation != Activation.Relu)
            return;
        foreach (ref float weight in System.Runtime.InteropServices.MemoryMarshal.AsMemory(matrix).Span)
            weight /= 16;
        Span<float> biases = System.Runtime.InteropServices.MemoryMarshal.AsMemory(bias).Span;
        for (int unit = 0; unit < biases.Length; unit++)
            biases[unit] = unit % 2 == 0 ? 1 : -1;
    }

    private static IEnumerable<TransformerLayerShape> Layers()
    {
        TestConfiguration[] attentions =
        [
            Feature.Plain with { Causal = true },
            Feature.Plain with { KeyLengths = true, SkipPadding = true },
            Feature.Plain with { Ragged = true, Causal = true, Rotary = RotaryKind.HalfSplit, QueryKeyNorm = QueryKeyNorm.Rms, Biases = false },
        ];
        int index = 0;
        foreach (NormPlacement placement in Enum.GetValues<NormPlacement>())
        {
            foreach (Norm norm in Enum.GetValues<Norm>())
            {
                foreach (bool gated in (bool[])[false, true])
                {
                    Activation activation = Enum.GetValues<Activation>()[index % 6];
                    bool isKinked = activation == Activation.Relu;
                    TestLayer layer = new(attentions[index % attentions.Length])
                    {
                        FeedForwardDim = 20, Norm = norm, NormPlacement = placement, Gated = gated, Activation = activation, NormBias = index % 4 != 0,
                        UpBias = isKinked || index % 2 == 0, GateBias = isKinked || index % 2 == 1, DownBias = index % 5 != 0,
                        ResidualScale = index % 2 == 0 ? 1 : 0.5f, MemoryDim = index % 3 == 1 ? 0 : 12, MemoryLengths = index % 2 == 0 && index % 3 != 1,
                    };
                    index++;
                    yield return layer.Shape;
                    if (placement == NormPlacement.Pre)
                        yield return (layer with { ParallelBranches = true, ParallelNorms = gated, MemoryDim = 0, MemoryLengths = false }).Shape;
                }
            }
        }
    }
}
