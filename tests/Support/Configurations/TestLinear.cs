namespace AttentionGen.Tests.Support;

/// <summary>A configuration of one product, with the defaults that the documentation promises.</summary>
internal sealed record TestLinear(int Inputs, int Outputs)
{
    public bool Bias { get; init; } = true;

    public WeightFormat Weights { get; init; }

    public WeightArithmetic Arithmetic { get; init; }

    public Activation Activation { get; init; }

    public bool Gate { get; init; }

    public bool Residual { get; init; }

    public bool Gradients { get; init; }

    public Unrolling Unrolling { get; init; }

    private static readonly TestLinear Standard = new(0, 0);

    /// <summary>What stands in the attribute: what differs from the defaults.</summary>
    public string AttributeText => SettingsText.Write(this, Standard);

    /// <summary>The shape that the generated class must have.</summary>
    public LinearShape Shape => new()
    {
        Inputs = Inputs, Outputs = Outputs, Bias = Bias, Weights = Weights, Arithmetic = Arithmetic, Activation = Activation, Gate = Gate, Residual = Residual,
        Gradients = Gradients,
    };

    public override string ToString() => AttributeText;
}
