using AttentionGen.Generator.Emit;
using AttentionGen.Generator.Model;
using AttentionGen.Generator.Plan;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Tests.Support;

/// <summary>Random configurations through everything that a user's goes through. Any failure names the configuration.</summary>
internal static class RandomConfigurationStages
{
    private const int AttributesOfABatch = 100;
    private const int ClassesOfACompilation = 40;

    /// <summary>Floats of the weights, and rows, of what is run.</summary>
    private const long MostWeights = 200_000, MostRows = 400;

    private static ParallelOptions AllProcessors { get; } = new() { MaxDegreeOfParallelism = Environment.ProcessorCount };

    /// <summary>
    /// Makes so many attributes and parses them. A legal one goes on through plan, advice, emission and the compiler's parser, and none of them may say a word;
    /// an illegal one must get a diagnostic of ours.
    /// </summary>
    public static GeneratedConfigurations Generate(int attributes, int seed)
    {
        var batches = new GeneratedConfigurations[(attributes + AttributesOfABatch - 1) / AttributesOfABatch];
        Parallel.For(0, batches.Length, AllProcessors, batch =>
            batches[batch] = GenerateBatch(Math.Min(AttributesOfABatch, attributes - (batch * AttributesOfABatch)), new Random((seed * 1_000_003) + batch)));
        return new([.. batches.SelectMany(batch => batch.Legal)], [.. batches.SelectMany(batch => batch.Refusals)], batches.Sum(batch => batch.Characters));
    }

    /// <summary>Compiles configurations in strict projects of many classes: a warning is an error.</summary>
    public static IReadOnlyDictionary<TestConfiguration, IKernelType> Compile(IReadOnlyList<TestConfiguration> configurations)
    {
        TestConfiguration[][] batches = [.. configurations.Distinct().Chunk(ClassesOfACompilation)];
        var types = new IReadOnlyDictionary<TestConfiguration, IKernelType>[batches.Length];
        Parallel.For(0, batches.Length, AllProcessors, batch => types[batch] = KernelFactory.Compile(batches[batch]));
        return types.SelectMany(batch => batch).ToDictionary();
    }

    /// <summary>Whether a configuration is small, and its numbers such that float32 and float64 give the same.</summary>
    public static bool CanRun(TestConfiguration configuration)
    {
        AttentionShape shape = configuration.Shape;
        long weights = ((long)shape.DModel * (shape.QueryDim + shape.JoinedDim)) + ((long)shape.MemoryDim * (shape.KeyDim + shape.ValueDim));
        // Quantised inputs are only near those of the reference: QuantizedTests.
        bool isExact = shape.Weights != WeightFormat.Int8 && shape.Arithmetic == WeightArithmetic.Float32;
        return isExact && weights <= MostWeights && shape.Heads * Math.Max(shape.HeadDim, shape.ValueHeadDim) <= 1024 && shape.SequenceLength <= MostRows
            && RandomConfiguration.Numbers(configuration).All(number => number is >= 1e-3 and <= 1e6) && configuration.Scale <= 2;
    }

    /// <summary>Runs every configuration against the float64 reference, and through a cache where it has one; returns the largest error.</summary>
    public static double Run(IReadOnlyDictionary<TestConfiguration, IKernelType> types, int seed)
    {
        KeyValuePair<TestConfiguration, IKernelType>[] all = [.. types];
        var errors = new double[all.Length];
        Parallel.For(0, all.Length, AllProcessors, index =>
        {
            try
            {
                errors[index] = Run(all[index].Key, all[index].Value, new Random((seed * 1_000_003) + index));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{all[index].Key}: {exception.Message}", exception);
            }
        });
        return errors.Max();
    }

    private static double Run(TestConfiguration configuration, IKernelType type, Random random)
    {
        AttentionShape shape = type.Shape;
        Compare.SameShape(configuration.Shape, shape);
        AttentionWeights weights = AttentionWeights.Random(shape, random.Next());
        IKernel kernel = type.Create(weights);
        double worst = 0;
        for (int call = 0; call < 2; call++)
        {
            AttentionCase one = Next(RandomConfiguration.Length(random));
            AttentionResult result = CachedCalls.Run(one, kernel, random.Next(SharedThreads.Most + 1), null, configuration.ToString());
            worst = Math.Max(worst, result.AssertClose(one.ReferenceAll(), shape, one.Describe()));
        }

        if (!shape.HasCache)
            return worst;
        // Rows that go into a cache bring as many keys along.
        AttentionCase whole = Next(shape.IsCrossAttention ? RandomConfiguration.Length(random) : -1);
        if (shape.IsCrossAttention)
            CachedCalls.CheckMemory(whole, kernel, configuration.ToString());
        else
            CachedCalls.CheckChunks(whole, kernel, configuration.ToString());
        return worst;

        AttentionCase Next(int keys) => AttentionCase.Create(
            shape, random.Next(1, 4), shape.SequenceLength != 0 ? shape.SequenceLength : RandomConfiguration.Length(random), keys, random.Next(), weights,
            configuration.ReferenceHooks);
    }

    private static GeneratedConfigurations GenerateBatch(int attributes, Random random)
    {
        TestConfiguration[] configurations = [.. Enumerable.Range(0, attributes).Select(_ => RandomConfiguration.Next(random))];
        var legal = new List<TestConfiguration>();
        var refusals = new List<string[]>();
        long characters = 0;
        int index = 0;
        foreach (var (spec, problems) in KernelFactory.Parse(configurations))
        {
            TestConfiguration configuration = configurations[index++];
            Assert.True((spec is null) == (problems.Count > 0), $"{configuration}: {problems.Count} diagnostics, and {(spec is null ? "no" : "a")} spec.");
            Assert.All(problems, problem => Assert.True(IsOurs(problem), $"{configuration}: {problem}"));
            if (spec is null)
            {
                refusals.Add([.. problems.Select(problem => problem.Id).Distinct()]);
                continue;
            }

            legal.Add(configuration);
            characters += GenerateOne(configuration, spec);
        }

        return new(legal, refusals, characters);
    }

    private static bool IsOurs(Diagnostic problem) =>
        problem.Id.StartsWith("AG0", StringComparison.Ordinal) && problem.Location.IsInSource && problem.GetMessage(null).Length > 0;

    private static long GenerateOne(TestConfiguration configuration, AttentionSpec spec)
    {
        try
        {
            _ = SpeedAdvice.For(AttentionPlan.CreateAll(spec)).Count();
            IReadOnlyList<GeneratedFile> files = AttentionEmitter.Emit(spec);
            foreach (GeneratedFile file in files)
                Assert.Empty(KernelFactory.SyntaxProblems(file.Text));
            return files.Sum(file => (long)file.Text.Length);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{configuration}: {exception.Message}", exception);
        }
    }
}

/// <summary>What became of some attributes.</summary>
/// <param name="Legal">Those that the generator wrote code for.</param>
/// <param name="Refusals">The others, by the ids of their diagnostics.</param>
/// <param name="Characters">Length of the code.</param>
internal sealed record GeneratedConfigurations(IReadOnlyList<TestConfiguration> Legal, IReadOnlyList<string[]> Refusals, long Characters);
