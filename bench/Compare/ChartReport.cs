using System.Globalization;
using ScottPlot;
using SkiaSharp;

namespace AttentionGen.Bench.Compare;

/// <summary>The result as a chart: how many times as fast as the fastest peer each subject is.</summary>
internal static class ChartReport
{
    private const int RowHeight = 26;
    private const int Width = 900;
    private const int Margins = 140;

    private static readonly string[] Fonts = ["Open Sans", "Segoe UI", "Helvetica Neue", "DejaVu Sans", "Liberation Sans"];

    public static void Write(string path, string cpu, ComparisonResult result)
    {
        string[] workloads = [.. result.Rows.Select(row => row.Workload).Distinct()];
        (string Subject, int Threads)[] series = [.. result.Rows.Select(row => (row.Subject, row.Threads)).Distinct()];
        using var plot = new Plot();
        IPalette palette = new ScottPlot.Palettes.Category10();
        int slots = series.Length + 1;
        string? font = SansSerif();
        for (int s = 0; s < series.Length; s++)
        {
            var bars = new List<Bar>();
            for (int w = 0; w < workloads.Length; w++)
            {
                ComparisonRow[] rows = [.. result.Rows.Where(row => row.Workload == workloads[w])];
                ComparisonRow? row = rows.FirstOrDefault(row => (row.Subject, row.Threads) == series[s]);
                if (row is null || TableReport.FastestPeer(rows) is not double peer)
                    continue;
                double ratio = peer / row.MedianMicroseconds;
                // Rows run downwards, in the order of the table.
                bars.Add(new Bar
                {
                    Position = -(w * slots + s),
                    Value = ratio,
                    FillColor = palette.GetColor(s),
                    LineWidth = 0,
                    Label = ratio.ToString("F2", CultureInfo.InvariantCulture),
                });
            }
            if (bars.Count == 0)
                continue;
            ScottPlot.Plottables.BarPlot group = plot.Add.Bars(bars);
            group.Horizontal = true;
            group.ValueLabelStyle.FontName = font ?? group.ValueLabelStyle.FontName;
            group.LegendText = series.Count(other => other.Subject == series[s].Subject) > 1 || series[s].Threads > 1
                ? $"{series[s].Subject}, threads: {series[s].Threads}"
                : series[s].Subject;
        }
        double[] centres = [.. Enumerable.Range(0, workloads.Length).Select(w => -(w * slots + (series.Length - 1) / 2.0))];
        plot.Axes.Left.SetTicks(centres, workloads);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Add.VerticalLine(1, 1, Colors.Black, LinePattern.Dashed);
        plot.Axes.Margins(left: 0);
        plot.XLabel("times as fast as the fastest peer (median of interleaved rounds)");
        plot.Title(cpu);
        plot.ShowLegend(Edge.Bottom);
        if (font is not null)
            plot.Font.Set(font);
        plot.SaveSvg(path, Width, Margins + RowHeight * slots * workloads.Length);
    }

    /// <summary>A font that is there: the library's own choice falls back to whatever comes first.</summary>
    private static string? SansSerif()
    {
        string[] installed = SKFontManager.Default.GetFontFamilies();
        return Fonts.FirstOrDefault(font => installed.Contains(font));
    }
}
