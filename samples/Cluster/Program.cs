using System.CommandLine;
using System.Globalization;

namespace AttentionGen.Samples.Cluster;

internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var common = new ClusterSetup();
        var command = new RootCommand("Embeds documents, and attends to a long context, with any number of processes.")
        {
            SiloCommand.Create(common),
            EmbedCommand.Create(common),
            CheckCommand.Create(),
            FillCommand.Create(common),
            AttendCommand.Create(common),
        };
        command.Add(common.FirstPort);
        return command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
    }
}
