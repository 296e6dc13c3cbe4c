using System.Diagnostics;
using System.Globalization;
using AttentionGen.Tests.Support;

// How many attributes are made, how many legal ones of them are compiled and run, and the seed. A failure names the configuration.
int[] sizes = [15_000, 1_000, 500, 1];
for (int index = 0; index < args.Length; index++)
    sizes[index] = int.Parse(args[index], CultureInfo.InvariantCulture);
var (attributes, compiled, run, seed) = (sizes[0], sizes[1], sizes[2], sizes[3]);
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var watch = Stopwatch.StartNew();
try
{
    GeneratedConfigurations all = RandomConfigurationStages.Generate(attributes, seed);
    Report(
        $"{attributes:N0} attributes: {all.Legal.Count:N0} legal, through spec, plan, emission and parsing ({all.Characters / 1_000_000:N0} million "
            + $"characters), {all.Refusals.Count:N0} refused");
    Console.WriteLine("    kinds: " + string.Join(", ", all.Legal.CountBy(one => one.Kind).Select(kind => $"{kind.Key} {kind.Value}")));
    Console.WriteLine("    declared: " + RandomConfiguration.Count(all.Legal));
    Console.WriteLine("    refused by: " + string.Join(", ", all.Refusals.SelectMany(ids => ids).CountBy(id => id).OrderBy(entry => entry.Key,
        StringComparer.Ordinal).Select(entry => $"{entry.Key} {entry.Value}")));

    // First those that run, then any.
    RandomClass[] runnable = [.. all.Legal.Where(one => one.CanRun).Distinct().Take(run)];
    var types = RandomConfigurationStages.Compile([.. runnable.Concat(all.Legal).Distinct().Take(compiled)]);
    Report($"{types.Count:N0} compiled, without a warning");

    double error = RandomConfigurationStages.Run(runnable.ToDictionary(one => one, one => types[one]), seed);
    Report($"{runnable.Length:N0} run against the float64 reference, largest error {error:E2}");
    Console.WriteLine("    declared: " + RandomConfiguration.Count(runnable));
    return types.Count == compiled && runnable.Length == run ? 0 : 1;
}
catch (AggregateException failures)
{
    foreach (Exception failure in failures.InnerExceptions)
        Console.WriteLine($"seed {seed}: {failure}");
    return 1;
}

void Report(string text)
{
    Console.WriteLine($"{text}; {watch.Elapsed.TotalSeconds:F0} s");
    watch.Restart();
}
