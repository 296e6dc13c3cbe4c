using AttentionGen.Tests.Execution.Layers;
using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Narrow;

/// <summary>Formats that only store: a kernel has exactly the bits of the float32 kernel on the numbers that the format holds.</summary>
[Trait("Speed", "Slow")]
public sealed class StorageBitsTests
{
    private static readonly WeightFormat[] Formats = [WeightFormat.BFloat16, WeightFormat.Float16, WeightFormat.Int8Blocks, WeightFormat.Int4Blocks];

    private static readonly (int Inputs, int Outputs)[] Sizes = [(5, 9), (33, 100), (128, 64), (172, 64), (100, 530), (300, 250), (520, 1100)];

    /// <summary>Configurations of the pair grid with narrow weights, by their numbers.</summary>
    private static readonly TestConfiguration[] Narrow =
        [.. PairGrid.Configurations.Select(Feature.Configure).Where(configuration => configuration.Weights != WeightFormat.Float32)];

    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> Twins =
        new(() => KernelFactory.Compile(Narrow.Select(Twin), ProjectProperties.OfThisProcessor));

    public static TheoryData<int> All => [.. Enumerable.Range(0, Narrow.Length)];

    public static TheoryData<WeightFormat> Storage => [.. Formats];

    private static TestConfiguration Twin(TestConfiguration configuration) => configuration with { Weights = WeightFormat.Float32 };

    [Theory]
    [MemberData(nameof(All))]
    public void Attention_has_the_bits_of_float32_weights(int index)
    {
        IKernelType type = PairGrid.Type(Narrow[index]), twin = Twins.Value[Twin(Narrow[index])];
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 3);
        IKernel kernel = type.Create(weights), wide = twin.Create(weights);
        foreach (int rows in (int[])[1, 2, 3, 4, 5, 13, 49, 120, 121, 300])
        {
            int count = type.Shape.SequenceLength == 0 ? rows : type.Shape.SequenceLength;
            AttentionCase call = AttentionCase.Create(type.Shape, rows < 10 ? 2 : 1, count, rows, rows, weights, Narrow[index].ReferenceHooks);
            AttentionResult expected = CachedCalls.Run(call with { Shape = twin.Shape }, wide, 1, null, "float32");
            expected.AssertSameBits(CachedCalls.Run(call, kernel, 1 + (rows % 3), null, "narrow"), $"{Narrow[index]}, {rows} rows");
        }
    }

    [Theory]
    [MemberData(nameof(Storage))]
    public void Products_have_the_bits_of_float32_weights_for_any_number_of_rows(WeightFormat format)
    {
        TestLinear[] narrow = [.. Sizes.Select(size => new TestLinear(size.Inputs, size.Outputs) { Weights = format })];
        ILinearType[] types = LinearFactory.Compile(
            [.. narrow, .. narrow.Select(linear => linear with { Weights = WeightFormat.Float32 })], ProjectProperties.OfThisProcessor);
        for (int index = 0; index < narrow.Length; index++)
        {
            (ILinearType type, ILinearType twin) = (types[index], types[narrow.Length + index]);
            LinearCase whole = LinearCase.Create(type.Shape, 300, seed: index);
            float[] expected = (whole with { Shape = twin.Shape }).Run(twin.Create(whole.Weights));
            ILinearObject linear = type.Create(whole.Weights);
            int width = type.Shape.Outputs;
            for (int rows = 0; rows <= 300; rows += rows < 30 ? 1 : 27)
                Compare.SameBits(
                    expected.AsSpan(0, rows * width), whole.Slice(0, rows).Run(linear, 1 + (rows % 3)), width, $"{narrow[index]}, {rows} rows");
        }
    }

    /// <summary>Attention and feed-forward network in formats of their own, decoder layers, and a network whose rows end within a block.</summary>
    [Fact]
    public void Layers_have_the_bits_of_float32_weights()
    {
        Check<NarrowBertLayer, BertLayer>();
        Check<NarrowLlamaLayer, LlamaLayer>();
        Check<NarrowMarianLayer, MarianLayer>();

        static void Check<TNarrow, TWide>()
            where TNarrow : class, ITransformerLayer<TNarrow>
            where TWide : class, ITransformerLayer<TWide>
        {
            var narrow = new LayerAdapter<TNarrow>();
            ILayer wide = new LayerAdapter<TWide>().Create(narrow.Weights);
            foreach (int[] lengths in (int[][])[[1], [2], [3], [14, 5, 1, 22], [130], [300]])
            {
                LayerCase call = LayerCase.Random(narrow, lengths, seed: lengths.Length);
                float[] expected = (call with { Layer = wide }).Run().Output;
                Compare.SameBits(expected, call.Run().Output, narrow.Shape.DModel, $"{narrow.Name}, {string.Join(" ", lengths)} rows");
            }
        }
    }
}
