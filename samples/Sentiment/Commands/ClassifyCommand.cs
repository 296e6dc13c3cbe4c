using System.CommandLine;
using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Sentiment;

/// <summary>Reads texts with a trained model.</summary>
internal static class ClassifyCommand
{
    public static Command Create(Option<int> threads)
    {
        Argument<string[]> texts = new Argument<string[]>("TEXT") { Description = "Texts, each in quotes.", Arity = ArgumentArity.OneOrMore }.OnlyTexts();
        Option<string> model = Model();
        var command = new Command("classify", "Says of each text whether it is praise or complaint.") { texts, model, threads };
        command.OnRun((result, cancellation) =>
        {
            string[] given = result.GetRequiredValue(texts);
            string name = result.GetRequiredValue(model);
            (SentenceModel sentences, SentimentHead head) = SentimentFile.Read(
                name, (weights, classifier) => (SentenceModel.WithWeights(name, weights), new SentimentHead(classifier)));
            float[][] vectors = sentences.Embed(
                [.. given.Select(sentences.Tokenize)],
                new ForwardOptions { MaxDegreeOfParallelism = result.GetValue(threads), CancellationToken = cancellation });
            Tables.Print(given, head.Margins(vectors));
        });
        return command;
    }

    /// <summary>The option <c>--model</c>.</summary>
    public static Option<string> Model() => new("--model")
    {
        Description = "What the command train wrote.", HelpName = "FILE", DefaultValueFactory = _ => TrainCommand.DefaultModel,
    };
}
