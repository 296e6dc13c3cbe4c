using Spectre.Console;

namespace AttentionGen.Samples.Sentiment;

/// <summary>What the commands print.</summary>
internal static class Tables
{
    private static readonly IAnsiConsole Output = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });

    /// <summary>The accuracy of each fold, and lines with their mean and spread.</summary>
    public static void Print(FoldAccuracy[] folds)
    {
        bool isTuned = !double.IsNaN(folds[0].FineTuned);
        Table table = isTuned ? Create("fold", "frozen", "fine-tuned") : Create("fold", "frozen");
        for (int fold = 0; fold < folds.Length; fold++)
        {
            string[] cells = [$"{fold + 1}", Percent(folds[fold].Frozen), Percent(folds[fold].FineTuned)];
            table.AddRow(cells[..table.Columns.Count]);
        }

        Output.Write(table);
        Summarise("frozen", [.. folds.Select(fold => fold.Frozen)]);
        if (isTuned)
            Summarise("fine-tuned", [.. folds.Select(fold => fold.FineTuned)]);
    }

    /// <summary>What each text is taken for.</summary>
    public static void Print(string[] texts, double[] margins)
    {
        Table table = Create("", "probability", "text");
        for (int text = 0; text < texts.Length; text++)
        {
            string probability = Logistic(Math.Abs(margins[text])).ToString("F4");
            table.AddRow(new Text(margins[text] > 0 ? "positive" : "negative"), new Text(probability), new Text(texts[text]));
        }

        Output.Write(table);
    }

    /// <summary>What each negation does.</summary>
    public static void Print(IReadOnlyList<PairEffect> effects)
    {
        Table table = Create("negation", "margin before", "behind", "turn");
        foreach (PairEffect effect in effects)
        {
            table.AddRow(
                new Text(effect.Pair.Negated), new Text(Signed(effect.PlainMargin)), new Text(Signed(effect.NegatedMargin)),
                new Text(Signed(effect.Turn)));
        }

        Output.Write(table);
    }

    /// <summary>What is lost without each head, those that carry most first.</summary>
    public static void Print(IReadOnlyList<PairEffect> effects, int count)
    {
        if (count == 0)
            return;
        double turn = effects.Average(effect => effect.Turn);
        Output.Write(new Text($"The negations turn the margin by {Signed(turn)} on average. Without a head they turn it less, by:\n"));
        Table table = Create("head", "lost", "of the turn", "least", "most", "pairs that lose");
        double[,] first = effects[0].Lost;
        IEnumerable<(int Layer, int Head, double[] Lost)> heads = Enumerable.Range(0, first.Length)
            .Select(index => (Layer: index / first.GetLength(1), Head: index % first.GetLength(1)))
            .Select(one => (one.Layer, one.Head, Lost: effects.Select(effect => effect.Lost[one.Layer, one.Head]).ToArray()))
            .OrderByDescending(one => one.Lost.Average()).Take(count);
        foreach ((int layer, int head, double[] lost) in heads)
        {
            table.AddRow(
                $"layer {layer + 1}, head {head + 1}", Signed(lost.Average()), Percent(lost.Average() / turn), Signed(lost.Min()), Signed(lost.Max()),
                $"{lost.Count(one => one > 0)} of {lost.Length}");
        }

        Output.Write(table);
    }

    /// <summary>An empty table: texts begin at the left, numbers end at the right.</summary>
    private static Table Create(params ReadOnlySpan<string> columns)
    {
        Table table = new Table().Border(TableBorder.Simple);
        foreach (string column in columns)
            table.AddColumn(column is "" or "text" or "negation" or "head" ? new TableColumn(column) : new TableColumn(column).RightAligned());
        return table;
    }

    private static void Summarise(string name, double[] shares)
    {
        double mean = shares.Average(), deviation = Math.Sqrt(shares.Sum(share => Math.Pow(share - mean, 2)) / (shares.Length - 1));
        Console.Out.WriteLine($"{name} {Percent(mean)}, {Percent(shares.Min())} to {Percent(shares.Max())}, standard deviation {100 * deviation:F1} points");
    }

    private static double Logistic(double margin) => 1 / (1 + Math.Exp(-margin));

    private static string Percent(double share) => $"{100 * share:F1} %";

    private static string Signed(double number) => number.ToString("+0.000;-0.000;0.000");
}
