using System.CommandLine;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using AttentionGen.Samples.Sentences;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AttentionGen.Samples.Cluster;

/// <summary>Attends to a context that lies in all silos.</summary>
internal static class AttendCommand
{
    public static Command Create(ClusterSetup cluster)
    {
        var context = new ContextOptions();
        var queries = new Option<int>("--queries") { Description = "Calls, one after the other.", HelpName = "N", DefaultValueFactory = _ => 16 };
        var rows = new Option<int>("--rows") { Description = "Query rows of a call: 1 to decode.", HelpName = "N", DefaultValueFactory = _ => 1 };
        var check = new Option<bool>("--check") { Description = "Compare the first call with float64 attention over all keys, in this process." };
        var command = new Command("attend", "Attends to a context with random queries, and prints a digest of the output's bits.")
        {
            context.Name, queries, rows, context.Seed, check,
        };
        command.OnRun(async (result, cancellation) =>
        {
            (int calls, int count) = (result.GetValue(queries), result.GetValue(rows));
            if (calls < 1 || count < 1)
                throw new ArgumentException($"--queries and --rows must be 1 or more, but they are {calls} and {count}.");
            using IHost host = await cluster.ConnectAsync(result, cancellation);
            SpreadContext spread = context.Open(result, host.Services.GetRequiredService<IClusterClient>());
            var random = new RandomContext(result.GetValue(context.Seed));
            int length = await spread.GetLengthAsync(cancellation);
            // The first call compiles the kernels of each silo.
            (float[] first, IReadOnlyDictionary<string, int> silos) = await spread.AttendAsync(random.Queries(0, count), length, cancellation);
            using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            using var cost = new ClientCost();
            long began = Stopwatch.GetTimestamp();
            for (int call = 0; call < calls; call++)
            {
                (float[] output, silos) = await spread.AttendAsync(random.Queries(call, count), length, cancellation);
                digest.AppendData(MemoryMarshal.AsBytes<float>(output));
            }

            double milliseconds = Stopwatch.GetElapsedTime(began).TotalMilliseconds;
            Console.Out.WriteLine($"{length} keys in {string.Join(", ", silos.OrderBy(silo => silo.Key).Select(silo => $"{silo.Key} ({silo.Value} ranges)"))}");
            Console.Out.WriteLine($"a call of {count} rows: {milliseconds / calls:F1} ms, {cost.Each(calls)}");
            if (result.GetValue(check))
                Console.Out.WriteLine($"largest difference from float64: {Difference(random, length, count, first):E1}");
            Console.Out.WriteLine($"digest {Convert.ToHexStringLower(digest.GetHashAndReset())[..16]}");
        });
        return command;
    }

    private static double Difference(RandomContext random, int length, int rows, float[] output)
    {
        (float[] keys, float[] values) = random.Rows(0, length);
        double[] expected = ReferenceAttention.Forward(
            ContextAttention.Shape, AttentionWeights.Empty, new AttentionArguments { Input = random.Queries(0, rows), Key = keys, Value = values }).Output;
        return expected.Zip(output, (exact, number) => Math.Abs(exact - number)).Max();
    }
}
