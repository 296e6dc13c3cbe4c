using System.Text.Json;
using AttentionGen.Tests.Conformance;
using AttentionGen.Tests.Execution.Variants;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Digest;

/// <summary>A class of one set; a conformance case brings its call along.</summary>
internal sealed record ListedClass(string Set, ClassText Text)
{
    public (string Case, VectorCall Call)? Conformance { get; init; }
}

/// <summary>Which classes are digested.</summary>
internal static class ConfigurationList
{
    private const int RandomConfigurations = 500;

    private const string Pairs = "pairs", Conformance = "conformance", Random = "random";

    public static string[] Sets { get; } = [Pairs, Conformance, Random];

    /// <summary>The classes of some sets; the pair grid and the random ones from a file, where one is given.</summary>
    public static IReadOnlyList<ListedClass> Read(string? file, string[] sets)
    {
        IEnumerable<ListedClass> saved = file is null ? [] : File.ReadLines(file).Select(line => JsonSerializer.Deserialize<ListedClass>(line)!);
        return [.. sets.SelectMany(set => file is not null && set != Conformance ? saved.Where(one => one.Set == set) : Make(set))];
    }

    /// <summary>A line for each class but those of conformance cases, which the cases themselves tell.</summary>
    public static void Save(string file, IEnumerable<ListedClass> classes) =>
        File.WriteAllLines(file, classes.Where(one => one.Conformance is null).Select(one => JsonSerializer.Serialize(one)));

    private static IEnumerable<ListedClass> Make(string set) => set switch
    {
        Pairs => PairGrid.Configurations.Select(features => new ListedClass(set, ClassText.Of(Feature.Configure(features)))),
        Conformance => VectorFile.Names.Where(name => !name.StartsWith("rotary_", StringComparison.Ordinal)).Select(name =>
        {
            VectorCall call = VectorCall.From(VectorFile.Read(name));
            return new ListedClass(set, ClassText.Of(call.Configuration)) { Conformance = (name, call) };
        }),
        _ => RandomConfigurationStages.Generate(5 * RandomConfigurations, seed: 1).Legal.OfType<RandomAttention>()
            .Where(one => one.CanRun).Distinct().Take(RandomConfigurations).Select(one => new ListedClass(set, one.Text)),
    };
}
