using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>Few configurations in which every two features that may stand together do so, each with some others.</summary>
internal static class PairGrid
{
    /// <summary>More features in one configuration meet more others, but say less about which of them is wrong.</summary>
    private const int MostFeatures = 8;

    private static readonly Dictionary<TestConfiguration, bool> Legal = [];
    private static readonly Lazy<(Feature[][] Configurations, (Feature, Feature)[] Refused)> Grid = new(Build);
    private static readonly Lazy<IReadOnlyDictionary<TestConfiguration, IKernelType>> Types = new(
        () => KernelFactory.Compile(Configurations.Select(Feature.Configure)));

    /// <summary>The features of each configuration.</summary>
    public static Feature[][] Configurations => Grid.Value.Configurations;

    /// <summary>Pairs that no configuration can have.</summary>
    public static (Feature First, Feature Second)[] Refused => Grid.Value.Refused;

    /// <summary>A configuration without what has no gradient.</summary>
    public static TestConfiguration WithDerivatives(TestConfiguration configuration) => configuration with
    {
        ScoreModifier = null, ProbabilityModifier = null, MaskPredicate = null, KeyValues = KeyValueFormat.Float32, Weights = WeightFormat.Float32,
        Outputs = AttentionOutputs.None,
        ScoreFunction = ScoreFunction.Softmax, SigmoidBias = float.NaN, OutputGate = false, InputBias = false, OutputProjection = true,
    };

    public static IKernelType Type(TestConfiguration configuration) => Types.Value[configuration];

    private static (Feature[][], (Feature, Feature)[]) Build()
    {
        IReadOnlyList<Feature> all = Feature.All;
        (Feature, Feature)[] pairs =
        [
            .. from second in Enumerable.Range(1, all.Count - 1)
               from first in Enumerable.Range(0, second)
               where !all[first].Excludes(all[second])
               select (all[first], all[second]),
        ];
        // One compilation of all pairs takes a fraction of the time of one for each.
        TestConfiguration[] distinct = [.. pairs.Select(pair => Feature.Configure([pair.Item1, pair.Item2])).Distinct()];
        foreach (var (configuration, parsed) in distinct.Zip(KernelFactory.Parse(distinct)))
            Legal.Add(configuration, !parsed.Problems.Any());
        var open = new HashSet<(Feature, Feature)>(pairs.Where(pair => IsLegal([pair.Item1, pair.Item2])));
        (Feature, Feature)[] refused = [.. pairs.Where(pair => !open.Contains(pair))];

        var configurations = new List<Feature[]>();
        while (open.Count > 0)
        {
            // The first open pair in the order of the features, then whatever closes most pairs.
            (Feature first, Feature second) = open.OrderBy(pair => all.IndexOf(pair.Item1)).ThenBy(pair => all.IndexOf(pair.Item2)).First();
            var chosen = new List<Feature> { first, second };
            while (chosen.Count < MostFeatures)
            {
                Feature? best = all
                    .Where(candidate => !chosen.Contains(candidate) && !chosen.Any(candidate.Excludes))
                    .Select(candidate => (Candidate: candidate, Closes: chosen.Count(other => open.Contains(Ordered(all, candidate, other)))))
                    .Where(choice => choice.Closes > 0)
                    .OrderByDescending(choice => choice.Closes)
                    .Select(choice => choice.Candidate)
                    .FirstOrDefault(candidate => IsLegal([.. chosen, candidate]));
                if (best is null)
                    break;
                chosen.Add(best);
            }

            foreach (Feature one in chosen)
            {
                foreach (Feature other in chosen)
                    open.Remove((one, other));
            }

            configurations.Add([.. chosen]);
        }

        return ([.. configurations], refused);
    }

    private static (Feature, Feature) Ordered(IReadOnlyList<Feature> all, Feature one, Feature other) =>
        all.IndexOf(one) < all.IndexOf(other) ? (one, other) : (other, one);

    private static int IndexOf(this IReadOnlyList<Feature> all, Feature feature)
    {
        for (int index = 0; index < all.Count; index++)
        {
            if (ReferenceEquals(all[index], feature))
                return index;
        }

        return -1;
    }

    /// <summary>What the generator itself says.</summary>
    private static bool IsLegal(Feature[] features)
    {
        TestConfiguration configuration = Feature.Configure(features);
        if (!Legal.TryGetValue(configuration, out bool legal))
            Legal.Add(configuration, legal = KernelFactory.IsLegal(configuration));
        return legal;
    }
}
