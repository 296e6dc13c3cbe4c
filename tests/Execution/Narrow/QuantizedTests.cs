using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Narrow;

/// <summary>int8 arithmetic against sums that are computed element by element from its definition, and against itself.</summary>
[Trait("Speed", "Slow")]
public sealed class QuantizedTests
{
    private static readonly TestLinear[] List =
    [
        .. from size in ((int Inputs, int Outputs)[])[(2, 3), (33, 100), (172, 64), (300, 250), (520, 1100)]
           from format in (WeightFormat[])[WeightFormat.Int8, WeightFormat.Int8Blocks, WeightFormat.Int4Blocks]
           select new TestLinear(size.Inputs, size.Outputs)
           {
               Weights = format, Arithmetic = format == WeightFormat.Int8 ? WeightArithmetic.Float32 : WeightArithmetic.Int8, Bias = size.Inputs != 33,
           },
    ];

    private static readonly Lazy<ILinearType[]> Types = new(() => LinearFactory.Compile(List, ProjectProperties.OfThisProcessor));

    public static TheoryData<int> All => [.. Enumerable.Range(0, List.Length)];

    [Theory]
    [MemberData(nameof(All))]
    public void Sums_are_those_of_the_definition(int index)
    {
        ILinearType type = Types.Value[index];
        LinearCase call = LinearCase.Create(type.Shape, 21, seed: index);
        // Rows of zeros, with one large input each, with a small scale, around 5, and of one number.
        int inputs = type.Shape.Inputs;
        Row(0).Clear();
        Row(1)[0] = -300;
        Row(2)[inputs / 2] = 1e8f;
        Row(3)[inputs - 1] = 2.6f;
        foreach (ref float input in Row(4))
            input *= 1e-9f;
        foreach (ref float input in Row(5))
            input += 5;
        Row(6).Fill(-0.7f);
        Compare.Close(Expected(call), call.Run(type.Create(call.Weights)), type.Shape.Outputs, List[index].ToString(), 1e-5);

        Span<float> Row(int row) => call.Input.AsSpan(row * inputs, inputs);
    }

