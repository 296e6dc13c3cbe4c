using System.Globalization;
using AttentionGen.Bench.Measure;
using BenchmarkDotNet.Attributes;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace AttentionGen.Bench.Suites;

/// <summary>
/// Adds columns of GFLOP/s at the median, and of the share of the FMA peak that this is, to a suite whose parameter tells the operations of a call.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class GflopsColumnAttribute : ColumnConfigBaseAttribute
{
    public GflopsColumnAttribute()
        : base(new GflopsColumn(ofPeak: false), new GflopsColumn(ofPeak: true))
    {
    }
}

/// <summary>The column.</summary>
/// <param name="ofPeak">Whether it shows the share of the FMA peak instead.</param>
internal sealed class GflopsColumn(bool ofPeak) : IColumn
{
    private const int PeakRounds = 20;

    private static readonly Lazy<double> Peak = new(() =>
    {
        int steps = FmaPeak.Calibrate(FmaPeak.Lanes);
        return Enumerable.Range(0, PeakRounds).Max(_ => FmaPeak.Measure(FmaPeak.Lanes, steps, threads: 1));
    });

    public string Id => $"{nameof(GflopsColumn)}.{ColumnName}";

    public string ColumnName => ofPeak ? "FMA peak" : "GFLOP/s";

    public bool AlwaysShow => true;

    public ColumnCategory Category => ColumnCategory.Custom;

    public int PriorityInCategory => 0;

    public bool IsNumeric => true;

    public UnitType UnitType => UnitType.Dimensionless;

    public string Legend => ofPeak
        ? "Share of the FMA peak of one thread, measured after the suite"
        : "Floating-point operations at the median, in thousand millions a second";

    public bool IsAvailable(Summary summary) => true;

    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? median = summary[benchmarkCase]?.ResultStatistics?.Median;
        string parameter = (string)benchmarkCase.Parameters.Items[0].Value!;
        double operations = BlockSuite.Operations(parameter);
        // Operations a nanosecond are GFLOP/s; softmax and the like have none that count.
        if (median is not double nanoseconds || operations == 0)
            return "-";
        double gflops = operations / nanoseconds;
        return ofPeak ? (gflops / Peak.Value).ToString("P1", CultureInfo.InvariantCulture) : gflops.ToString("F1", CultureInfo.InvariantCulture);
    }

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public override string ToString() => ColumnName;
}
