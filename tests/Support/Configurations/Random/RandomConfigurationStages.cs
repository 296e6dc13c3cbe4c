using AttentionGen.Generator.Emit;
using Microsoft.CodeAnalysis;

namespace AttentionGen.Tests.Support;

/// <summary>Random configurations through everything that a user's goes through. Any failure names the configuration.</summary>
internal static class RandomConfigurationStages
{
    private const int AttributesOfABatch = 100;
    private const int ClassesOfACompilation = 40;

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

    /// <summary>Compiles classes in strict projects of many classes: a warning is an error.</summary>
    public static IReadOnlyDictionary<RandomClass, Type> Compile(IReadOnlyList<RandomClass> classes)
    {
        RandomClass[][] batches = [.. classes.Distinct().Chunk(ClassesOfACompilation)];
        var types = new Type[batches.Length][];
        Parallel.For(0, batches.Length, AllProcessors, batch => types[batch] = KernelFactory.CompileTypes([.. batches[batch].Select(one => one.Text)]));
        return batches.Zip(types).SelectMany(batch => batch.First.Zip(batch.Second)).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    /// <summary>Runs every class against the float64 reference, and through a cache where it has one; returns the largest error.</summary>
    public static double Run(IReadOnlyDictionary<RandomClass, Type> types, int seed)
    {
        KeyValuePair<RandomClass, Type>[] all = [.. types];
        var errors = new double[all.Length];
        Parallel.For(0, all.Length, AllProcessors, index =>
        {
            try
            {
                errors[index] = all[index].Key.Run(all[index].Value, new Random((seed * 1_000_003) + index));
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"{all[index].Key}: {exception.Message}", exception);
            }
        });
        return errors.Max();
    }

    private static GeneratedConfigurations GenerateBatch(int attributes, Random random)
    {
        RandomClass[] classes = [.. Enumerable.Range(0, attributes).Select(_ => RandomClass.Next(random))];
        var legal = new List<RandomClass>();
        var refusals = new List<string[]>();
        long characters = 0;
        Compilation compilation = KernelFactory.Compilation([.. classes.Select(one => one.Text)]);
        for (int index = 0; index < classes.Length; index++)
        {
            RandomClass one = classes[index];
            var problems = new List<Diagnostic>();
            Func<IReadOnlyList<GeneratedFile>>? emission = one.Parse(KernelFactory.ClassOf(compilation, index), compilation, problems.Add);
            Assert.True((emission is null) == (problems.Count > 0), $"{one}: {problems.Count} diagnostics, and {(emission is null ? "no" : "a")} spec.");
            Assert.All(problems, problem => Assert.True(IsOurs(problem), $"{one}: {problem}"));
            if (emission is null)
            {
                refusals.Add([.. problems.Select(problem => problem.Id).Distinct()]);
                continue;
            }

            legal.Add(one);
            characters += GenerateOne(one, emission);
        }

        return new(legal, refusals, characters);
    }

    private static bool IsOurs(Diagnostic problem) =>
        problem.Id.StartsWith("AG0", StringComparison.Ordinal) && problem.Location.IsInSource && problem.GetMessage(null).Length > 0;

    private static long GenerateOne(RandomClass one, Func<IReadOnlyList<GeneratedFile>> emission)
    {
        try
        {
            IReadOnlyList<GeneratedFile> files = emission();
            foreach (GeneratedFile file in files)
                Assert.Empty(KernelFactory.SyntaxProblems(file.Text));
            return files.Sum(file => (long)file.Text.Length);
        }
        catch (Exception exception)
        {
            throw new InvalidOperationException($"{one}: {exception.Message}", exception);
        }
    }
}

/// <summary>What became of some attributes.</summary>
/// <param name="Legal">Those that the generator wrote code for.</param>
/// <param name="Refusals">The others, by the ids of their diagnostics.</param>
/// <param name="Characters">Length of the code.</param>
internal sealed record GeneratedConfigurations(IReadOnlyList<RandomClass> Legal, IReadOnlyList<string[]> Refusals, long Characters);
