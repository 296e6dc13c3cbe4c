using System.CommandLine;
using System.Globalization;

namespace AttentionGen.Samples.Heads;

internal static class Program
{
    private static int Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var common = new HeadsCommand();
        var command = new RootCommand("Shows what the heads of a model attend to: as a page, as JSON, and in the terminal.")
        {
            Commands.Sentence(common),
            Commands.Story(common),
            Commands.Transliterate(common),
        };
        common.AddOptions(command);
        return command.Parse(args).Invoke();
    }
}
