using System.Globalization;

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

    public Unrolling Unrolling { get; init; }

    /// <summary>What stands in the attribute: what differs from the defaults.</summary>
    public string AttributeText => string.Join(", ", new[]
    {
        string.Create(CultureInfo.InvariantCulture, $"Inputs = {Inputs}"),
        string.Create(CultureInfo.InvariantCulture, $"Outputs = {Outputs}"),
        Bias ? "" : "Bias = false",
        Weights == WeightFormat.Float32 ? "" : $"Weights = WeightFormat.{Weights}",
        Arithmetic == WeightArithmetic.Float32 ? "" : $"Arithmetic = WeightArithmetic.{Arithmetic}",
        Activation == Activation.None ? "" : $"Activation = Activation.{Activation}",
        Gate ? "Gate = true" : "",
        Residual ? "Residual = true" : "",
        Unrolling == Unrolling.Auto ? "" : $"Unrolling = Unrolling.{Unrolling}",
    }.Where(setting => setting.Length > 0));

    /// <summary>The shape that the generated class must have.</summary>
    public LinearShape Shape => new()
    {
        Inputs = Inputs, Outputs = Outputs, Bias = Bias, Weights = Weights, Arithmetic = Arithmetic, Activation = Activation, Gate = Gate, Residual = Residual,
    };

    public override string ToString() => AttributeText;
}
