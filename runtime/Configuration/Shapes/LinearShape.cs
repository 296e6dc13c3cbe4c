#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

/// <summary>The configuration of one product with every default resolved: the run-time form of <see cref="LinearConfigAttribute"/>.</summary>
public sealed partial record LinearShape
{
    /// <summary>Width of the input rows.</summary>
    public required int Inputs { get; init; }

    /// <summary>Width of the output rows.</summary>
    public required int Outputs { get; init; }

    /// <summary>Whether a learned bias is added.</summary>
    public bool Bias { get; init; } = true;

    /// <summary>How the weights are stored.</summary>
    public WeightFormat Weights { get; init; }

    /// <summary>The arithmetic of the product, if its weights are stored in blocks of integers.</summary>
    public WeightArithmetic Arithmetic { get; init; }

    /// <summary>The function that each output goes through after the bias.</summary>
    public Activation Activation { get; init; }

    /// <summary>Whether the caller gives rows by which each output is multiplied.</summary>
    public bool Gate { get; init; }

    /// <summary>Whether the caller gives rows that are added at the end.</summary>
    public bool Residual { get; init; }

    /// <summary>Whether the class can be trained: it also has <c>Backward</c> and <c>Pack</c>.</summary>
    public bool Gradients { get; init; }
}
