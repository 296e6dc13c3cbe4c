namespace AttentionGen.Tests.Support;

/// <summary>A generated class of one product, seen through the static members of <see cref="ILinear{TSelf}"/>.</summary>
internal interface ILinearType
{
    LinearShape Shape { get; }

    bool IsAccelerated { get; }

    string Plan { get; }

    ILinearObject Create(LinearWeights weights);

    long GetScratchBytes(int rows);
}

/// <summary>An object of a generated class of one product.</summary>
internal interface ILinearObject
{
    void Forward(in LinearArguments arguments);
}

/// <summary>Makes <typeparamref name="T"/> usable without naming it.</summary>
internal sealed class LinearAdapter<T> : ILinearType
    where T : class, ILinear<T>
{
    public LinearShape Shape => T.Shape;

    public bool IsAccelerated => T.IsAccelerated;

    public string Plan => T.Plan;

    public ILinearObject Create(LinearWeights weights) => new Instance(T.Create(weights));

    public long GetScratchBytes(int rows) => T.GetScratchBytes(rows);

    private sealed class Instance(T linear) : ILinearObject
    {
        public void Forward(in LinearArguments arguments) => linear.Forward(in arguments);
    }
}
