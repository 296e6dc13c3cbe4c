namespace AttentionGen.Tests.Support;

/// <summary>A configuration of a block of latent attention, with the defaults that the documentation promises.</summary>
internal sealed record TestLatent
{
    public int Heads { get; init; }

    public int DModel { get; init; }

    public int HeadDim { get; init; }

    public int RotaryDim { get; init; }

    public int ValueHeadDim { get; init; }

    public int LatentDim { get; init; }

    public int QueryLatentDim { get; init; }

    public bool Biases { get; init; }

    public bool Causal { get; init; } = true;

    public float Scale { get; init; }

    public float NormEpsilon { get; init; } = 1e-6f;

    public RotaryKind Rotary { get; init; } = RotaryKind.Interleaved;

    public double RotaryBase { get; init; } = 10_000;

    public RotaryScaling RotaryScaling { get; init; }

    public double RotaryScalingFactor { get; init; }

    public int RotaryOriginalLength { get; init; }

    public int RotaryLength { get; init; }

    public bool Ragged { get; init; }

    public WeightFormat Weights { get; init; }

    public WeightArithmetic Arithmetic { get; init; }

    public Unrolling Unrolling { get; init; }

    private static readonly TestLatent Standard = new();

    /// <summary>What stands in the attribute: what differs from the defaults.</summary>
    public string AttributeText => SettingsText.Write(this, Standard);

    public override string ToString() => AttributeText;
}
