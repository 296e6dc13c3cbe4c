using AttentionGen.Samples.Configure;

namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>What a part of a model computes of one sequence.</summary>
/// <param name="tensors">The model's file.</param>
/// <param name="rows">The rows before the first layer.</param>
/// <param name="memory">The rows that a decoder's cross-attention reads; empty for others.</param>
internal delegate double[][] Definition64(Tensors tensors, double[][] rows, double[][] memory);

/// <summary>A model of two layers or so.</summary>
/// <param name="Name">Of the model.</param>
/// <param name="Json">Its config.json, with the keys of the real one and small numbers.</param>
/// <param name="Tensors">The tensors of its layers.</param>
/// <param name="Parts">
/// What it consists of: the names of the variables that the printed lines make, and what each of them must compute.
/// </param>
internal sealed record ModelCase(string Name, string Json, Action<Checkpoint> Tensors, params (string Variable, Definition64 Definition)[] Parts)
{
    /// <summary>The length of contexts for which the classes are made; 0 where the user does not say.</summary>
    public int Length { get; init; }

    /// <summary>Lines for what the sample says in words only.</summary>
    public string Further { get; init; } = "";

    /// <summary>Classes that these lines need.</summary>
    public string FurtherClasses { get; init; } = "";

    /// <summary>Settings for an argument that a user may add to what is printed: of which class, and the name of the setting.</summary>
    public (string Class, string Setting)[] Added { get; init; } = [];

    /// <summary>What the sample makes of the file.</summary>
    public Answer Answer()
    {
        Answer answer = Catalog.Find(ModelConfig.Parse(Json, Length));
        foreach ((string name, string setting) in Added)
            answer.Classes.Single(layer => layer.Name == name).With(setting, true);
        return answer;
    }

    public override string ToString() => Name;
}
