using AttentionGen.Samples.Configure;

namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>
/// Each model of docs/models.md, small and with random weights: its config.json becomes classes as samples/Configure prints them, the printed lines load a
/// file of the model's true names, shapes and fused orders, and the rows that come out are those of a program in float64 that was written from the model's
/// definition. Rows agree where no element differs by more than 1e-5 of the largest one.
/// </summary>
public sealed class ModelTests : IDisposable
{
    /// <summary>Rows of a sequence: more than a line of 32 keys, and more than each window.</summary>
    private const int Rows = 41;

    private const int MemoryRows = 9;

    private readonly string folder = Directory.CreateTempSubdirectory("models").FullName;

    public static TheoryData<string> Names => [.. ModelCases.All.Select(model => model.Name)];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    /// <summary>A batch of sequences in one call, with the masks that the model has.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void RowsAreThoseOfTheDefinition(string name)
    {
        (ModelCase model, Tensors tensors, Dictionary<string, IModelPart> parts) = Load(name, out IEnumerable<string> tables);
        foreach ((string variable, Definition64 definition) in model.Parts)
        {
            ModelBatch batch = ModelBatch.For(parts[variable], Rows, MemoryRows);
            float[] output = new float[batch.Input.Length];
            parts[variable].Forward(batch.Arguments(0, batch.LongestRows) with { Output = output, Memory = batch.Memory });
            batch.AssertClose(tensors, definition, 0, output, $"{variable} of {name}");
        }

        // The sample has understood all keys, and the definition has used all tensors.
        Assert.DoesNotContain("Not understood", Catalog.Describe(model.Json, model.Length), StringComparison.Ordinal);
        Assert.Equal(tables.Order(), tensors.Unread.Order());
    }

    /// <summary>A prompt in two chunks, and then row by row, with a cache.</summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void DecodingGivesTheSameRows(string name)
    {
        (ModelCase model, Tensors tensors, Dictionary<string, IModelPart> parts) = Load(name, out _);
        foreach ((string variable, Definition64 definition) in model.Parts.Where(part => parts[part.Variable].HasCache))
        {
            ModelBatch batch = ModelBatch.For(parts[variable], Rows, MemoryRows);
            parts[variable].Begin(Rows, batch.Count, batch.Memory);
            int[] ends = [14, 20, .. Enumerable.Range(21, Rows - 20)];
            foreach ((int first, int end) in ends.Prepend(0).Zip(ends))
            {
                float[] output = new float[batch.Count * (end - first) * batch.Width];
                parts[variable].Continue(batch.Arguments(first, end) with { Output = output });
                batch.AssertClose(tensors, definition, first, output, $"{variable} of {name}, rows {first} to {end}");
            }
        }
    }

    [Fact]
    public void EachKindOfTheSampleHasAModel() =>
        Assert.Empty(Catalog.Names.Except(ModelCases.All.Select(model => ModelConfig.Parse(model.Json, 0).ModelType)));

    private (ModelCase Model, Tensors Tensors, Dictionary<string, IModelPart> Parts) Load(string name, out IEnumerable<string> tables)
    {
        ModelCase model = ModelCases.All.Single(model => model.Name == name);
        var checkpoint = new Checkpoint();
        model.Tensors(checkpoint);
        tables = checkpoint.Tables;
        string path = Path.Combine(folder, "model.safetensors");
        checkpoint.Save(path);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return (model, new Tensors(path), ModelCases.Load(model, file));
    }
}
