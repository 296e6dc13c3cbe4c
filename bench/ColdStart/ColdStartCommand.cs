using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Runtime;
using System.Text.Json;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Workloads;
using Spectre.Console;

namespace AttentionGen.Bench.ColdStart;

/// <summary><c>coldstart</c>: what a program waits for its first result, in processes that have done nothing else.</summary>
internal static class ColdStartCommand
{
    /// <summary>First argument of the processes that are started; the second is when, by <see cref="Stopwatch.GetTimestamp"/>.</summary>
    public const string ChildName = "coldstart-child";

    private const int DefaultProcesses = 5;
    private const int Rows = 128;
    private const int RedirectedWidth = 160;

    public static Command Create()
    {
        var processes = new Option<int>("--processes")
        {
            Description = "Processes that are started; the median counts.",
            DefaultValueFactory = _ => DefaultProcesses,
        };
        processes.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--processes must be at least 1.");
        });
        var command = new Command(
            "coldstart", $"Starts processes that run h8-d512 once on {Rows} rows: time from start to first result, and the JIT's part.") { processes };
        command.SetAction(result => Run(result.GetValue(processes)));
        return command;
    }

    private static int Run(int processes)
    {
        var samples = new List<ColdStartSample>();
        for (int i = 0; i < processes; i++)
        {
            if (StartChild() is not ColdStartSample sample)
                return 1;
            samples.Add(sample);
        }
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = RedirectedWidth;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumn("h8-d512, first use");
        foreach (string column in new[] { "ms", "ms in the JIT", "methods compiled" })
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        AddRow("process start to the program's first line", sample => sample.Start);
        AddRow("constructor: check and pack the weights", sample => sample.Construction);
        AddRow($"first Forward of {Rows} rows", sample => sample.FirstForward);
        AddRow("second Forward", sample => sample.SecondForward);
        AddRow("sum: process start to first result", sample => sample.ToFirstResult);
        console.WriteLine(
            $"{Cpu.Name}; .NET {Environment.Version} with its default settings; medians of {processes} processes. Making the weights is left out.");
        console.Write(table);
        return 0;

        void AddRow(string name, Func<ColdStartSample, ColdStartPhase> phase) => table.AddRow(
            name,
            Text(Median(sample => phase(sample).Milliseconds), "F1"),
            Text(Median(sample => phase(sample).JitMilliseconds), "F1"),
            Text(Median(sample => phase(sample).Methods), "F0"));

        double Median(Func<ColdStartSample, double> value)
        {
            double[] sorted = [.. samples.Select(value).Order()];
            return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        }
    }

    /// <summary>One process from start to end; false where it failed.</summary>
    public static bool RunProcess() => StartChild() is not null;

    private static ColdStartSample? StartChild()
    {
        string host = Environment.ProcessPath!;
        var start = new ProcessStartInfo(host) { RedirectStandardOutput = true };
        // Under `dotnet` the host is not the program.
        if (Path.GetFileNameWithoutExtension(host) == "dotnet")
            start.ArgumentList.Add(typeof(ColdStartCommand).Assembly.Location);
        start.ArgumentList.Add(ChildName);
        // The clock is the machine's, so that the process can tell how long it took to get going.
        start.ArgumentList.Add(Stopwatch.GetTimestamp().ToString(CultureInfo.InvariantCulture));
        using Process child = Process.Start(start)!;
        string output = child.StandardOutput.ReadToEnd();
        child.WaitForExit();
        if (child.ExitCode == 0)
            return JsonSerializer.Deserialize<ColdStartSample>(output);
        Console.Error.WriteLine($"A process ended with {child.ExitCode}.");
        return null;
    }

    /// <summary>What the started processes run, and nothing before it: no command line is parsed.</summary>
    public static int RunChild(string startTimestamp)
    {
        Stage started = Stage.Now();
        double startMilliseconds = Stopwatch.GetElapsedTime(long.Parse(startTimestamp, CultureInfo.InvariantCulture), started.Timestamp).TotalMilliseconds;
        // Not ours to account for: a program reads its weights from a file.
        AttentionWeights weights = AttentionWeights.Random(H8D512.Shape, seed: 1);
        float[] input = new float[Rows * H8D512.DModel];
        float[] output = new float[input.Length];
        input.AsSpan().Fill(0.5f);

        Stage before = Stage.Now();
        var kernel = new H8D512(weights);
        Stage constructed = Stage.Now();
        kernel.Forward(input, output);
        Stage first = Stage.Now();
        kernel.Forward(input, output);
        Stage second = Stage.Now();

        var start = new ColdStartPhase(startMilliseconds, started.Jit.TotalMilliseconds, started.Methods);
        ColdStartPhase construction = constructed.Since(before);
        ColdStartPhase firstForward = first.Since(constructed);
        var total = new ColdStartPhase(
            start.Milliseconds + construction.Milliseconds + firstForward.Milliseconds,
            start.JitMilliseconds + construction.JitMilliseconds + firstForward.JitMilliseconds,
            start.Methods + construction.Methods + firstForward.Methods);
        Console.Out.Write(JsonSerializer.Serialize(new ColdStartSample(start, construction, firstForward, second.Since(first), total)));
        return 0;
    }

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>Clock and the JIT's counters on the thread that asks: methods that are compiled again in the background do not count.</summary>
    private readonly record struct Stage(long Timestamp, TimeSpan Jit, long Methods)
    {
        public static Stage Now() => new(
            Stopwatch.GetTimestamp(), JitInfo.GetCompilationTime(currentThread: true), JitInfo.GetCompiledMethodCount(currentThread: true));

        public ColdStartPhase Since(Stage earlier) => new(
            Stopwatch.GetElapsedTime(earlier.Timestamp, Timestamp).TotalMilliseconds, (Jit - earlier.Jit).TotalMilliseconds, Methods - earlier.Methods);
    }
}

/// <summary>One step towards the first result.</summary>
internal sealed record ColdStartPhase(double Milliseconds, double JitMilliseconds, long Methods);

/// <summary>What one process saw.</summary>
internal sealed record ColdStartSample(
    ColdStartPhase Start, ColdStartPhase Construction, ColdStartPhase FirstForward, ColdStartPhase SecondForward, ColdStartPhase ToFirstResult);
