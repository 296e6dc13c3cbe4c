using System.CommandLine;
using System.Text.Json;
using AttentionGen.Samples.Heads;

namespace AttentionGen.Samples.Train;

/// <summary>The commands of the program.</summary>
internal static class TrainCommands
{
    private const string Stopped = "Stopped after a whole step. With --out, --resume goes on from here.";

    private static readonly int[] HeadCounts = [1, 2, 4, 8];

    public static Command Induction(TrainOptions options)
    {
        var command = new Command("induction", "Learns to repeat random tokens. Watch the heads: first one finds the token before, then others use it.");
        command.OnRun((result, cancellation) => Run(result, options, new InductionTask(), cancellation), Stopped);
        return command;
    }

    public static Command Text(TrainOptions options)
    {
        var file = new Argument<string>("FILE") { Description = "A text file." };
        var command = new Command("text", "Learns to write like a text, byte by byte.") { file };
        command.OnRun((result, cancellation) => Run(result, options, new TextTask(result.GetRequiredValue(file)), cancellation), Stopped);
        return command;
    }

    public static Command Table(TrainOptions options)
    {
        var files = new Option<string[]>("--explained")
        {
            Description = $"What bench -- explain {Explained.WorkloadOf(4)} --json FILE wrote, and the same of other heads: predictions to print beside.",
            HelpName = "FILE", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [],
        };
        var command = new Command("table", "Trains with 1, 2, 4 and 8 heads of one width, and says what more heads bring and cost.") { files };
        command.OnRun((result, cancellation) =>
        {
            IReadOnlyList<Explained> explained = Explained.Read(result.GetRequiredValue(files));
            var rows = new List<TableRow>();
            foreach (int heads in HeadCounts)
            {
                TrainingPlan plan = options.Plan(result, new InductionTask()) with { Heads = heads, Folder = null };
                TrainingRun run = Train(plan, resume: false, cancellation, out TimeSpan time);
                rows.Add(new(plan, run.Observations[^1], time / plan.Steps, explained.FirstOrDefault(one => one.Name == Explained.WorkloadOf(heads))));
            }

            Terminal.Print(rows);
        });
        return command;
    }

    private static void Run(ParseResult result, TrainOptions options, ITrainingTask task, CancellationToken cancellation)
    {
        TrainingPlan plan = options.Plan(result, task);
        if (plan.Folder is not null)
            Directory.CreateDirectory(plan.Folder);
        TrainingRun run = Train(plan, result.GetValue(options.Resume), cancellation, out TimeSpan time);
        Terminal.Print(run.Observations, task is InductionTask);
        if (plan.Folder is not null)
            HeadsPage.Save(run.Report(), Path.Combine(plan.Folder, "heads.html"));
        if (result.GetValue(options.Json) is { } path)
            Write(path, run, time);
    }

    private static TrainingRun Train(TrainingPlan plan, bool resume, CancellationToken cancellation, out TimeSpan time)
    {
        var run = new TrainingRun(plan, resume);
        time = Terminal.Watch(run, plan, cancellation);
        return run;
    }

    /// <summary>Writes the numbers for other programs. A run that went on counts from where it did.</summary>
    private static void Write(string path, TrainingRun run, TimeSpan time)
    {
        using FileStream stream = File.Create(path);
        JsonSerializer.Serialize(
            stream,
            new Dictionary<string, double>
            {
                ["initialLoss"] = run.Observations[0].Loss,
                ["repeatedLoss"] = run.Observations[^1].Loss,
                ["previousToken"] = run.Observations[^1].PreviousToken,
                ["induction"] = run.Observations[^1].Induction,
                ["seconds"] = time.TotalSeconds,
            });
    }
}
