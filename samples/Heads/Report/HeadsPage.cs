using System.IO.Compression;
using System.Reflection;
using System.Text;

namespace AttentionGen.Samples.Heads;

/// <summary>A report as one HTML file that needs nothing else: no network, no other file.</summary>
public static class HeadsPage
{
    // In the order in which a reader would take them; each uses what comes before it, and functions of all.
    private static readonly string[] Scripts = ["data.js", "colours.js", "grid.js", "lines.js", "matrix.js", "table.js", "history.js", "main.js"];

    /// <summary>Writes the page.</summary>
    /// <param name="report">The report.</param>
    /// <param name="path">The file.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Save(HeadReport report, string path)
    {
        ArgumentNullException.ThrowIfNull(report);
        using var json = new MemoryStream();
        HeadsJson.Write(report, json, withProbabilities: false);
        string script = string.Join('\n', Scripts.Select(Resource));
        string page = Resource("heads.html")
            .Replace("/*style*/", Resource("heads.css"), StringComparison.Ordinal)
            .Replace("/*script*/", $"(() => {{\n\"use strict\";\n\n{script}\n}})();", StringComparison.Ordinal)
            .Replace("/*probabilities*/", Pack(report), StringComparison.Ordinal)
            // The writer of JSON escapes < and >, so no text of a report can end the element.
            .Replace("/*report*/", Encoding.UTF8.GetString(json.ToArray()), StringComparison.Ordinal);
        File.WriteAllText(path, page, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false));
    }

    /// <summary>Probabilities in 16 bits, all high bytes before all low ones: neighbours are alike, and deflate finds that.</summary>
    private static string Pack(HeadReport report)
    {
        float[][] layers = [.. report.Texts.SelectMany(text => text.Blocks).SelectMany(block => block.Layers).Select(layer => layer.Probabilities)];
        int count = layers.Sum(layer => layer.Length), index = 0;
        var planes = new byte[2 * count];
        foreach (float probability in layers.SelectMany(layer => layer))
        {
            var level = (ushort)Math.Clamp(MathF.Round(probability * ushort.MaxValue), 0, ushort.MaxValue);
            planes[index] = (byte)(level >> 8);
            planes[count + index++] = (byte)level;
        }

        using var packed = new MemoryStream();
        using (var deflate = new ZLibStream(packed, CompressionLevel.Optimal, leaveOpen: true))
            deflate.Write(planes);
        return Convert.ToBase64String(packed.GetBuffer(), 0, (int)packed.Length);
    }

    private static string Resource(string name)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(name)
            ?? throw new FileNotFoundException($"The program has no resource {name}: build it again.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
