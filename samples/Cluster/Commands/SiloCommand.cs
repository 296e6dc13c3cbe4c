using System.CommandLine;
using AttentionGen.Samples.Sentences;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace AttentionGen.Samples.Cluster;

/// <summary>One process of the cluster.</summary>
internal static class SiloCommand
{
    public static Command Create(ClusterSetup cluster)
    {
        var common = new CommonOptions();
        var number = new Option<int>("--number") { Description = "0 for the first silo, which keeps the list of all; 1 and more for others.", HelpName = "N" };
        var workers = new Option<int>("--workers")
        {
            Description = "Batches that this silo computes at the same time, each on one thread.", HelpName = "N",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        };
        var storage = new Option<DirectoryInfo>("--storage")
        {
            Description = "Where ranges of a context are kept: a folder that all silos see.", HelpName = "DIR",
            DefaultValueFactory = _ => new DirectoryInfo("cluster-storage"),
        };
        var command = new Command("silo", "Runs a silo until it is stopped.") { number, workers, storage, common.Model, common.Int8 };
        command.OnRun(async (result, cancellation) =>
        {
            (int silo, int count) = (result.GetValue(number), result.GetValue(workers));
            if (silo is < 0 or >= ClusterSetup.MaxSilos)
                throw new ArgumentException($"--number must be 0 to {ClusterSetup.MaxSilos - 1}, but is {silo}.");
            if (count < 1)
                throw new ArgumentException($"--workers must be 1 or more, but is {count}.");
            DirectoryInfo folder = Directory.CreateDirectory(result.GetRequiredValue(storage).FullName);
            using IHost host = cluster.CreateSilo(result, silo, services => services
                .AddSingleton(new SiloModel($"silo {silo}", () => common.Load(result), count))
                .AddSingleton(new RangeFolder(folder.FullName)));
            await host.StartAsync(cancellation);
            Console.Out.WriteLine($"silo {silo} is ready");
            await host.WaitForShutdownAsync(cancellation);
        });
        return command;
    }
}
