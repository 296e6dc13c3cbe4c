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

    private static readonly Lazy<ILinearType[]> Types = new(() => LinearFactory.Compile(List));

    public static TheoryData<int> All => [.. Enumerable.Range(0, List.Length)];

    [Theory]
    [MemberData(nameof(All))]
    public void Sums_are_those_of_the_definition(int index)
    {
        ILinearType type = Types.Value[index];
        LinearCase call = LinearCase.Create(type.Shape, 21, seed: index);
        // A row of zeros, one with a single large input, and one with a small scale.
        call.Input.AsSpan(0, type.Shape.Inputs).Clear();
        call.Input[type.Shape.Inputs] = -300;
        for (int k = 0; k < type.Shape.Inputs; k++)
            call.Input[(2 * type.Shape.Inputs) + k] *= 1e-9f;
        Compare.Close(Expected(call), call.Run(type.Create(call.Weights)), type.Shape.Outputs, List[index].ToString(), 1e-5);
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

    /// <summary>From the definition: scales, rounded integers, exact sums, and the factors in float64.</summary>
    private static double[] Expected(LinearCase call)
    {
        LinearShape shape = call.Shape;
        int run = shape.Weights == WeightFormat.Int8 ? shape.Inputs : 32;
        var expected = new double[call.Rows * shape.Outputs];
        for (int row = 0; row < call.Rows; row++)
        {
            for (int column = 0; column < shape.Outputs; column++)
            {
                double sum = shape.Bias ? call.Weights.Bias[column] : 0;
                for (int first = 0; first < shape.Inputs; first += run)
                {
                    int count = Math.Min(run, shape.Inputs - first);
                    float largest = call.Input.AsSpan((row * shape.Inputs) + first, count).ToArray().Max(Math.Abs);
                    for (int k = first; k < first + count && largest > 0; k++)
                    {
                        double rounded = Math.Round(call.Input[(row * shape.Inputs) + k] * (127 / largest));
                        sum += rounded * (largest / 127) * call.Weights.Weight[(column * shape.Inputs) + k];
                    }
                }

                expected[(row * shape.Outputs) + column] = sum;
            }
        }

        return expected;
    }
}
