using System.CommandLine;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Subjects;
using AttentionGen.Bench.Workloads;
using Spectre.Console;

namespace AttentionGen.Bench.Compare;

/// <summary><c>compare</c>: us beside the peers, interleaved, in one process.</summary>
internal static class CompareCommand
{
    private const int DefaultRounds = 30;

    public static Command Create()
    {
        var threads = new Option<int>("--threads") { Description = "Threads that each subject may use.", DefaultValueFactory = _ => 1 };
        var filter = new Option<string>("--filter") { Description = "Only workloads whose name contains this text.", DefaultValueFactory = _ => "" };
        var subject = new Option<string>("--subject") { Description = "Only subjects whose name contains this text.", DefaultValueFactory = _ => "" };
        var rounds = new Option<int>("--rounds") { Description = "Timings of each subject.", DefaultValueFactory = _ => DefaultRounds };
        var idle = new Option<int>("--idle")
        {
            Description = "Milliseconds of sleep before each timed call, as in a service; 0 calls back to back.",
            DefaultValueFactory = _ => 0,
        };
        var json = new Option<FileInfo?>("--json") { Description = "Also write the result to this file as JSON." };
        var svg = new Option<FileInfo?>("--svg") { Description = "Also write a chart to this file." };
        var markdown = new Option<FileInfo?>("--markdown")
        {
            Description = "Also replace the table between <!-- compare --> and <!-- /compare --> in this file, such as README.md.",
        };
        var against = new Option<DirectoryInfo?>("--against")
        {
            Description = $"Also times the kernels of another build of this program, in this folder, as {OtherBuild.SubjectName}.",
        };
        AtLeast(1, threads);
        AtLeast(1, rounds);
        AtLeast(0, idle);
        DirectoryExists(json);
        DirectoryExists(svg);
        HasPlaceForTable(markdown);
        IsBuild(against);

        var command = new Command("compare", "Times the generated kernels beside onnxruntime and the generic path, after checking what each computes.")
        {
            threads, filter, subject, rounds, idle, against, json, svg, markdown,
        };
        command.SetAction(result => Run(
            new(
                result.GetValue(threads), result.GetValue(rounds), result.GetValue(idle), result.GetValue(subject) ?? "",
                result.GetValue(against) is { } folder ? new OtherBuild(folder.FullName) : null),
            result.GetValue(filter) ?? "", result.GetValue(json)?.FullName, result.GetValue(svg)?.FullName, result.GetValue(markdown)?.FullName));
        return command;
    }

    private static int Run(ComparisonSettings settings, string filter, string? json, string? svg, string? markdown)
    {
        Workload[] workloads = [.. WorkloadList.All.Where(workload => workload.Name.Contains(filter, StringComparison.OrdinalIgnoreCase))];
        if (workloads.Length == 0)
        {
            Console.Error.WriteLine(
                $"No workload's name contains {filter}. There are: {string.Join(", ", WorkloadList.All.Select(workload => workload.Name))}.");
            return 1;
        }
        ComparisonResult result = RunWithProgress(new Comparison(settings), workloads);
        foreach (string failure in result.Failures)
            Console.Error.WriteLine(failure);
        string cpu = Cpu.Name;
        TableReport.Write(cpu, settings.Threads, result);
        if (json is not null)
            JsonReport.Write(json, cpu, result);
        if (svg is not null)
            ChartReport.Write(svg, cpu, result);
        if (markdown is not null)
            MarkdownReport.Write(markdown, cpu, settings, result);
        return result.Failures.Count == 0 ? 0 : 1;
    }

    private static ComparisonResult RunWithProgress(Comparison comparison, Workload[] workloads)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Error) });
        // Drawn between rounds only: a refreshing thread would take time from what is timed.
        return console.Progress().AutoRefresh(false)
            .Columns(new TaskDescriptionColumn { Alignment = Justify.Left }, new ProgressBarColumn(), new PercentageColumn())
            .Start(context =>
            {
                ProgressTask task = context.AddTask("starting", maxValue: 1);
                return comparison.Run(workloads, new DirectProgress(report =>
                {
                    task.Description = Markup.Escape(report.Task);
                    task.Value = report.Part;
                    context.Refresh();
                }));
            });
    }

    private static void AtLeast(int least, Option<int> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<int>() < least)
            result.AddError($"{option.Name} must be at least {least}.");
    });

    /// <summary>A long run must not end with a file that cannot be written.</summary>
    private static void DirectoryExists(Option<FileInfo?> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<FileInfo?>() is { Directory.Exists: false } file)
            result.AddError($"{option.Name}: there is no directory {file.DirectoryName}.");
    });

    private static void HasPlaceForTable(Option<FileInfo?> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<FileInfo?>() is { } file && !(file.Exists && MarkdownReport.HasPlace(file.FullName)))
            result.AddError($"{option.Name}: {file.FullName} has no comments <!-- compare --> and <!-- /compare --> to write between.");
    });

    private static void IsBuild(Option<DirectoryInfo?> option) => option.Validators.Add(result =>
    {
        if (result.GetValueOrDefault<DirectoryInfo?>() is { } folder && !OtherBuild.IsIn(folder.FullName))
            result.AddError($"{option.Name}: {folder.FullName} has no build of this program, AttentionGen.Bench.dll and AttentionGen.dll.");
    });

    /// <summary>Unlike <see cref="Progress{T}"/> it reports on the caller's thread.</summary>
    private sealed class DirectProgress(Action<(string Task, double Part)> action) : IProgress<(string Task, double Part)>
    {
        public void Report((string Task, double Part) value) => action(value);
    }
}
