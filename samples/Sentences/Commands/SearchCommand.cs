using System.CommandLine;
using System.Numerics.Tensors;

namespace AttentionGen.Samples.Sentences;

/// <summary>The passages of a text file that answer a question.</summary>
internal static class SearchCommand
{
    public static Command Create(CommonOptions common)
    {
        var file = new Argument<string>("FILE") { Description = "A text file. A passage is a paragraph, or a line where no line is empty." };
        var query = new Argument<string>("QUERY") { Description = "A question, or what to look for." };
        var top = new Option<int>("--top") { Description = "How many passages to print.", HelpName = "N", DefaultValueFactory = _ => 5 };
        top.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError($"--top must be 1 or more, but is {result.GetValueOrDefault<int>()}.");
        });
        var command = new Command("search", "Finds the passages of a text file that say what is asked for.") { file, query, top };
        command.OnRun((result, cancellation) =>
        {
            string path = result.GetRequiredValue(file), asked = result.GetRequiredValue(query);
            if (string.IsNullOrWhiteSpace(asked))
                throw new ArgumentException("QUERY is empty: say what to look for.");
            Passage[] passages = Passages.Of(TextFile.ReadLines(path));
            if (passages.Length == 0)
                throw new InvalidDataException($"'{path}' has no text to search.");
            SentenceModel model = common.Load(result);
            ForwardOptions options = common.Forward(result, cancellation);
            float[] question = Terminal.Embed(model, [asked], options)[0];
            float[][] embeddings = Terminal.Embed(model, [.. passages.Select(passage => passage.Text)], options);
            Console.Out.WriteLine($"{passages.Length} passages of {path}, the best for: {Passages.Shorten(asked)}");
            Terminal.Print([.. embeddings.Zip(passages)
                .Select(found => ((double)TensorPrimitives.Dot(question, found.First), $"line {found.Second.Line}: {found.Second.Text}"))
                .OrderByDescending(row => row.Item1).Take(result.GetValue(top))]);
        });
        return command;
    }
}
