using System.Text;

namespace AttentionGen.Samples.Configure;

/// <summary>What a model needs.</summary>
/// <param name="Classes">The classes to declare.</param>
/// <param name="Load">C# that loads the layers.</param>
/// <param name="Beside">What stands beside the layers, and what else to know; one sentence each.</param>
internal sealed record Answer(IReadOnlyList<LayerClass> Classes, string Load, IReadOnlyList<string> Beside)
{
    public string ToText(ModelConfig config)
    {
        var text = new StringBuilder($"// {config.ModelType}\n");
        foreach (string sentence in Beside)
            text.Append($"// {sentence}\n");
        string[] unread = [.. config.Unread()];
        if (unread.Length > 0)
            text.Append($"// Not understood, so look whether it changes a layer: {string.Join(", ", unread)}.\n");
        text.Append($"\n{Load}\n");
        foreach (LayerClass layer in Classes)
        {
            text.Append('\n');
            if (layer.Layers.Length > 0)
                text.Append($"// {layer.Layers}\n");
            text.Append(layer.ToText());
        }

        return text.ToString();
    }
}
