using System.Reflection;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution;

/// <summary>A sample of the configurations nobody thought of; <c>tests/Configurations</c> goes through thousands of them.</summary>
[Trait("Speed", "Slow")]
public sealed class RandomConfigurationTests(ITestOutputHelper log)
{
    // Another seed than that of the thousands.
    private const int Attributes = 400, Run = 40, Seed = 2;

    private static readonly Lazy<GeneratedConfigurations> All = new(() => RandomConfigurationStages.Generate(Attributes, Seed));

    /// <summary>No setting of the attribute is left out.</summary>
    [Fact]
    public void Know_every_setting()
    {
        PropertyInfo[] properties = typeof(AttentionConfigAttribute).GetProperties(BindingFlags.Public | BindingFlags.Instance | BindingFlags.DeclaredOnly);
        string[] settings = [.. properties.Select(property => property.Name)];
        Assert.Equal(
            [.. settings.Append("MaskPredicate").Append("ScoreModifier").Order(StringComparer.Ordinal)],
            RandomConfiguration.Settings.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Are_refused_or_become_code_that_parses()
    {
        Assert.True(
            All.Value.Legal.Count > Attributes / 2 && All.Value.Refusals.Count > Attributes / 5,
            $"{All.Value.Legal.Count} legal, {All.Value.Refusals.Count} refused.");
        string[] declared = [.. All.Value.Legal.SelectMany(RandomConfiguration.Declared).Select(feature => feature.Split('.')[0]).Distinct()];
        Assert.Empty(RandomConfiguration.Settings.Except(declared));
    }

    [Fact]
    public void Agree_with_the_reference()
    {
        TestConfiguration[] chosen = [.. All.Value.Legal.Where(RandomConfigurationStages.CanRun).Distinct().Take(Run)];
        Assert.Equal(Run, chosen.Length);
        double error = RandomConfigurationStages.Run(RandomConfigurationStages.Compile(chosen), Seed);
        log.WriteLine($"{chosen.Length} configurations, largest error {error:E2}; declared: {RandomConfiguration.Count(chosen)}");
    }
}
