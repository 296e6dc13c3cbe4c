using System.CommandLine;
using System.Globalization;

namespace AttentionGen.Samples.Sentences;

internal static class Program
{
    private static Task<int> Main(string[] args)
    {
        CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
        var common = new CommonOptions();
        var command = new RootCommand("Compares, searches and serves the meaning of texts, with a Transformer in generated C#.")
        {
            SimilarCommand.Create(common),
            SearchCommand.Create(common),
            EmbedCommand.Create(common),
            StsCommand.Create(common),
            ServeCommand.Create(common),
            LoadCommand.Create(),
            ConvertCommand.Create(),
            UnpackCommand.Create(),
        };
        command.Add(common.Model);
        command.Add(common.Int8);
        command.Add(common.Threads);
        return command.Parse(args).InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = TimeSpan.FromSeconds(10) });
    }
}
