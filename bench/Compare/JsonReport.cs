using System.Text.Json;
using System.Text.Json.Serialization;

namespace AttentionGen.Bench.Compare;

/// <summary>The result as a file for programs.</summary>
internal sealed record JsonReport(string Cpu, double PeakGflops, IReadOnlyCollection<string> Notes, IReadOnlyList<JsonReportRow> Rows)
{
    public static void Write(string path, string cpu, ComparisonResult result)
    {
        IEnumerable<JsonReportRow> rows = result.Rows.Select(row => new JsonReportRow(
            row.Workload, row.Threads, row.Subject, row.MedianMicroseconds, row.BestMicroseconds, row.Gflops, row.PeakShare, row.AllocatedBytes,
            row.RootMeanSquareError, row.SentencesPerSecond, row.TokensPerSecond, row.ReadShare, row.AgainstBefore));
        using FileStream stream = File.Create(path);
        JsonSerializer.Serialize(stream, new JsonReport(cpu, result.PeakGflops, result.Notes, [.. rows]), JsonReportContext.Default.JsonReport);
    }
}

/// <summary>
/// One workload by one subject; sentences and tokens a second are there for models only, the share of the best plain read where reading is the bound, the
/// ratio to another build where one was given.
/// </summary>
internal sealed record JsonReportRow(
    string Workload, int Threads, string Subject, double MedianMicroseconds, double BestMicroseconds, double Gflops, double PeakShare, long AllocatedBytes,
    double RootMeanSquareError,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? SentencesPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? TokensPerSecond,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? ReadShare,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] double? AgainstBefore);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, WriteIndented = true)]
[JsonSerializable(typeof(JsonReport))]
internal sealed partial class JsonReportContext : JsonSerializerContext;
