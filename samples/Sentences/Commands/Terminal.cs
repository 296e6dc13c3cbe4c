using Spectre.Console;

namespace AttentionGen.Samples.Sentences;

/// <summary>What the commands show: results on the standard output, everything else on the standard error.</summary>
internal static class Terminal
{
    // Below this number a bar would be gone before it is seen.
    private const int FewTexts = 64;

    private static readonly IAnsiConsole Messages = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });

    /// <summary>Shows that something is being done, where somebody looks.</summary>
    public static T Wait<T>(string what, Func<T> work) =>
        Messages.Profile.Capabilities.Interactive && !Console.IsErrorRedirected ? Messages.Status().Start(Markup.Escape(what), _ => work()) : work();

    /// <summary>Prints a line on the standard error.</summary>
    public static void Say(string message) => Console.Error.WriteLine(message);

    /// <summary>Prints numbers beside texts.</summary>
    public static void Print(params ReadOnlySpan<(double Similarity, string Text)> rows)
    {
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("similarity").RightAligned()).AddColumn("text");
        foreach ((double similarity, string text) in rows)
            table.AddRow(new Text(similarity.ToString("F4")), new Text(text));
        IAnsiConsole output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        output.Write(table);
    }

    /// <summary>Makes the vectors of many texts, shows how far that is, and says which texts are too long.</summary>
    public static float[][] Embed(SentenceModel model, IReadOnlyList<string> texts, ForwardOptions options)
    {
        SentenceTokens[] tokens = [.. texts.Select(model.Tokenize)];
        int cut = tokens.Count(text => text.IsCut);
        if (cut > 0)
        {
            string which = texts.Count == 1 ? "The text is" : $"Text {Array.FindIndex(tokens, text => text.IsCut) + 1} is";
            Say(cut == 1 ? $"{which} cut after {model.MaxTokens} tokens: the model reads no more of a text."
                : $"{cut} of {texts.Count} texts are cut after {model.MaxTokens} tokens, the first of them text "
                    + $"{Array.FindIndex(tokens, text => text.IsCut) + 1}: the model reads no more of a text.");
        }

        if (texts.Count < FewTexts)
            return model.Embed(tokens, options);
        return Messages.Progress().Columns(
            new TaskDescriptionColumn(), new ProgressBarColumn(), new PercentageColumn(), new RemainingTimeColumn()).Start(context =>
        {
            ProgressTask task = context.AddTask($"{texts.Count} texts", maxValue: texts.Count);
            return model.Embed(tokens, options, new Done(task));
        });
    }

    private sealed class Done(ProgressTask task) : IProgress<int>
    {
        public void Report(int value) => task.Value = value;
    }
}
