using System.Globalization;
using CsCheck;

namespace AttentionGen.Tests.Properties;

/// <summary>
/// CsCheck's generators over the same samples in each run: CsCheck itself begins with another seed each time. The environment variable
/// <c>ATTENTIONGEN_SEED</c> takes another number, and CsCheck's own <c>CsCheck_Seed</c> runs the one sample that a failure names.
/// </summary>
internal static class Samples
{
    private const string SeedVariable = "ATTENTIONGEN_SEED";

    /// <summary>What all random tests that run with the suite begin with.</summary>
    public static int Seed { get; } =
        Environment.GetEnvironmentVariable(SeedVariable) is { Length: > 0 } text ? int.Parse(text, CultureInfo.InvariantCulture) : 1;

    /// <summary>Fails where the assertion throws for one of so many samples, and then looks for a smaller sample.</summary>
    public static void Holds<T>(this Gen<T> gen, Action<T> assert, int iter, int threads = 2)
    {
        if (Check.Seed is not null)
        {
            gen.Sample(assert, iter: 1, threads: 1);
            return;
        }

        var random = new Random(Seed);
        // A sample depends on its number alone, so that threads may take them in any order.
        ulong[] states = [.. Enumerable.Range(0, iter).Select(_ => (ulong)random.NextInt64(long.MinValue, long.MaxValue))];
        var failures = new (string Seed, Exception Exception)?[iter];
        Parallel.For(0, iter, new ParallelOptions { MaxDegreeOfParallelism = threads }, (index, loop) =>
        {
            var generator = new PCG(1, states[index]);
            string seed = generator.ToString();
            try
            {
                assert(gen.Generate(generator, null, out _));
            }
            catch (Exception exception)
            {
                failures[index] = (seed, exception);
                // Those before it still run: the first failure is the same each time.
                loop.Break();
            }
        });
        if (failures.FirstOrDefault(failure => failure is not null) is not { } first)
            return;
        // Throws with the smallest sample that it finds.
        gen.Sample(assert, seed: first.Seed, iter: iter, threads: threads);
        throw new CsCheckException($"{SeedVariable}={Seed}, CsCheck_Seed={first.Seed}, and not the second time: {first.Exception.Message}", first.Exception);
    }

    public static void Holds<T1, T2>(this Gen<(T1, T2)> gen, Action<T1, T2> assert, int iter, int threads = 2) =>
        gen.Holds(all => assert(all.Item1, all.Item2), iter, threads);

    public static void Holds<T1, T2, T3>(this Gen<(T1, T2, T3)> gen, Action<T1, T2, T3> assert, int iter, int threads = 2) =>
        gen.Holds(all => assert(all.Item1, all.Item2, all.Item3), iter, threads);

    public static void Holds<T1, T2, T3, T4>(this Gen<(T1, T2, T3, T4)> gen, Action<T1, T2, T3, T4> assert, int iter, int threads = 2) =>
        gen.Holds(all => assert(all.Item1, all.Item2, all.Item3, all.Item4), iter, threads);

    public static void Holds<T1, T2, T3, T4, T5>(this Gen<(T1, T2, T3, T4, T5)> gen, Action<T1, T2, T3, T4, T5> assert, int iter, int threads = 2) =>
        gen.Holds(all => assert(all.Item1, all.Item2, all.Item3, all.Item4, all.Item5), iter, threads);
}
