using System;

#if ATTENTIONGEN_GENERATOR
namespace AttentionGen.Generator.Model;
#else
namespace AttentionGen;
#endif

public sealed partial record LinearShape
{
    /// <summary>Throws for sizes that no kernel has. Shapes of generated classes are legal, but a caller can create any shape.</summary>
    /// <exception cref="ArgumentException">A size is outside the range that <see cref="LinearConfigAttribute"/> documents.</exception>
    internal void ThrowIfIllegal()
    {
        Check(nameof(Inputs), Inputs, ShapeLimits.MaxFeedForwardDim);
        Check(nameof(Outputs), Outputs, ShapeLimits.MaxOutputs);
        if (Weights == WeightFormat.Int8)
            Check(nameof(Inputs), Inputs, ShapeLimits.MaxByteInputs);
        if ((long)Inputs * Outputs > ShapeLimits.MaxArrayLength)
            throw new ArgumentException(
                $"shape has Inputs · Outputs = {(long)Inputs * Outputs}; expected at most {ShapeLimits.MaxArrayLength}, what an array can hold.", "shape");
    }

    private static void Check(string name, int value, int most)
    {
        if (value < 1 || value > most)
            throw new ArgumentException($"shape has {name} = {value}; expected 1 to {most}.", "shape");
    }
}
