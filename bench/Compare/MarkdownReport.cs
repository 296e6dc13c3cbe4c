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
        text.Append(CultureInfo.InvariantCulture, $"{date}, {cpu}, threads: {settings.Threads}, {settings.Rounds} rounds{idle}; ");
        text.Append(CultureInfo.InvariantCulture, $"FMA peak {result.PeakGflops:F0} GFLOP/s.");
        text.Append(string.Concat(result.Notes.Select(note => $" {note}")));
        bool hasModels = result.Rows.Exists(row => row.SentencesPerSecond is not null);
        string[] columns =
        [
            "AttentionGen µs", "onnxruntime µs", "generic µs", "against onnxruntime", "against generic", "share of the FMA peak", "of the best read",
            "RMS error", "onnxruntime's", "generic's", .. hasModels ? ["sentences/s", "onnxruntime's", "tokens/s", "onnxruntime's"] : Array.Empty<string>(),
        ];
        text.Append("\n\n");
        AppendRow(text, ["workload", .. columns]);
        AppendRow(text, ["---", .. columns.Select(_ => "---:")], space: "");
        foreach (IGrouping<string, ComparisonRow> workload in result.Rows.GroupBy(row => row.Workload))
        {
            if (workload.FirstOrDefault(row => row.Subject == Comparison.GeneratedName && row.Threads == settings.Threads) is not ComparisonRow ours)
                continue;
            ComparisonRow? peer = Find("onnxruntime"), generic = Find(Comparison.GenericName);
            string[] cells =
            [
                workload.Key, Time(ours.MedianMicroseconds), Time(peer?.MedianMicroseconds), Time(generic?.MedianMicroseconds), Ratio(peer), Ratio(generic),
                Percent(ours.PeakShare), Percent(ours.ReadShare), Error(ours), Error(peer), Error(generic),
            ];
            if (hasModels)
                cells = [.. cells, Rate(ours.SentencesPerSecond), Rate(peer?.SentencesPerSecond), Rate(ours.TokensPerSecond), Rate(peer?.TokensPerSecond)];
            AppendRow(text, cells);

            ComparisonRow? Find(string subject) => workload.FirstOrDefault(row => row.Subject == subject);
            string Ratio(ComparisonRow? other) => other is null ? "" : Number(other.MedianMicroseconds / ours.MedianMicroseconds, "F2") + "×";
        }
        return text.ToString();
    }

    private static void AppendRow(StringBuilder text, string[] cells, string space = " ") =>
        text.Append('|').AppendJoin('|', cells.Select(cell => space + cell + space)).Append("|\n");

    private static string Error(ComparisonRow? row) => row is null ? "" : TableReport.Error(row.RootMeanSquareError);

    private static string Time(double? microseconds) => Number(microseconds, microseconds < 100 ? "F1" : "N0");

    private static string Percent(double? share) => share is null ? "" : Number(100 * share, "F0") + " %";

    private static string Rate(double? rate) => Number(rate, "N0");

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "";
}
