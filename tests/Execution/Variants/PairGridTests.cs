using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Execution.Variants;

/// <summary>
/// Every two features together, against the float64 reference: lengths around a line of 32 keys and a block of 256, with cache and without, on one thread
/// and several.
/// </summary>
[Trait("Speed", "Slow")]
public sealed class PairGridTests(ITestOutputHelper log)
{
    /// <summary>The numbers of the grid's configurations.</summary>
    public static TheoryData<int> All => [.. Enumerable.Range(0, PairGrid.Configurations.Length)];

    private static readonly (int Batch, int Rows, int Keys)[] Sizes = [(3, 1, 5), (2, 33, 40), (1, 70, 31), (1, 259, 262), (2, 0, 3), (1, 4, 0)];

    /// <summary>No pair is forgotten: it stands in a configuration, or a diagnostic says why not, or the two are values of one setting.</summary>
    [Fact]
    public void Every_pair_stands_together_or_is_refused()
    {
        int together = 0, refused = 0;
        for (int second = 1; second < Feature.All.Count; second++)
        {
            for (int first = 0; first < second; first++)
            {
                Feature one = Feature.All[first], other = Feature.All[second];
                if (one.Excludes(other))
                    continue;
                if (PairGrid.Configurations.Any(features => features.Contains(one) && features.Contains(other)))
                {
                    together++;
                    continue;
                }

                string[] problems = [.. KernelFactory.Problems(Feature.Configure([one, other])).Select(problem => problem.Id).Distinct()];
                Assert.True(problems.Length > 0, $"{one} and {other} stand in no configuration, but nothing refuses them.");
                refused++;
                log.WriteLine($"{one} + {other}: {string.Join(", ", problems)}");
            }
        }

        log.WriteLine($"{together} pairs in {PairGrid.Configurations.Length} configurations, {refused} pairs refused.");
        Assert.InRange(together, 600, int.MaxValue);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_the_reference(int index)
    {
        var (configuration, type, name) = Get(index);
        Compare.SameShape(configuration.Shape, type.Shape);
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 7);
        IKernel kernel = type.Create(weights);
        for (int size = 0; size < Sizes.Length; size++)
        {
            var (batch, rows, keys) = Sizes[size];
            AttentionCase call = AttentionCase.Create(
                type.Shape, batch, Rows(configuration, rows), keys, seed: rows + 1, weights, configuration.ReferenceHooks);
            AttentionResult result = CachedCalls.Run(call, kernel, 1, null, name);
            result.AssertClose(call.ReferenceAll(), type.Shape, $"{name}: {call.Describe()}");
            // Each size on another number of threads, and each configuration on others than the last.
            int threads = 2 + ((index + size) % (SharedThreads.Most - 1));
            result.AssertSameBits(CachedCalls.Run(call, kernel, threads, null, name), $"{name}: {call.Describe()}, {threads} threads");
            result.AssertSameBits(CachedCalls.Run(call with { IsSurrounded = true }, kernel, 1, null, name), $"{name}: {call.Describe()}, between NaN");
            AttentionResult[] singles = [.. Enumerable.Range(0, batch).Select(sequence => CachedCalls.Run(call.Single(sequence), kernel, 1, null, name))];
            result.AssertSameBits(AttentionResult.Join(singles), $"{name}: {call.Describe()}, one sequence at a time");
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Agrees_with_the_reference_through_a_cache(int index)
    {
        var (configuration, type, name) = Get(index);
        if (!type.Shape.HasCache)
            return;
        AttentionWeights weights = AttentionWeights.Random(type.Shape, seed: 8);
        IKernel kernel = type.Create(weights);
        foreach (int rows in (int[])[9, 38, 266])
        {
            int batch = rows > 100 ? 1 : 3;
            AttentionCase whole = AttentionCase.Create(
                type.Shape, batch, Rows(configuration, rows), type.Shape.IsCrossAttention ? rows : -1, seed: rows, weights, configuration.ReferenceHooks);
            if (type.Shape.IsCrossAttention)
                CachedCalls.CheckMemory(whole, kernel, name);
            else
                CachedCalls.CheckChunks(whole, kernel, name);
        }
    }

    private static int Rows(TestConfiguration configuration, int rows) => configuration.SequenceLength == 0 ? rows : configuration.SequenceLength;

    private static (TestConfiguration Configuration, IKernelType Type, string Name) Get(int index)
    {
        Feature[] features = PairGrid.Configurations[index];
        TestConfiguration configuration = Feature.Configure(features);
        return (configuration, PairGrid.Type(configuration), string.Join(" + ", features.Select(feature => feature.Name)));
    }
}
