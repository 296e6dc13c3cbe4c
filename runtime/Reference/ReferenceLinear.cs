using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>One product in double precision, without optimisation: <c>act(x Wᵀ + b) ∘ gate + residual</c>. Kernels are compared with it.</summary>
public static partial class ReferenceLinear
{
    /// <summary>Computes the product.</summary>
    /// <param name="shape">The shape of the product.</param>
    /// <param name="weight">[Outputs, Inputs].</param>
    /// <param name="bias">[Outputs], or empty for none.</param>
    /// <param name="input">[rows, Inputs].</param>
    /// <param name="gate">[rows, Outputs] if the shape declares it; empty otherwise.</param>
    /// <param name="residual">[rows, Outputs] if the shape declares it; empty otherwise.</param>
    /// <returns>[rows, Outputs].</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static double[] Forward(
        LinearShape shape,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> gate = default,
        ReadOnlySpan<float> residual = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        CheckArguments(shape, weight, bias, input, gate, residual);
        double[] output = Project(ReferenceRows.ToDoubles(input), shape.Inputs, weight, bias, shape.Outputs);
        for (int i = 0; i < output.Length; i++)
        {
            output[i] = ReferenceActivation.Of(shape.Activation, output[i]);
            if (shape.Gate)
                output[i] *= gate[i];
            if (shape.Residual)
                output[i] += residual[i];
        }

        return output;
    }

    /// <summary>y = W x + b for each row.</summary>
    internal static double[] Project(double[] rows, int inputs, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int outputs)
    {
        var result = new double[rows.Length / inputs * outputs];
        for (int row = 0; row < rows.Length / inputs; row++)
            ReferenceRows.Project(rows.AsSpan(row * inputs, inputs), weight, bias, outputs).CopyTo(result, row * outputs);
        return result;
    }

    private static int CheckArguments(
        LinearShape shape, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, ReadOnlySpan<float> input, ReadOnlySpan<float> gate,
        ReadOnlySpan<float> residual)
    {
        int rows = KernelChecks.RowsOf(nameof(input), input.Length, 1, shape.Inputs, "Inputs");
        Check(nameof(weight), weight.Length, (long)shape.Outputs * shape.Inputs, "Outputs · Inputs");
        Check(nameof(bias), bias.Length, shape.Bias ? shape.Outputs : 0, shape.Bias ? "Outputs" : "because the shape has no bias");
        Check(nameof(gate), gate.Length, shape.Gate ? (long)rows * shape.Outputs : 0, shape.Gate ? "rows · Outputs" : "because the shape has no gate");
        Check(
            nameof(residual),
            residual.Length,
            shape.Residual ? (long)rows * shape.Outputs : 0,
            shape.Residual ? "rows · Outputs" : "because the shape has no residual");
        return rows;
    }

    private static void Check(string name, int length, long expected, string meaning)
    {
        if (length != expected)
            throw new ArgumentException($"{name}.Length is {length}; expected {expected}, {meaning}.", name);
    }
}
