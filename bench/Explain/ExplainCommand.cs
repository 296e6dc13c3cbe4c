using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using AttentionGen.Bench.Measure;
using AttentionGen.Bench.Workloads;
using AttentionGen.Generator.Plan;
using Spectre.Console;

namespace AttentionGen.Bench.Explain;

/// <summary><c>explain</c>: the plan of a workload, and what each of its kernels takes and is bounded by.</summary>
internal static class ExplainCommand
{
    private const int DefaultRounds = 15;
    private const int RedirectedWidth = 200;

    public static Command Create()
    {
        var name = new Argument<string>("workload")
        {
            Description = "Name of a workload of compare, such as h8-d512-s128 or linear-384-1536-gelu-s128, or of a kernel without projections, such as "
                + "core-h8-d64-s512.",
        };
        var rounds = new Option<int>("--rounds") { Description = "Rounds of timings; the best forward counts.", DefaultValueFactory = _ => DefaultRounds };
        rounds.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 1)
                result.AddError("--rounds must be at least 1.");
        });
        var json = new Option<string?>("--json")
        {
            Description = "Where to write the measured forward, and what it would take if every kernel ran at its bound, in microseconds.", HelpName = "FILE",
        };
        var command = new Command(
            "explain", "Prints the plan of a workload, predicted and measured time of each kernel, and which resource bounds it.") { name, rounds, json };
        command.SetAction(result => Run(result.GetValue(name)!, result.GetValue(rounds), result.GetValue(json)));
        return command;
    }

    private static int Run(string name, int rounds, string? json)
    {
        Workload[] known =
        [
            .. WorkloadList.All.Where(workload => workload is AttentionWorkload or LinearWorkload), .. WorkloadList.Cores, .. WorkloadList.NarrowLayers,
            .. WorkloadList.Training,
        ];
        Workload? workload = known.FirstOrDefault(workload => string.Equals(workload.Name, name, StringComparison.OrdinalIgnoreCase));
        if (workload is null)
        {
            Console.Error.WriteLine($"No workload is named {name}. There are: {string.Join(", ", known.Select(workload => workload.Name))}.");
            return 1;
        }
        var explanation = new Explanation(workload, rounds);
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = RedirectedWidth;
        WritePlan(console, explanation);
        WriteMatrices(console, explanation.Plan);
        WriteParts(console, explanation);
        WriteComposition(console, explanation);
        if (json is not null)
            File.WriteAllText(json, JsonSerializer.Serialize(new { name, forward = explanation.ForwardMicroseconds, bound = explanation.BoundMicroseconds }));
        return 0;
    }

    private static void WritePlan(IAnsiConsole console, Explanation explanation)
    {
        ExplainedPlan plan = explanation.Plan;
        Workload workload = plan.Workload;
        console.WriteLine($"{workload.Name} on {Cpu.Name}");
        console.WriteLine(plan.Text);
        console.WriteLine();
        foreach (string reason in plan.Reasons)
            console.WriteLine($"- {reason}");
        console.WriteLine();
        double executed = explanation.Parts.Sum(part => part.Cost.MultiplyAdds);
        console.WriteLine($"Multiply-adds: {Millions(workload.UsefulOperations / 2)} useful; "
            + $"{Millions(executed)} executed, with masked keys and rows that overlapping tiles compute twice.");
        string keysAndValues = plan.KeyValueBytes == 0
            ? ""
            : $"{Kibibytes(plan.KeyValueBytes)} of keys and values a sequence{Level(plan.KeyValueBytes)}, ";
        console.WriteLine(
            $"Bytes: {Kibibytes(plan.WeightBytes)} of packed weights{Level(plan.WeightBytes)}, {keysAndValues}{Kibibytes(plan.ScratchBytes)} of scratch.");
        console.WriteLine($"Measured limits of one thread: {Text(explanation.PeakGflops, "F0")} GFLOP/s of FMAs, "
            + $"{Text(explanation.LoadGigabytesPerSecond, "F0")} GB/s of loads from the first-level cache.");
        console.WriteLine();
    }

    /// <summary>How each matrix is stored, what is quantised, and what error that is expected to bring.</summary>
    private static void WriteMatrices(IAnsiConsole console, ExplainedPlan plan)
    {
        if (plan.Matrices.Count == 0)
            return;
        Table table = NewTable("weights");
        foreach (string column in (string[])["outputs", "inputs", "format", "KiB", "error of the weights", "error of the inputs"])
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        foreach (StoredMatrix matrix in plan.Matrices)
        {
            string inputError = matrix.QuantizesInputs ? StoredMatrix.Percent(StoredMatrix.InputError) : "none";
            table.AddRow(
                matrix.Name, $"{matrix.Outputs}", $"{matrix.Inputs}", $"{matrix.Format}", Text(matrix.Bytes / 1024.0, "F0"),
                matrix.WeightError == 0 ? "none" : StoredMatrix.Percent(matrix.WeightError), inputError);
        }
        console.Write(table);
        console.WriteLine("Errors are relative to the spread of normally distributed weights and inputs.");
        if (plan.Matrices.Any(matrix => matrix.Format != Generator.Model.WeightFormat.Float32))
            console.WriteLine("Products of narrow weights are no kernels of the class; their rows have what quantises or widens too.");
        console.WriteLine();
    }

    private static Table NewTable(string first)
    {
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumn(new TableColumn(first).NoWrap());
        return table;
    }

    private static void WriteParts(IAnsiConsole console, Explanation explanation)
    {
        Table table = NewTable("kernel");
        string[] columns = ["calls", "M multiply-adds", "µs", "of the sum", "GFLOP/s", "FMA peak", "FMA µs", "loads µs", "memory µs", "data", "GB/s there"];
        foreach (string column in columns)
            table.AddColumn(new TableColumn(column).RightAligned().NoWrap());
        table.AddColumn(new TableColumn("bounded by").NoWrap());
        double sum = explanation.Parts.Sum(part => part.Microseconds);
        foreach (ExplainedPart part in explanation.Parts)
        {
            PartCost cost = part.Cost;
            double gflops = 2 * cost.MultiplyAdds / 1000 / part.Microseconds;
            bool products = cost.MultiplyAdds > 0;
            table.AddRow([
                cost.Part.ToString(),
                cost.Part == Part.Between ? "" : Text(cost.Calls, "F0"),
                products ? Text(cost.MultiplyAdds / 1e6, "F2") : "",
                Text(part.Microseconds, "F1"),
                Text(100 * part.Microseconds / sum, "F1") + " %",
                products ? Text(gflops, "F1") : "",
                products ? Text(100 * gflops / explanation.PeakGflops, "F1") + " %" : "",
                .. part.Limits.Select(limit => Text(limit.Microseconds, "F1")),
                $"{Kibibytes(cost.FootprintBytes)} {Cpu.LevelOf(cost.FootprintBytes)}".TrimEnd(),
                Text(explanation.ReadGigabytesPerSecond(cost), "F0"),
                Markup.Escape(DescribeBound(part)),
            ]);
        }
        console.Write(table);
        console.WriteLine("µs: all calls of the kernel in the best forward over timed kernels; between: "
            + "norms before the attention, rotation, changes of layout, checks, loops, and what reading the clock takes.");
        console.WriteLine("FMA, loads and memory µs: the least that the arithmetic ports, the load ports and the bandwidth of the level "
            + "that the data fits in allow;");
        console.WriteLine("for kernels without products the arithmetic is an estimate. The percentage says how much of the time the bound explains.");
        console.WriteLine();
    }

    private static string DescribeBound(ExplainedPart part)
    {
        (string resource, double least) = part.Bound;
        return part.Cost.Part == Part.Between ? "" : least == 0 ? "calls" : $"{resource}, {Text(100 * least / part.Microseconds, "F0")} %";
    }

    private static void WriteComposition(IAnsiConsole console, Explanation explanation)
    {
        double sum = explanation.Parts.Sum(part => part.Microseconds);
        double between = explanation.Parts.Single(part => part.Cost.Part == Part.Between).Microseconds;
        double least = explanation.BoundMicroseconds;
        double forward = explanation.ForwardMicroseconds;
        double peakShare = explanation.Plan.Workload.UsefulOperations / 1000 / forward / explanation.PeakGflops;
        console.WriteLine($"Forward: {Text(forward, "F1")} µs, {Text(100 * peakShare, "F1")} % of the FMA peak for useful work.");
        console.WriteLine($"Over timed kernels: {Text(sum, "F1")} µs, of which {Text(sum - between, "F1")} µs in kernels "
            + $"and {Text(between, "F1")} µs between them; "
            + $"reading the clock takes {Text(sum - forward, "F1")} µs.");
        if (explanation.Plan.Workload is LayerWorkload { IsBoundByReading: false })
        {
            double products = explanation.Plan.Workload.UsefulOperations / 1000 / explanation.PeakGflops;
            double softmax = explanation.Parts.Where(part => part.Cost.Part == Part.Softmax).Sum(part => part.Microseconds);
            console.WriteLine($"Products at the FMA peak {Text(products, "F1")} µs, plus softmax {Text(softmax, "F1")} µs: "
                + $"the forward takes {Text(forward / (products + softmax), "F2")} times as long.");
        }
        console.WriteLine($"If every kernel ran at its bound: {Text(least, "F1")} µs, {Text(100 * least / forward, "F1")} % of the forward.");
    }

    private static string Level(long bytes) => Cpu.LevelOf(bytes) is { Length: > 0 } level ? $" ({level})" : "";

    private static string Millions(double value) => $"{Text(value / 1e6, "F2")} M";

    private static string Kibibytes(long bytes) => $"{Text(bytes / 1024.0, "F0")} KiB";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
