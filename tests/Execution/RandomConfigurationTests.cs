using System.Reflection;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>A sample of the configurations nobody thought of; <c>tests/Configurations</c> goes through thousands of them.</summary>
[Trait("Speed", "Slow")]
public sealed class RandomConfigurationTests(ITestOutputHelper log)
{
    // Another seed than that of the thousands.
    private const int Attributes = 700, Run = 40, Seed = 2;

    private static readonly Lazy<GeneratedConfigurations> All = new(() => RandomConfigurationStages.Generate(Attributes, Seed));

    /// <summary>No setting of an attribute is left out.</summary>
    [Fact]
    public void Know_every_setting()
    {
        Assert.Equal(
            [.. SettingsOf(typeof(AttentionConfigAttribute)).Concat(["MaskPredicate", "ScoreModifier", "ProbabilityModifier"]).Order(StringComparer.Ordinal)],
            RandomConfiguration.Settings.Order(StringComparer.Ordinal));
        // The memory of a layer is declared as that of an attention block.
        Assert.Equal(
            [.. SettingsOf(typeof(TransformerLayerConfigAttribute)).Append("MemoryDim").Order(StringComparer.Ordinal)],
            SettingsText.Of(typeof(TestLayer)).Select(setting => setting.Name).Order(StringComparer.Ordinal));
        Assert.Equal(
            SettingsOf(typeof(LinearConfigAttribute)).Order(StringComparer.Ordinal),
            SettingsText.Of(typeof(TestLinear)).Select(setting => setting.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Are_refused_or_become_code_that_parses()
    {
        Assert.True(
            All.Value.Legal.Count > Attributes / 2 && All.Value.Refusals.Count > Attributes / 5,
            $"{All.Value.Legal.Count} legal, {All.Value.Refusals.Count} refused.");
        string[] declared = [.. All.Value.Legal.SelectMany(one => one.Declared).Distinct()];
        Assert.Empty(RandomConfiguration.Settings.Except(declared.Select(feature => feature.Split('.')[0])));
        Assert.Empty(SettingsText.Of(typeof(TestLayer)).Select(setting => setting.Name).Except(Within("Layer")));
        Assert.Empty(SettingsText.Of(typeof(TestLinear)).Select(setting => setting.Name).Except(Within("Linear")));

        IEnumerable<string> Within(string kind) =>
            declared.Where(feature => feature.StartsWith($"{kind}.", StringComparison.Ordinal)).Select(feature => feature.Split('.')[1]);
    }

    [Fact]
    public void Agree_with_the_reference()
    {
        RandomClass[] chosen = [.. All.Value.Legal.Where(one => one.CanRun).Distinct().Take(Run)];
        Assert.Equal(Run, chosen.Length);
        Assert.Equal(["attention", "decoder layer", "layer", "linear"], chosen.Select(one => one.Kind).Distinct().Order(StringComparer.Ordinal));
        double error = RandomConfigurationStages.Run(RandomConfigurationStages.Compile(chosen), Seed);
        log.WriteLine($"{chosen.Length} configurations, largest error {error:E2}; declared: {RandomConfiguration.Count(chosen)}");
    }

    private static IEnumerable<string> SettingsOf(Type attribute) =>
        attribute.GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly).Select(property => property.Name);
}
