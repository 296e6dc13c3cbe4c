using System.Globalization;

namespace AttentionGen.Samples.Configure;

/// <summary>A class to declare: the settings of its attribute, in the order in which they are printed.</summary>
/// <param name="Name">Of the class.</param>
/// <param name="Attribute">Of what is declared, such as <c>TransformerLayerConfig</c>.</param>
internal sealed record LayerClass(string Name, string Attribute = LayerClass.Layer)
{
    public const string Layer = "TransformerLayerConfig";
    public const string Attention = "AttentionConfig";
    public const string LatentAttention = "LatentAttentionConfig";

    private const int Width = 140;

    private readonly List<(string Name, string Value)> settings = [];

    /// <summary>Which layers of the model are of this class; empty for all.</summary>
    public string Layers { get; init; } = "";

    /// <summary>All settings in one line, as they stand in the attribute.</summary>
    public string Settings => string.Join(", ", settings.Select(setting => $"{setting.Name} = {setting.Value}"));

    public LayerClass With(string name, int value) => Set(name, value.ToString(CultureInfo.InvariantCulture));

    public LayerClass With(string name, bool value) => Set(name, value ? "true" : "false");

    public LayerClass With(string name, double value) => Set(name, value.ToString("R", CultureInfo.InvariantCulture));

    public LayerClass With(string name, float value) => Set(name, value.ToString("R", CultureInfo.InvariantCulture) + "f");

    public LayerClass With(string name, Enum value) => Set(name, $"{value.GetType().Name}.{value}");

    public LayerClass With(string name, IEnumerable<double> values) =>
        Set(name, $"[{string.Join(", ", values.Select(value => value.ToString("R", CultureInfo.InvariantCulture)))}]");

    /// <summary>The same, only where it differs from what the attribute has by default.</summary>
    public LayerClass WithUnless(string name, int value, int byDefault) => value == byDefault ? this : With(name, value);

    public LayerClass WithUnless(string name, double value, double byDefault) => value == byDefault ? this : With(name, value);

    public LayerClass WithUnless(string name, bool value, bool byDefault) => value == byDefault ? this : With(name, value);

    public LayerClass WithUnless(string name, float value, float byDefault) => value == byDefault ? this : With(name, value);

    /// <summary>Each of these settings of a bias is off.</summary>
    public LayerClass Without(params string[] biases) => biases.Aggregate(this, (layer, bias) => layer.With(bias, false));

    /// <summary>A class with the same settings, to add others to.</summary>
    public LayerClass Copy(string name, string layers)
    {
        var copy = new LayerClass(name, Attribute) { Layers = layers };
        copy.settings.AddRange(settings);
        return copy;
    }

    /// <summary>The declaration as C#.</summary>
    public string ToText()
    {
        string text = $"[{Attribute}(", line = "";
        foreach ((string name, string value) in settings)
        {
            string next = $"{name} = {value}";
            if (line.Length > 0 && line.Length + next.Length + 2 > Width - 4)
            {
                text += $"\n    {line.TrimEnd()}";
                line = "";
            }

            line += next + ", ";
        }

        return $"{text}\n    {line[..^2]})]\npublic sealed partial class {Name};\n";
    }

    private LayerClass Set(string name, string value)
    {
        int index = settings.FindIndex(setting => setting.Name == name);
        if (index >= 0)
            settings[index] = (name, value);
        else
            settings.Add((name, value));
        return this;
    }
}
