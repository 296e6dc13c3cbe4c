using System.CommandLine;
using AttentionGen.Samples.Heads;

namespace AttentionGen.Samples.Sentiment;

/// <summary>Shows which heads of a trained model carry negation.</summary>
internal static class HeadsCommand
{
    private const int MostRows = 72;

    public static Command Create()
    {
        var pairs = new Option<string?>("--pairs")
        {
            Description = "A file: a sentence, its negation, and 1 if the first is praise or 0 if not, with tabs between. Without it: twelve pairs.",
            HelpName = "FILE",
        };
        var page = new Option<string>("--out") { Description = "The page.", HelpName = "FILE", DefaultValueFactory = _ => "heads.html" };
        Option<int> rows = new Option<int>("--rows")
        {
            Description = "Heads that the table shows: those that carry most.", HelpName = "N", DefaultValueFactory = _ => MostRows,
        }.Between(0, MostRows);
        Option<string> model = ClassifyCommand.Model();
        var command = new Command("heads", "Removes each head in turn, and shows how much of a negation is lost without it.") { pairs, model, rows, page };
        command.OnRun((result, cancellation) =>
        {
            string name = result.GetRequiredValue(model), path = SampleCommands.ToWrite("--out", result.GetRequiredValue(page));
            NegatedPair[] given = NegatedPair.Read(result.GetValue(pairs));
            NegationHeads heads = SentimentFile.Read(name, (weights, classifier) => new NegationHeads(weights, classifier));
            IReadOnlyList<PairEffect> effects = heads.Measure(given, cancellation);
            Tables.Print(effects);
            Tables.Print(effects, result.GetValue(rows));
            HeadsPage.Save(heads.Report(name, effects), path);
            Console.Error.WriteLine($"{path}: {new FileInfo(path).Length / 1e6:F1} MB");
        });
        return command;
    }
}
