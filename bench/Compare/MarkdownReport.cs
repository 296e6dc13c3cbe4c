using System.Globalization;
using System.Text;

namespace AttentionGen.Bench.Compare;

/// <summary>The result as the table of a Markdown page: it takes the place of what stands between two comments there.</summary>
internal static class MarkdownReport
{
    private const string Begin = "<!-- compare -->\n";
    private const string End = "<!-- /compare -->";

    /// <summary>Whether a page has the two comments.</summary>
    public static bool HasPlace(string path)
    {
        string page = File.ReadAllText(path);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal);
        return begin >= 0 && page.IndexOf(End, begin, StringComparison.Ordinal) > begin;
    }

    /// <summary>Writes the table into a page that has a place for it.</summary>
    public static void Write(string path, string cpu, ComparisonSettings settings, ComparisonResult result)
    {
        string page = File.ReadAllText(path);
        int begin = page.IndexOf(Begin, StringComparison.Ordinal) + Begin.Length;
        int end = page.IndexOf(End, begin, StringComparison.Ordinal);
        File.WriteAllText(path, page[..begin] + Table(cpu, settings, result) + page[end..]);
    }

    private static string Table(string cpu, ComparisonSettings settings, ComparisonResult result)
    {
        var text = new StringBuilder();
        string date = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        string idle = settings.IdleMilliseconds > 0 ? $", {settings.IdleMilliseconds} ms of sleep before each call" : "";
        text.Append(CultureInfo.InvariantCulture, $"{date}, {cpu}, threads: {settings.Threads}, {settings.Rounds} rounds{idle}; FMA peak {result.PeakGflops:F0} GFLOP/s.\n\n");
        text.Append("| workload | AttentionGen µs | onnxruntime µs | generic µs | against onnxruntime | against generic | share of the FMA peak | of the best read | RMS error | onnxruntime's | generic's |\n");
        text.Append("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n");
        foreach (IGrouping<string, ComparisonRow> workload in result.Rows.GroupBy(row => row.Workload))
        {
            if (workload.FirstOrDefault(row => row.Subject == Comparison.GeneratedName && row.Threads == settings.Threads) is not ComparisonRow ours)
                continue;
            ComparisonRow? peer = Find("onnxruntime"), generic = Find(Comparison.GenericName);
            text.Append(CultureInfo.InvariantCulture, $"| {workload.Key} | {Time(ours.MedianMicroseconds)} | {Time(peer?.MedianMicroseconds)} | {Time(generic?.MedianMicroseconds)} | {Ratio(peer)} | {Ratio(generic)} ");
            text.Append(CultureInfo.InvariantCulture, $"| {100 * ours.PeakShare:F0} % | {(ours.ReadShare is double share ? $"{Math.Round(100 * share)} %" : "")} ");
            text.Append(CultureInfo.InvariantCulture, $"| {Error(ours)} | {Error(peer)} | {Error(generic)} |\n");

            ComparisonRow? Find(string subject) => workload.FirstOrDefault(row => row.Subject == subject);
            string Ratio(ComparisonRow? other) => other?.MedianMicroseconds is double time ? (time / ours.MedianMicroseconds).ToString("F2", CultureInfo.InvariantCulture) + "×" : "";
        }
        return text.ToString();
    }

    private static string Error(ComparisonRow? row) => row is null ? "" : TableReport.Error(row.RootMeanSquareError);

    private static string Time(double? microseconds) =>
        microseconds?.ToString(microseconds < 100 ? "F1" : "N0", CultureInfo.InvariantCulture) ?? "";
}
