using System.CommandLine;
using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>How similar a text is to others.</summary>
internal static class SimilarCommand
{
    public static Command Create(CommonOptions common)
    {
        var texts = new Argument<string[]>("TEXT") { Description = "The text to compare, and those to compare it with.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("similar", "Compares the first text with each other one, the most similar first.") { texts };
        command.OnRun((result, cancellation) =>
        {
            string[] given = result.GetRequiredValue(texts);
            if (given.Length < 2)
                throw new ArgumentException("similar compares texts: give two or more, each in quotes.");
            int empty = Array.FindIndex(given, string.IsNullOrWhiteSpace);
            if (empty >= 0)
                throw new ArgumentException($"Text {empty + 1} is empty: there is nothing to compare.");
            int option = Array.FindIndex(given, text => text.StartsWith("--", StringComparison.Ordinal));
            if (option >= 0)
                throw new ArgumentException($"{given[option]} is no option of similar; --help lists them.");
            SentenceModel model = common.Load(result);
            float[][] embeddings = Terminal.Embed(model, given, common.Forward(result, cancellation));
            Console.Out.WriteLine($"Similar to: {Passages.Shorten(given[0])}");
            Terminal.Print([.. embeddings.Zip(given).Skip(1).Select(other => ((double)TensorPrimitives.Dot(embeddings[0], other.First),
                Passages.Shorten(other.Second))).OrderByDescending(row => row.Item1)]);
        });
        return command;
    }
}
