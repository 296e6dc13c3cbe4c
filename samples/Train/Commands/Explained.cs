using System.Text.Json;

namespace AttentionGen.Samples.Train;

/// <summary>What <c>bench -- explain --json</c> says of one attention and one sequence.</summary>
/// <param name="Name">The workload.</param>
/// <param name="Forward">What a forward takes, in microseconds.</param>
/// <param name="Bound">What the plan predicts: every kernel at the bound that its arithmetic, its loads or its bytes set.</param>
internal sealed record Explained(string Name, double Forward, double Bound)
{
    private static readonly JsonSerializerOptions Format = new() { PropertyNameCaseInsensitive = true, RespectRequiredConstructorParameters = true };

    /// <summary>Reads files.</summary>
    /// <exception cref="IOException">A file is missing.</exception>
    /// <exception cref="InvalidDataException">A file is none that explain wrote.</exception>
    public static IReadOnlyList<Explained> Read(IReadOnlyList<string> paths) => [.. paths.Select(Read)];

    /// <summary>The name of the workload that has so many heads.</summary>
    public static string WorkloadOf(int heads) => $"train-h{heads}-d{TrainingRun.Width}-s48";

    private static Explained Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<Explained>(File.ReadAllText(path), Format) ?? throw new JsonException();
        }
        catch (JsonException)
        {
            throw new InvalidDataException($"'{path}' is no file of explain: bench -- explain {WorkloadOf(4)} --json FILE writes one.");
        }
    }
}
