namespace AttentionGen.Tests.Support;

/// <summary>A configuration of a Transformer layer as a user would write it, with the defaults that the documentation promises.</summary>
/// <param name="Attention">What is declared of the attention; the memory is the layer's.</param>
internal sealed record TestLayer(TestConfiguration Attention)
{
    public int FeedForwardDim { get; init; }

    /// <summary>At its default that of the attention.</summary>
    public WeightFormat FeedForwardWeights { get; init; }

    public Activation Activation { get; init; } = Activation.Gelu;

    public bool Gated { get; init; }

    public bool UpBias { get; init; } = true;

    public bool GateBias { get; init; } = true;

    public bool DownBias { get; init; } = true;

    public Norm Norm { get; init; }

    public NormPlacement NormPlacement { get; init; }

    public float NormEpsilon { get; init; } = 1e-5f;

    public bool NormBias { get; init; } = true;

    public bool ParallelBranches { get; init; }

    public bool ParallelNorms { get; init; }

    public int MemoryDim { get; init; }

    public bool MemoryLengths { get; init; }

    public float ResidualScale { get; init; } = 1;

    public static TestLayer Standard { get; } = new(new TestConfiguration { Heads = 0 });

    /// <summary>What stands in the attribute: what differs from the defaults.</summary>
    public string AttributeText => string.Join(", ", new[] { Attention.AttributeText, SettingsText.Write(this, Standard) }.Where(text => text.Length > 0));

    /// <summary>What the generated class must report, worked out here so that the generator's defaults are tested too.</summary>
    public TransformerLayerShape Shape => new()
    {
        Attention = Attention.Shape,
        FeedForwardDim = FeedForwardDim,
        FeedForwardWeights = FeedForwardWeights == WeightFormat.Float32 ? Attention.Weights : FeedForwardWeights,
        Activation = Activation,
        Gated = Gated,
        UpBias = UpBias,
        GateBias = Gated && GateBias,
        DownBias = DownBias,
        Norm = Norm,
        NormPlacement = NormPlacement,
        NormEpsilon = NormEpsilon,
        NormBias = Norm == Norm.Layer && NormBias,
        ParallelBranches = ParallelBranches,
        ParallelNorms = ParallelNorms,
        MemoryDim = MemoryDim,
        MemoryLengths = MemoryLengths,
        ResidualScale = ResidualScale,
    };

    public override string ToString() =>
        Attention.Hooks.Length == 0 ? AttributeText : $"{AttributeText}, hooks {string.Join(", ", Attention.Hooks.AsEnumerable())}";
}
