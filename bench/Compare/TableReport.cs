using System.Globalization;
using AttentionGen.Bench.Subjects;
using Spectre.Console;

namespace AttentionGen.Bench.Compare;

/// <summary>The result as a table on standard output: Markdown where it goes to a file.</summary>
internal static class TableReport
{
    private const int RedirectedWidth = 180;

    public static void Write(string cpu, int threads, ComparisonResult result)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = RedirectedWidth;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumn("workload");
        table.AddColumn("subject");
        string[] columns = ["threads", "median µs", "best µs", "GFLOP/s", "FMA peak", "allocated", "RMS error", "vs fastest peer"];
        bool hasBefore = result.Rows.Exists(row => row.AgainstBefore is not null);
        bool hasModels = result.Rows.Exists(row => row.SentencesPerSecond is not null);
        if (hasModels)
            columns = [.. columns, "sentences/s", "tokens/s"];
        if (hasBefore)
            columns = [.. columns, "vs before"];
        foreach (string name in threads > 1 ? [.. columns, "vs one thread"] : columns)
            table.AddColumn(new TableColumn(name).RightAligned().NoWrap());

        foreach (IGrouping<string, ComparisonRow> workload in result.Rows.GroupBy(row => row.Workload))
        {
            double? peer = FastestPeer(workload);
            foreach (ComparisonRow row in workload)
            {
                string[] cells =
                [
                    row.Workload,
                    row.Form.Length == 0 ? row.Subject : $"{row.Subject} ({row.Form})",
                    Text(row.Threads, "F0"),
                    Text(row.MedianMicroseconds, "F1"),
                    Text(row.BestMicroseconds, "F1"),
                    Text(row.Gflops, "F1"),
                    Text(100 * row.PeakShare, "F1") + " %",
                    Text(row.AllocatedBytes, "F0"),
                    Error(row.RootMeanSquareError),
                    peer is double median ? Text(median / row.MedianMicroseconds, "F2") + "×" : "",
                ];
                if (hasModels)
                    cells = [.. cells, Text(row.SentencesPerSecond, "F0"), Text(row.TokensPerSecond, "F0")];
                if (hasBefore)
                    cells = [.. cells, row.AgainstBefore is double before ? Text(before, "F3") + "×" : ""];
                ComparisonRow? alone = workload.FirstOrDefault(other => other.Subject == row.Subject && other.Threads == 1 && row.Threads > 1);
                if (threads > 1)
                    cells = [.. cells, alone is null ? "" : Text(alone.BestMicroseconds / row.BestMicroseconds, "F2") + "×"];
                table.AddRow(cells);
            }
        }
        string peaks = string.Join(", ", result.PeakByLanes.Select(peak => $"{Text(peak.Value, "F0")} with {32 * peak.Key}-bit vectors"));
        console.WriteLine($"{cpu}; FMA peak of one thread in GFLOP/s: {peaks}"
            + (threads > 1 ? $"; of {threads} threads: {Text(result.PeakGflops, "F0")}" : ""));
        console.WriteLine("GFLOP/s: useful work at the median. FMA peak: share of it at the best round. "
            + "RMS error: root mean square of the differences from the float64 reference."
            + " vs fastest peer: its median by this one."
            + (hasBefore ? " vs before: the other build's time by this one, median over the rounds." : "")
            + (threads > 1 ? " vs one thread: best round by best round." : ""));
        foreach (string note in result.Notes)
            console.WriteLine(note);
        console.Write(table);
        WriteReads(console, result);
        WriteAgainstBefore(console, result);
    }

    /// <summary>All workloads together, beside another build.</summary>
    private static void WriteAgainstBefore(IAnsiConsole console, ComparisonResult result)
    {
        ComparisonRow[] rows = [.. result.Rows.Where(row => row.AgainstBefore is not null).OrderBy(row => row.AgainstBefore)];
        if (rows.Length == 0)
            return;
        double mean = Math.Exp(rows.Average(row => Math.Log(row.AgainstBefore!.Value)));
        console.WriteLine(
            $"against the other build: geometric mean {Text(mean, "F3")}× over {rows.Length} workloads, from {Describe(rows[0])} to {Describe(rows[^1])}.");

        static string Describe(ComparisonRow row) => $"{Text(row.AgainstBefore!.Value, "F3")}× ({row.Workload})";
    }

    /// <summary>Such as 1.25e-8.</summary>
    public static string Error(double error) => error.ToString("0.00e+0", CultureInfo.InvariantCulture);

    /// <summary>What bounds decoding and single rows: one line for each workload and number of threads.</summary>
    private static void WriteReads(IAnsiConsole console, ComparisonResult result)
    {
        foreach (ReadRow read in result.Reads)
        {
            IEnumerable<string> shares = result.Rows
                .Where(row => row.Workload == read.Workload && row.Threads == read.Threads && row.ReadShare is not null)
                .Select(row => $"{row.Subject} {Text(100 * row.ReadShare!.Value, "F0")} %");
            console.WriteLine($"{read.Workload}, threads: {read.Threads}: the best read of its {Text(read.Megabytes, "F1")} MB of weights and cache reached "
                + $"{Text(read.GigabytesPerSecond, "F1")} GB/s ({read.Streams} streams a thread); share of it at the best round: {string.Join(", ", shares)}.");
        }
    }

    /// <summary>Median of the fastest library that is neither ours nor written for this comparison.</summary>
    public static double? FastestPeer(IEnumerable<ComparisonRow> workload) =>
        workload.Where(row => row.Subject is not (Comparison.GeneratedName or OtherBuild.SubjectName or Comparison.GenericName))
            .Select(row => (double?)row.MedianMicroseconds).Min();

    private static string Text(double? value, string format) => value is double number ? Text(number, format) : "";

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
