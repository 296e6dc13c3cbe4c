namespace AttentionGen.Tests.Support;

/// <summary>One configuration as a user would write it: renders the attribute, and resolves the defaults on its own.</summary>
internal sealed partial record TestConfiguration
{
    public required int Heads { get; init; }

    public int DModel { get; init; }

    public int KvHeads { get; init; }

    public int HeadDim { get; init; }

    public int ValueHeadDim { get; init; }

    public bool Projections { get; init; } = true;

    public HeadLayout Layout { get; init; }

    public int MemoryDim { get; init; }

    public int ValueInputDim { get; init; }

    public bool QueryBias { get; init; } = true;

    public bool KeyBias { get; init; } = true;

    public bool ValueBias { get; init; } = true;

    public bool OutputBias { get; init; } = true;

    public WeightFormat Weights { get; init; }

    public WeightArithmetic Arithmetic { get; init; }

    public int SequenceLength { get; init; }

    public KeyValueFormat KeyValues { get; init; }

    public bool Gradients { get; init; }

    public Unrolling Unrolling { get; init; }

    /// <summary>Whether the four projections all add a bias, or none does.</summary>
    public bool Biases
    {
        init => QueryBias = KeyBias = ValueBias = OutputBias = value;
    }

    public bool IsCrossAttention => MemoryDim != 0;

    public bool HasProjections => Projections;

    private int HeadWidth => HeadDim == 0 ? DModel / Heads : HeadDim;

    private static readonly TestConfiguration Standard = new() { Heads = 0 };

    /// <summary>The attribute's arguments; what is at its default is left out, as a user would leave it out.</summary>
    public string AttributeText => SettingsText.Write(this, Standard);

    public override string ToString() => Hooks.Length == 0 ? AttributeText : $"{AttributeText}, hooks {string.Join(", ", Hooks)}";
}
