using Spectre.Console;

namespace AttentionGen.Samples.Train;

/// <summary>A run of the table of heads.</summary>
/// <param name="Plan">What was trained.</param>
/// <param name="Last">What its heads do in the end.</param>
/// <param name="Step">The time of a step.</param>
/// <param name="Explained">What was predicted for it; null for nothing.</param>
internal sealed record TableRow(TrainingPlan Plan, Observation Last, TimeSpan Step, Explained? Explained);

/// <summary>What the commands show: results on the standard output, progress on the standard error.</summary>
internal static class Terminal
{
    private const int LineEvery = 200;
    private const int MostRows = 12;

    // A file is as wide as the tables.
    private const int RedirectedWidth = 160;

    private static readonly IAnsiConsole Output = CreateOutput();

    private static IAnsiConsole CreateOutput()
    {
        IAnsiConsole output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            output.Profile.Width = RedirectedWidth;
        return output;
    }

    /// <summary>Trains, and shows the loss, the speed and the time left.</summary>
    public static TimeSpan Watch(TrainingRun run, TrainingPlan plan, CancellationToken cancellation) => TrainingProgress.Watch(
        $"{plan.Heads} heads", run.Steps, plan.Steps, LineEvery, progress => run.Train(progress, cancellation));

    /// <summary>Prints what the heads did over the steps: one sees when they specialise.</summary>
    public static void Print(IReadOnlyList<Observation> observations, bool repeats)
    {
        int layers = observations[0].Layers.Length, every = Math.Max(1, (observations.Count - 1) / MostRows);
        Table table = new Table().Border(TableBorder.Simple).AddColumn(new TableColumn("step").RightAligned())
            .AddColumn(new TableColumn(repeats ? "repeated loss" : "loss").RightAligned());
        table.AddColumn("layer 1: previous token");
        table.AddColumn($"layer {layers}: prefix matching");
        for (int index = 0; index < observations.Count; index++)
        {
            if (index % every != 0 && index != observations.Count - 1)
                continue;
            Observation one = observations[index];
            table.AddRow(
                one.Step.ToString(), one.Loss.ToString("F3"), string.Join("  ", one.Layers[0].Select(head => Score(head.PreviousToken))),
                string.Join("  ", one.Layers[^1].Select(head => Score(head.PrefixMatching))));
        }

        Output.Write(table);

        // Nothing repeats in short texts: then there is nothing to measure.
        static string Score(double score) => double.IsNaN(score) ? "-" : score.ToString("F2");
    }

    /// <summary>Prints what heads bring and cost. Products are as many for every number of heads; exponentials are not.</summary>
    public static void Print(IReadOnlyList<TableRow> rows)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in (string[])["heads", "repeated loss", "previous token", "prefix matching", "ms a step", "multiply-adds", "exponentials"])
            table.AddColumn(new TableColumn(column).RightAligned());
        bool isExplained = rows.Any(row => row.Explained is not null);
        if (isExplained)
        {
            table.AddColumn(new TableColumn("predicted µs").RightAligned());
            table.AddColumn(new TableColumn("forward µs").RightAligned());
        }

        foreach (TableRow row in rows)
        {
            (long products, long exponentials) = ModelFactory.Cost(row.Plan);
            string[] cells =
            [
                row.Plan.Heads.ToString(), row.Last.Loss.ToString("F3"), row.Last.PreviousToken.ToString("F2"), row.Last.Induction.ToString("F2"),
                row.Step.TotalMilliseconds.ToString("F1"), $"{products / 1e6:F0} M", $"{exponentials / 1e6:F2} M",
                row.Explained?.Bound.ToString("F1") ?? "-", row.Explained?.Forward.ToString("F1") ?? "-",
            ];
            table.AddRow(cells[..table.Columns.Count]);
        }

        Output.Write(table);
        if (isExplained)
            Output.Write(new Text("predicted and forward: one attention and one sequence on one thread, as bench -- explain says.\n"));
    }
}
