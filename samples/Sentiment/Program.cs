using System.CommandLine;
using System.Globalization;

namespace AttentionGen.Samples.Sentiment;

internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        Option<int> threads = SampleCommands.Threads("share a step");
        var command = new RootCommand("Learns to tell praise from complaint, with all-MiniLM-L6-v2 and a classifier, and shows which heads read a negation.")
        {
            TrainCommand.Create(threads),
            ClassifyCommand.Create(threads),
            HeadsCommand.Create(),
        };
        return command.Parse(args).InvokeAsync();
    }
}
