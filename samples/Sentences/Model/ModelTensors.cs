namespace AttentionGen.Samples.Sentences;

/// <summary>The tensors of a BERT encoder in a file, with their dimensions checked.</summary>
public sealed class ModelTensors
{
    private const string Marker = "embeddings.word_embeddings.weight";

    /// <summary>Finds out under which prefix the file has its tensors.</summary>
    /// <param name="file">An open file.</param>
    /// <exception cref="InvalidDataException">It has no BERT encoder.</exception>
    public ModelTensors(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        File = file;
        string marker = file.TensorNames.FirstOrDefault(name => name == Marker || name.EndsWith("." + Marker, StringComparison.Ordinal))
            ?? throw new InvalidDataException(
                $"'{file.Path}' has no tensor {Marker}: it is no BERT encoder, or it has other names. This program runs all-MiniLM-L6-v2 and models of its "
                    + $"shape.");
        Prefix = marker[..^Marker.Length];
    }

    /// <summary>The file.</summary>
    public SafetensorsFile File { get; }

    /// <summary>Such as <c>bert.</c>; mostly empty.</summary>
    public string Prefix { get; }

    /// <summary>Whether the file has a tensor.</summary>
    /// <param name="name">Its name without the prefix.</param>
    public bool Contains(string name) => File.Contains(Prefix + name);

    /// <summary>The dimensions of a tensor.</summary>
    /// <param name="name">Its name without the prefix.</param>
    /// <exception cref="InvalidDataException">The file lacks it.</exception>
    public IReadOnlyList<long> Shape(string name) => Contains(name)
        ? File.GetInfo(Prefix + name).Shape
        : throw new InvalidDataException($"'{File.Path}' has no tensor {Prefix}{name}, which the encoder needs.");

    /// <summary>Reads a tensor.</summary>
    /// <param name="name">Its name without the prefix.</param>
    /// <param name="shape">What its dimensions must be; -1 for any number from 1.</param>
    /// <exception cref="InvalidDataException">The file lacks it, or it has other dimensions.</exception>
    public float[] Read(string name, params ReadOnlySpan<int> shape)
    {
        IReadOnlyList<long> found = Shape(name);
        bool fits = found.Count == shape.Length;
        for (int i = 0; fits && i < shape.Length; i++)
            fits = shape[i] < 0 ? found[i] > 0 : found[i] == shape[i];
        if (!fits)
        {
            throw new InvalidDataException(
                $"'{File.Path}': tensor {Prefix}{name} is [{string.Join(", ", found)}], but this program is compiled for " +
                $"[{string.Join(", ", shape.ToArray().Select(dimension => dimension < 0 ? "any" : $"{dimension}"))}]: it runs all-MiniLM-L6-v2 and models of "
                    + $"its shape.");
        }

        return File.ReadFloat32(Prefix + name);
    }
}
