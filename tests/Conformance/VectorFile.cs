using System.Text.Json;
using AttentionGen.Tests.Support;

namespace AttentionGen.Tests.Conformance;

/// <summary>One case of the conformance data: its case.json and the arrays beside it.</summary>
internal sealed class VectorFile
{
    private readonly Dictionary<string, Npy> arrays = [];
    private readonly Dictionary<string, JsonElement> attributes;

    private VectorFile(string folder)
    {
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "case.json")));
        JsonElement root = json.RootElement.Clone();
        Name = root.GetProperty("case").GetString()!;
        Operator = $"{root.GetProperty("domain").GetString()}.{root.GetProperty("operator").GetString()}";
        attributes = root.GetProperty("attributes").EnumerateObject().ToDictionary(attribute => attribute.Name, attribute => attribute.Value);
        IsHalf = root.TryGetProperty("value_precision", out JsonElement precision) && precision.GetString() == "float16";
        OwnError = root.TryGetProperty("naive_max_abs_err", out JsonElement error) ? error.GetDouble() : 0;
        foreach (JsonElement tensor in root.GetProperty("inputs").EnumerateArray().Concat(root.GetProperty("outputs").EnumerateArray()))
        {
            // ONNX cases name an array after the node's tensor; the operator's own name for it is its slot.
            string name = (tensor.TryGetProperty("slot", out JsonElement slot) ? slot : tensor.GetProperty("name")).GetString()!;
            Npy array = Npy.Read(Path.Combine(folder, tensor.GetProperty("file").GetString()!));
            arrays.Add(name, array);
            IsHalf |= array.Type == "<f2";
        }
    }

    public string Name { get; }

    /// <summary>Such as <c>ai.onnx.Attention</c>.</summary>
    public string Operator { get; }

    /// <summary>Whether its numbers were computed in float16.</summary>
    public bool IsHalf { get; }

    /// <summary>How far the expected numbers are from an independent float64 computation, where the case says so.</summary>
    public double OwnError { get; }

    /// <summary>The folders of all cases, in both halves of the data; skips the running test where there are none.</summary>
    public static IEnumerable<string> Folders =>
        new[] { "onnx", "ort" }.SelectMany(half => Directory.GetDirectories(SharedFiles.Require("conformance", half))).Order(StringComparer.Ordinal);

    /// <summary>The names of all cases, or none where the data is not there.</summary>
    public static IEnumerable<string> Names => Directory.Exists(SharedFiles.Folder) ? Folders.Select(folder => Path.GetFileName(folder)) : [];

    /// <summary>Reads a case of the layers around attention, <c>onnx-nn/gelu_tanh_1</c> for instance.</summary>
    public static VectorFile ReadLayer(string path) => new(SharedFiles.Require(["conformance", .. path.Split('/')]));

    public static VectorFile Read(string name) => new(Folders.Single(folder => Path.GetFileName(folder) == name));

    public bool Has(string array) => arrays.TryGetValue(array, out Npy? found) && found.Count > 0;

    public Npy this[string array] => arrays[array];

    public float[] Floats(string array) => arrays[array].ToFloats();

    public int[] Shape(string array) => arrays[array].Shape;

    public int Int(string attribute, int standard = 0) => attributes.TryGetValue(attribute, out JsonElement value) ? value.GetInt32() : standard;

    public float Float(string attribute) => attributes.TryGetValue(attribute, out JsonElement value) ? value.GetSingle() : 0;

    public string Text(string attribute) => attributes.TryGetValue(attribute, out JsonElement value) ? value.GetString()! : "";

    public int[] Ints(string attribute) =>
        attributes.TryGetValue(attribute, out JsonElement value) ? [.. value.EnumerateArray().Select(one => one.GetInt32())] : [];
}
