using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>Products of many shapes, compiled together when the first of them is needed.</summary>
internal static class LinearConfigurations
{
    /// <summary>Small odd sizes, the edges of panels, of column units and of blocks of the depth, and a few hundred.</summary>
    private static readonly (int Inputs, int Outputs)[] Sizes =
    [
        (1, 1), (1, 17), (3, 5), (7, 16), (16, 7), (17, 33), (31, 48), (5, 100), (64, 96), (100, 257), (255, 112), (256, 130), (257, 96), (12, 512),
        (300, 530), (384, 31), (513, 144), (768, 48),
    ];

    private static readonly TestLinear[] Combinations =
    [
        .. from activation in Enum.GetValues<Activation>()
           from gate in (bool[])[false, true]
           from residual in (bool[])[false, true]
           select new TestLinear(0, 0) { Activation = activation, Gate = gate, Residual = residual },
    ];

    /// <summary>Every size plain and with one combination of what follows the product, and every combination in one size.</summary>
    public static IReadOnlyList<TestLinear> List { get; } =
    [
        .. Sizes.Select(size => new TestLinear(size.Inputs, size.Outputs)),
        .. Sizes.Select((size, index) => Combinations[((index * 7) + 3) % Combinations.Length] with { Inputs = size.Inputs, Outputs = size.Outputs,
            Bias = index % 3 != 0 }),
        .. Combinations.Select((combination, index) => combination with { Inputs = 37, Outputs = 150, Bias = index % 2 == 0 }),
        .. from format in (WeightFormat[])[WeightFormat.BFloat16, WeightFormat.Float16, WeightFormat.Int8Blocks, WeightFormat.Int4Blocks]
           from size in Sizes
           where size.Inputs != 1
           select Combinations[(size.Inputs + (int)format) % Combinations.Length] with { Inputs = size.Inputs, Outputs = size.Outputs, Weights = format },
        new TestLinear(24, 40) { Unrolling = Unrolling.Full },
        new TestLinear(520, 1100) { Activation = Activation.Gelu, Residual = true },
    ];

    private static readonly Lazy<ILinearType[]> Compiled = new(() => LinearFactory.Compile(List, properties: null));

    /// <summary>The numbers of all configurations as theory data.</summary>
    public static TheoryData<int> All { get; } = [.. Enumerable.Range(0, List.Count)];

    public static ILinearType Type(int index) => Compiled.Value[index];
}
