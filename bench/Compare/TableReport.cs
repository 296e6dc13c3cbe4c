using System.Globalization;
using Spectre.Console;

namespace AttentionGen.Bench.Compare;

/// <summary>The result as a table on standard output: Markdown where it goes to a file.</summary>
internal static class TableReport
{
    private const int RedirectedWidth = 160;

    public static void Write(string cpu, int threads, ComparisonResult result)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        if (Console.IsOutputRedirected)
            console.Profile.Width = RedirectedWidth;
        var table = new Table { Border = Console.IsOutputRedirected ? TableBorder.Markdown : TableBorder.Rounded };
        table.AddColumn("workload");
        table.AddColumn("subject");
        string[] columns = ["threads", "median µs", "best µs", "GFLOP/s", "FMA peak", "allocated", "vs fastest peer"];
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
                    peer is double median ? Text(median / row.MedianMicroseconds, "F2") + "×" : "",
                ];
                ComparisonRow? alone = workload.FirstOrDefault(other => other.Subject == row.Subject && other.Threads == 1 && row.Threads > 1);
                if (threads > 1)
                    cells = [.. cells, alone is null ? "" : Text(alone.BestMicroseconds / row.BestMicroseconds, "F2") + "×"];
                table.AddRow(cells);
            }
        }
        string peaks = string.Join(", ", result.PeakByLanes.Select(peak => $"{Text(peak.Value, "F0")} with {32 * peak.Key}-bit vectors"));
        console.WriteLine($"{cpu}; FMA peak of one thread in GFLOP/s: {peaks}" + (threads > 1 ? $"; of {threads} threads: {Text(result.PeakGflops, "F0")}" : ""));
        console.WriteLine("GFLOP/s: useful work at the median. FMA peak: share of it at the best round. vs fastest peer: its median by this one."
            + (threads > 1 ? " vs one thread: best round by best round." : ""));
        console.Write(table);
        WriteReads(console, result);
    }

    /// <summary>What bounds decoding: one line for each workload and number of threads.</summary>
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
        workload.Where(row => row.Subject is not ("attentiongen" or "generic")).Select(row => (double?)row.MedianMicroseconds).Min();

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
