namespace AttentionGen.Tests.Execution.Definitions.Models;

/// <summary>Collects small random tensors under the names and with the shapes that a model's file has.</summary>
internal sealed class Checkpoint
{
    private readonly SafetensorsBuilder builder = new();

    /// <summary>Tables that files hold beside weights and that no definition reads.</summary>
    public HashSet<string> Tables { get; } = new(StringComparer.Ordinal);

    /// <summary>A matrix as <c>nn.Linear</c> stores it, and its bias.</summary>
    public Checkpoint Linear(string name, int outputs, int inputs, bool bias = true)
    {
        Add(name + ".weight", [outputs, inputs], 0, Math.Sqrt(3.0 / inputs));
        return bias ? Add(name + ".bias", [outputs], 0, 0.5) : this;
    }

    /// <summary>A matrix as GPT-2's <c>Conv1D</c> stores it, and its bias.</summary>
    public Checkpoint Conv1D(string name, int inputs, int outputs)
    {
        Add(name + ".weight", [inputs, outputs], 0, Math.Sqrt(3.0 / inputs));
        return Add(name + ".bias", [outputs], 0, 0.5);
    }

    /// <summary>Weights of a norm, around 1 or, where the model adds 1 to them, around 0.</summary>
    public Checkpoint Norm(string name, int width, bool bias = false, double around = 1)
    {
        Add(name + ".weight", [width], around, 0.5);
        return bias ? Add(name + ".bias", [width], 0, 0.5) : this;
    }

    /// <summary>The same under the names that older files have.</summary>
    public Checkpoint OlderNorm(string name, int width) => Add(name + ".gamma", [width], 1, 0.5).Add(name + ".beta", [width], 0, 0.5);

    /// <summary>Numbers of a tensor that is neither.</summary>
    public Checkpoint Numbers(string name, params long[] shape) => Add(name, shape, 0, 1.5);

    /// <summary>A table that older files hold beside their weights, such as the causal mask. It must change nothing.</summary>
    public Checkpoint Table(string name, params long[] shape)
    {
        Tables.Add(name);
        return Add(name, shape, 0, 1);
    }

    public void Save(string path) => builder.Save(path);

    /// <summary>The seed is the name, so that two tensors never hold the same numbers.</summary>
    private Checkpoint Add(string name, long[] shape, double middle, double reach)
    {
        var random = new Random(name.Aggregate(17, (sum, letter) => unchecked((sum * 31) + letter)));
        var values = new float[shape.Aggregate(1L, (product, size) => product * size)];
        for (int index = 0; index < values.Length; index++)
            values[index] = (float)(middle + (reach * ((2 * random.NextDouble()) - 1)));
        builder.Add(name, shape, values);
        return this;
    }
}
