using System.Text.Json;

namespace AttentionGen.Samples.Heads;

/// <summary>A report as JSON: for other programs with all probabilities, and for the page, which has them in a shorter form, without.</summary>
public static class HeadsJson
{
    /// <summary>Writes a report.</summary>
    /// <param name="report">The report.</param>
    /// <param name="stream">Where it goes.</param>
    /// <param name="withProbabilities">Whether the matrix of each head comes too: [queries][keys].</param>
    public static void Write(HeadReport report, Stream stream, bool withProbabilities)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var writer = new Utf8JsonWriter(stream);
        IReadOnlyList<Measure> measures = MeasureList.Create(report.AblationText);
        writer.WriteStartObject();
        writer.WriteString("model", report.Model);
        WriteList(writer, "measures", measures, measure => WriteMeasure(writer, measure));
        WriteList(writer, "texts", report.Texts, text =>
        {
            writer.WriteString("name", text.Name);
            writer.WritePropertyName("loss");
            WriteNumber(writer, text.Loss);
            WriteList(writer, "blocks", text.Blocks, block => WriteBlock(writer, block, measures, withProbabilities));
        });
        if (report.History is { } history)
            WriteHistory(writer, history);
        writer.WriteEndObject();
    }

    private static void WriteMeasure(Utf8JsonWriter writer, Measure measure)
    {
        writer.WriteString("key", measure.Key);
        writer.WriteString("name", measure.Name);
        writer.WriteString("text", measure.Text);
        writer.WriteBoolean("isSigned", measure.IsSigned);
        writer.WritePropertyName("most");
        WriteNumber(writer, measure.Most ?? double.NaN);
    }

    private static void WriteBlock(Utf8JsonWriter writer, BlockOfLayers block, IReadOnlyList<Measure> measures, bool withProbabilities)
    {
        writer.WriteString("name", block.Name);
        writer.WriteBoolean("isCross", block.IsCross);
        WriteStrings(writer, "queries", block.Queries);
        WriteStrings(writer, "keys", block.Keys);
        WriteList(writer, "layers", block.Layers, layer => WriteList(writer, "heads", [.. Enumerable.Range(0, layer.Measures.Count)], head =>
        {
            writer.WriteString("label", layer.Measures[head].Label);
            writer.WriteStartObject("measures");
            foreach (Measure measure in measures)
            {
                writer.WritePropertyName(measure.Key);
                WriteNumber(writer, measure.Of(layer, head));
            }

            writer.WriteEndObject();
            if (withProbabilities)
                WriteMatrix(writer, layer.Probabilities, head, block.Queries.Count, block.Keys.Count);
        }));
    }

    private static void WriteMatrix(Utf8JsonWriter writer, float[] probabilities, int head, int queries, int keys)
    {
        writer.WriteStartArray("probabilities");
        for (int query = 0; query < queries; query++)
        {
            writer.WriteStartArray();
            foreach (float probability in probabilities.AsSpan(((head * queries) + query) * keys, keys))
                writer.WriteNumberValue(Math.Round(probability, 6));
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
    }

    private static void WriteHistory(Utf8JsonWriter writer, HeadHistory history)
    {
        writer.WriteStartObject("history");
        writer.WriteStartArray("steps");
        foreach (int step in history.Steps)
            writer.WriteNumberValue(step);
        writer.WriteEndArray();
        WriteList(writer, "curves", history.Curves, curve =>
        {
            writer.WriteString("name", curve.Name);
            writer.WriteStartArray("heads");
            foreach (IReadOnlyList<IReadOnlyList<double>> layer in curve.Heads)
            {
                writer.WriteStartArray();
                foreach (IReadOnlyList<double> head in layer)
                {
                    writer.WriteStartArray();
                    foreach (double value in head)
                        WriteNumber(writer, value);
                    writer.WriteEndArray();
                }

                writer.WriteEndArray();
            }

            writer.WriteEndArray();
        });
        writer.WriteEndObject();
    }

    /// <summary>JSON has no NaN: a measure that does not apply is null.</summary>
    private static void WriteNumber(Utf8JsonWriter writer, double value)
    {
        if (double.IsNaN(value))
            writer.WriteNullValue();
        else
            writer.WriteNumberValue(Math.Abs(value) < 1e-12 ? 0 : Math.Round(value, 9));
    }

    private static void WriteStrings(Utf8JsonWriter writer, string name, IReadOnlyList<string> values)
    {
        writer.WriteStartArray(name);
        foreach (string value in values)
            writer.WriteStringValue(value);
        writer.WriteEndArray();
    }

    private static void WriteList<T>(Utf8JsonWriter writer, string name, IReadOnlyList<T> items, Action<T> write)
    {
        writer.WriteStartArray(name);
        foreach (T item in items)
        {
            writer.WriteStartObject();
            write(item);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
