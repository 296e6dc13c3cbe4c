using System.CommandLine;
using System.Globalization;

namespace AttentionGen.Samples.Train;

internal static class Program
{
    private static int Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var options = new TrainOptions();
        var command = new RootCommand("Trains a small causal Transformer, and shows what its heads learn.")
        {
            TrainCommands.Induction(options),
            TrainCommands.Text(options),
            TrainCommands.Table(options),
        };
        options.AddTo(command);
        return command.Parse(args).Invoke();
    }
}
