using System.ComponentModel;
using System.Reflection;
using AttentionGen.Tests.Execution;
using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Generator;

/// <summary>
/// A library that was compiled by an older generator runs on a newer runtime of the same major version. RuntimeMembers.txt has every member of the
/// runtime that generated code binds to, or has bound to since the last major version: lines are added, never changed or taken out.
/// <c>UPDATE_SNAPSHOTS=1 dotnet test</c> adds what is new.
/// </summary>
public sealed class RuntimeMembersTests
{
    private static readonly string File = Path.Combine(RepositoryRoot.Path, "tests", "Generator", "RuntimeMembers.txt");

    [Fact]
    public void What_generated_code_binds_to_is_written_down()
    {
        // Every pair of features, every head dimension, every form of Forward.
        IKernelType[] kernels =
        [
            .. PairGrid.Configurations.Select(features => PairGrid.Type(Feature.Configure(features))),
            .. GridConfigurations.All.Names.Select(GridConfigurations.All.Type),
            .. SelectedConfigurations.All.Names.Select(SelectedConfigurations.All.Type),
            .. KernelFactory.Compile(
            [
                Feature.Plain with { Gradients = true }, Feature.Plain with { Gradients = true, MemoryDim = 12 },
                Feature.Plain with { Gradients = true, MemoryDim = 12, ValueInputDim = 9 },
                Feature.Plain with { Gradients = true, Projections = false, DModel = 0, HeadDim = 8 },
            ]).Values,
        ];
        ClassText[] layers =
        [
            Layer("Heads = 2, DModel = 32, FeedForwardDim = 20, Gated = true"),
            Layer("Heads = 2, DModel = 32, FeedForwardDim = 20, Causal = true, MemoryDim = 16, MemoryLengths = true"),
            Layer("Heads = 2, DModel = 32, FeedForwardDim = 20, Causal = true, MemoryDim = 16, Ragged = true"),
            Layer("Heads = 2, DModel = 32, FeedForwardDim = 20, Gradients = true"),
            new("a product", "Inputs = 16, Outputs = 16, Gate = true, Gradients = true", []) { Config = "LinearConfig" },
            Latent("QueryLatentDim = 7, NormEpsilon = 1e-5f, Weights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8"),
            Latent("Ragged = true, Biases = true, Rotary = RotaryKind.HalfSplit"),
        ];
        IEnumerable<Assembly> assemblies = kernels.Select(
            kernel => kernel.GetType().GenericTypeArguments[0].Assembly).Append(LinearConfigurations.Type(0).GetType().GenericTypeArguments[0].Assembly)
            .Append(KernelFactory.CompileTypes(layers)[0].Assembly)
            .Append(KernelFactory.CompileTypes([.. layers, .. WithTensors], tensors: true)[0].Assembly).Distinct();
        var found = new SortedSet<string>(assemblies.SelectMany(RuntimeMembers.ReferredToBy), StringComparer.Ordinal);
        Assert.True(found.Count > 100, $"only {found.Count} found");

        if (Environment.GetEnvironmentVariable("UPDATE_SNAPSHOTS") == "1")
            System.IO.File.WriteAllLines(File, found.Union(Known()).Order(StringComparer.Ordinal));
        Assert.Empty(found.Except(Known()));
    }

    /// <summary>Classes that between them call all members for tensors.</summary>
    private static ClassText[] WithTensors =>
    [
        new("masks and results", "Heads = 2, DModel = 8, Causal = true, KeyLengths = true, BooleanMask = MaskAxes.QueryKey, MaskLength = true, Outputs = "
            + "AttentionOutputs.Probabilities", []),
        new("a memory", "Heads = 2, DModel = 8, MemoryDim = 12, AdditiveMask = MaskAxes.QueryKey", []),
        new("a core", "Heads = 2, HeadDim = 8, Projections = false, Gradients = true", []),
    ];

    private static ClassText Layer(string attribute) => new("a layer", attribute, []) { Config = "TransformerLayerConfig" };

    private static ClassText Latent(string settings) =>
        new("latent attention", $"Heads = 2, DModel = 8, HeadDim = 12, RotaryDim = 4, ValueHeadDim = 6, LatentDim = 10, {settings}", [])
        {
            Config = "LatentAttentionConfig",
        };

    [Fact]
    public void What_generated_code_has_ever_bound_to_is_still_there()
    {
        const string Implemented = "implemented ";
        Assert.Empty(Known().Where(line => !line.StartsWith(Implemented, StringComparison.Ordinal)).Except(RuntimeMembers.All()));

        // A class that was compiled before a member was added does not have it.
        string[] implemented = [.. Known().Where(line => line.StartsWith(Implemented, StringComparison.Ordinal)).Select(line => line[Implemented.Length..])];
        IEnumerable<string> interfaces = typeof(AttentionShape).Assembly.GetExportedTypes().Where(type => type.IsInterface).Select(type => type.FullName!);
        Assert.Equal(implemented, interfaces.SelectMany(RuntimeMembers.ToImplement).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void What_only_generated_code_calls_is_hidden_from_editors() =>
        Assert.All(
            typeof(AttentionShape).Assembly.GetExportedTypes().Where(type => type.Namespace == "AttentionGen.CompilerServices"),
            type => Assert.Equal(EditorBrowsableState.Never, type.GetCustomAttribute<EditorBrowsableAttribute>()?.State));

    private static string[] Known() => System.IO.File.ReadAllLines(File);
}
