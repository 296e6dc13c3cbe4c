using System.CommandLine;
using AttentionGen.Samples.Sentences;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AttentionGen.Samples.Cluster;

/// <summary>Puts keys and values into the silos.</summary>
internal static class FillCommand
{
    // 1 MB of keys and values in one message.
    private const int ChunkKeys = 1024;

    public static Command Create(ClusterSetup cluster)
    {
        var context = new ContextOptions();
        var keys = new Option<int>("--keys") { Description = "How many keys the context is to have.", HelpName = "N", DefaultValueFactory = _ => 32_768 };
        var command = new Command("fill", "Appends random keys and values to a context until it has so many.") { context.Name, keys, context.Seed };
        command.OnRun(async (result, cancellation) =>
        {
            int count = result.GetValue(keys);
            if (count < 1)
                throw new ArgumentException($"--keys must be 1 or more, but is {count}.");
            using IHost host = await cluster.ConnectAsync(result, cancellation);
            SpreadContext spread = context.Open(result, host.Services.GetRequiredService<IClusterClient>());
            var random = new RandomContext(result.GetValue(context.Seed));
            int had = await spread.GetLengthAsync(cancellation);
            for (int position = had; position < count; position += ChunkKeys)
            {
                (float[] newKeys, float[] newValues) = random.Rows(position, Math.Min(ChunkKeys, count - position));
                await spread.AppendAsync(position, newKeys, newValues, cancellation);
            }

            Console.Out.WriteLine($"{await spread.GetLengthAsync(cancellation)} keys, {had} of them from before");
        });
        return command;
    }
}