    /// <summary>Two inputs whose difference is larger than float32 holds: neither is taken for an outlier, which would be infinite.</summary>
    [Fact]
    public void Inputs_near_the_largest_number_give_finite_outputs()
    {
        int index = Array.FindIndex(List, linear => linear is { Weights: WeightFormat.Int8, Inputs: 300 });
        ILinearType type = Types.Value[index];
        LinearCase call = LinearCase.Create(type.Shape, 1, seed: 1);
        call.Input.AsSpan().Clear();
        (call.Input[7], call.Input[200]) = (3.3e38f, -3.2e38f);
        float[] output = call.Run(type.Create(call.Weights));
        for (int column = 0; column < output.Length; column++)
        {
            double first = 3.3e38 * call.Weights.Weight[(300 * column) + 7], second = -3.2e38 * call.Weights.Weight[(300 * column) + 200];
            Assert.InRange(output[column], first + second - 2e36, first + second + 2e36);
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Bits_of_a_row_do_not_depend_on_its_batch_or_on_threads(int index)
    {
        ILinearType type = Types.Value[index];
        LinearCase whole = LinearCase.Create(type.Shape, 300, seed: index);
        ILinearObject linear = type.Create(whole.Weights);
        int width = type.Shape.Outputs;
        float[] expected = whole.Run(linear);
        for (int rows = 1; rows <= 300; rows += rows < 14 ? 1 : 41)
        {
            int first = (rows * 7) % (300 - rows + 1);
            Compare.SameBits(
                expected.AsSpan(first * width, rows * width), whole.Slice(first, rows).Run(linear, 1 + (rows % 4)), width, $"{List[index]}, {rows} rows");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void A_row_with_a_NaN_gives_NaN_and_others_do_not_see_it(int index)
    {
        ILinearType type = Types.Value[index];
        int width = type.Shape.Outputs, inputs = type.Shape.Inputs;
        LinearCase call = LinearCase.Create(type.Shape, 8, seed: index);
        ILinearObject linear = type.Create(call.Weights);
        float[] expected = call.Run(linear);
        foreach (float poison in (float[])[float.NaN, float.PositiveInfinity, float.NegativeInfinity])
        {
            call.Input[(3 * inputs) + (inputs / 2)] = poison;
            float[] actual = call.Run(linear);
            Assert.All(actual[(3 * width)..(4 * width)], value => Assert.True(float.IsNaN(value)));
            Compare.SameBits(expected.AsSpan(0, 3 * width), actual.AsSpan(0, 3 * width), width, "before");
            Compare.SameBits(expected.AsSpan(4 * width), actual.AsSpan(4 * width), width, "behind");
        }
    }

    /// <summary>Every sequence of a batch has the bits that it has alone, and the result is near the float32 layer's.</summary>
    [Fact]
    public void Layers_are_near_float32_and_keep_their_bits()
    {
        Check(new LayerAdapter<QuantizedBertLayer>(), 0.06);
        Check(new LayerAdapter<QuantizedLlamaLayer>(), 0.06);

        static void Check(ILayerType type, double tolerance)
        {
            int width = type.Shape.DModel;
            foreach (int[] lengths in (int[][])[[1], [3], [14, 5, 1, 22], [130]])
            {
                if (!type.Shape.Attention.Ragged && lengths.Length > 1)
                    continue;
                LayerCase call = LayerCase.Random(type, lengths, seed: 4);
                float[] output = call.Run().Output;
                Compare.Close(call.Expect(out _), output, width, $"{type.Name}, {call}", tolerance);
                Compare.SameBits(output, (call with { Threads = 3 }).Run().Output, width, $"{type.Name}, 3 threads");
                for (int sequence = 0, row = 0; sequence < lengths.Length; sequence++)
                {
                    float[] alone = call.Alone(sequence).Run().Output;
                    Compare.SameBits(alone, output.AsSpan(row * width, alone.Length), width, $"{type.Name}, sequence {sequence}");
                    row += alone.Length / width;
                }
            }
        }
    }

    private static KernelSet ValueInputs { get; } = new(
        ("wide values", new() { Heads = 4, DModel = 64, MemoryDim = 48, ValueInputDim = 520, Weights = WeightFormat.Int8 }),
        ("narrow values", new() { Heads = 4, DModel = 64, MemoryDim = 96, ValueInputDim = 33, Weights = WeightFormat.Int8 }),
        ("wide values in blocks", new() { Heads = 4, DModel = 64, MemoryDim = 48, ValueInputDim = 520, Weights = WeightFormat.Int8Blocks,
            Arithmetic = WeightArithmetic.Int8 }),
        ("equal widths", new() { Heads = 4, DModel = 64, MemoryDim = 64, ValueInputDim = 64, Weights = WeightFormat.Int4Blocks,
            Arithmetic = WeightArithmetic.Int8 }));

    public static TheoryData<string> ValueInputNames => ValueInputs.All;

    /// <summary>The rows of values are others than those of keys, which the product before has quantised.</summary>
    [Theory]
    [MemberData(nameof(ValueInputNames))]
    public void Rows_of_values_are_quantised_for_themselves(string name)
    {
        IKernelType type = ValueInputs.Type(name);
        AttentionCase call = AttentionCase.Create(type.Shape, batch: 2, rows: 9, keys: 70, seed: 2);
        IKernel kernel = type.Create(call.Weights);
        float[] output = call.Run(kernel);
        Compare.Close(call.Reference(), output, 64, name, 0.06);
        Compare.SameBits(output, call.Run(kernel, threads: 3), 64, $"{name}, 3 threads");
        AttentionCache cache = kernel.CreateCache(70, 2);
        call.ProjectMemory(kernel, cache);
        Compare.SameBits(output, call.Projected.RunAll(kernel, cache: cache).Output, 64, $"{name}, through a cache");
    }

    /// <summary>From the definition: offsets, scales, rounded integers, exact sums, and the factors in float64.</summary>
    private static double[] Expected(LinearCase call)
    {
        LinearShape shape = call.Shape;
        int run = shape.Weights == WeightFormat.Int8 ? shape.Inputs : 32;
        var expected = new double[call.Rows * shape.Outputs];
        for (int row = 0; row < call.Rows; row++)
        {
            double[] inputs = [.. call.Input.AsSpan(row * shape.Inputs, shape.Inputs).ToArray().Chunk(run).SelectMany(Rounded)];
            for (int column = 0; column < shape.Outputs; column++)
            {
                double sum = shape.Bias ? call.Weights.Bias[column] : 0;
                for (int k = 0; k < shape.Inputs; k++)
                    sum += inputs[k] * call.Weights.Weight[(column * shape.Inputs) + k];
                expected[(row * shape.Outputs) + column] = sum;
            }
        }

        return expected;

        double[] Rounded(float[] values)
        {
            float[] ordered = [.. values.Order()];
            int outlier = shape.Weights == WeightFormat.Int8 ? Outlier(values, ordered) : -1;
            float[] others = [.. values.Where((_, k) => k != outlier)];
            float offset = shape.Weights == WeightFormat.Int8 ? (others.Max() / 2) + (others.Min() / 2) : 0;
            float largest = others.Max(value => Math.Abs(value - offset));
            return [.. values.Select((value, k) => k == outlier ? value
                : largest == 0 ? offset : offset + (Math.Round((value - offset) * (127 / largest)) * (largest / 127)))];
        }

        static int Outlier(float[] values, float[] ordered)
        {
            double range = (double)ordered[^1] - ordered[0], below = (double)ordered[^2] - ordered[0], above = (double)ordered[^1] - ordered[1];
            return Math.Min(below, above) > 0.8 * range || range == 0 ? -1 : Array.IndexOf(values, below <= above ? ordered[^1] : ordered[0]);
        }
    }
}
