using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Latent;

/// <summary>Blocks of latent attention, compiled together when the first of them is needed.</summary>
internal static class LatentConfigurations
{
    private static readonly TestLatent Small = new() { Heads = 2, DModel = 24, HeadDim = 12, RotaryDim = 4, ValueHeadDim = 6, LatentDim = 10 };

    private static readonly TestLatent Larger = new()
    {
        Heads = 4, DModel = 64, HeadDim = 32, RotaryDim = 8, ValueHeadDim = 16, LatentDim = 64, QueryLatentDim = 32,
    };

    /// <summary>Each setting, odd widths, and the widths of DeepSeek V2 Lite with fewer heads.</summary>
    public static IReadOnlyList<TestLatent> List { get; } =
    [
        Small,
        Small with { QueryLatentDim = 14 },
        Small with { QueryLatentDim = 9, Biases = true, Rotary = RotaryKind.HalfSplit },
        Small with { Causal = false },
        Small with { Ragged = true, QueryLatentDim = 20 },
        Small with { Ragged = true, Causal = false, Biases = true },
        Small with { Heads = 1, DModel = 1, HeadDim = 3, RotaryDim = 2, ValueHeadDim = 1, LatentDim = 1, QueryLatentDim = 1 },
        Small with { Heads = 5, DModel = 37, HeadDim = 33, RotaryDim = 16, ValueHeadDim = 19, LatentDim = 45, QueryLatentDim = 31, Scale = 0.4f },
        Small with { Heads = 3, HeadDim = 40, ValueHeadDim = 40, LatentDim = 16, NormEpsilon = 1e-2f, RotaryBase = 500 },
        Small with { RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 16 },
        Small with { RotaryScaling = RotaryScaling.Linear, RotaryScalingFactor = 2, Rotary = RotaryKind.HalfSplit },
        Small with { RotaryScaling = RotaryScaling.DynamicNtk, RotaryScalingFactor = 2, RotaryOriginalLength = 64, RotaryLength = 400 },
        Larger with { Weights = WeightFormat.BFloat16 },
        Larger with { Weights = WeightFormat.Float16 },
        Larger with { QueryLatentDim = 0, Weights = WeightFormat.Int8Blocks },
        Larger with { QueryLatentDim = 0, Weights = WeightFormat.Int4Blocks },
        new() { Heads = 2, DModel = 96, HeadDim = 192, RotaryDim = 64, ValueHeadDim = 128, LatentDim = 512, QueryLatentDim = 128 },
        new() { Heads = 2, DModel = 48, HeadDim = 512, RotaryDim = 128, ValueHeadDim = 512, LatentDim = 512 },
    ];

    private static readonly Lazy<ILatentType[]> Compiled = new(() => Compile(List));

    /// <summary>The numbers of all configurations as theory data.</summary>
    public static TheoryData<int> All { get; } = [.. Enumerable.Range(0, List.Count)];

    public static ILatentType Type(int index) => Compiled.Value[index];

    /// <summary>Classes with kernels for this processor's vectors, or for those that are named.</summary>
    public static ILatentType[] Compile(IEnumerable<TestLatent> configurations, ProjectProperties? properties = null)
    {
        ClassText[] classes =
        [
            .. configurations.Select(
                configuration => new ClassText(configuration.ToString(), configuration.AttributeText, []) { Config = "LatentAttentionConfig" }),
        ];
        return
        [
            .. KernelFactory.CompileTypes(classes, properties: properties ?? ProjectProperties.OfThisProcessor)
                .Select(type => (ILatentType)Activator.CreateInstance(typeof(LatentAdapter<>).MakeGenericType(type))!),
        ];
    }
}
