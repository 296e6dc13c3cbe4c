using System.Globalization;

namespace AttentionGen;

// What a checkpoint holds beside the weights.
public sealed partial class AdamW
{
    private const string StepsText = "adamw.steps";

    /// <summary>
    /// Adds the state to a file: the moments of each tensor as <c>adamw.first.NAME</c> and <c>adamw.second.NAME</c>, and the number of steps as a text. With
    /// the weights in the same file, a run that goes on from it computes the same bits as one that never stopped.
    /// </summary>
    /// <param name="builder">The file. The state must not change until it is written.</param>
    /// <exception cref="ArgumentException">The file has such a tensor already.</exception>
    public void AddTo(SafetensorsBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        foreach (Trained one in trained)
        {
            builder.Add(FirstName(one.Tensor.Name), [one.First.Length], one.First);
            builder.Add(SecondName(one.Tensor.Name), [one.Second.Length], one.Second);
        }

        builder.Metadata[StepsText] = Steps.ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>Takes the state that <see cref="AddTo"/> wrote. The weights are read by those who own them.</summary>
    /// <param name="file">An open file.</param>
    /// <exception cref="InvalidDataException">The file has no state, or that of other tensors. This optimiser is as it was.</exception>
    public void Restore(SafetensorsFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        if (!file.Metadata.TryGetValue(StepsText, out string? text)
            || !long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long steps))
            throw new InvalidDataException($"The file has '{text}' under '{StepsText}' in its metadata; expected the number of steps of an AdamW.");
        // All are read before any is taken.
        float[][] first = [.. trained.Select(one => Read(file, FirstName(one.Tensor.Name), one.First.Length))];
        float[][] second = [.. trained.Select(one => Read(file, SecondName(one.Tensor.Name), one.Second.Length))];
        for (int index = 0; index < trained.Length; index++)
        {
            first[index].CopyTo(trained[index].First, 0);
            second[index].CopyTo(trained[index].Second, 0);
        }

        Steps = steps;
    }

    private static string FirstName(string name) => $"adamw.first.{name}";

    private static string SecondName(string name) => $"adamw.second.{name}";

    private static float[] Read(SafetensorsFile file, string name, int length)
    {
        if (!file.Contains(name))
            throw new InvalidDataException($"The file has no tensor '{name}'; expected one of {length} elements.");
        float[] values = file.ReadFloat32(name);
        if (values.Length != length)
            throw new InvalidDataException($"'{name}' has {values.Length} elements; expected {length}, as the tensor that is trained.");
        return values;
    }
}
