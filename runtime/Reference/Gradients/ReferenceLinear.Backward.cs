namespace AttentionGen;

public static partial class ReferenceLinear
{
    /// <summary>Takes the gradient of the output of a product back to its inputs, its weight and its bias.</summary>
    /// <param name="shape">The shape of the product.</param>
    /// <param name="weight">[Outputs, Inputs].</param>
    /// <param name="bias">[Outputs], or empty for none.</param>
    /// <param name="outputGradient">∂L/∂output, [rows, Outputs].</param>
    /// <param name="input">[rows, Inputs].</param>
    /// <param name="gate">[rows, Outputs] if the shape declares it; empty otherwise.</param>
    /// <param name="residual">[rows, Outputs] if the shape declares it; empty otherwise.</param>
    /// <returns>∂L/∂input, ∂L/∂gate and ∂L/∂residual where they are declared, and ∂L/∂weight and ∂L/∂bias.</returns>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, or of the wrong length.</exception>
    public static ReferenceGradients Backward(
        LinearShape shape,
        ReadOnlySpan<float> weight,
        ReadOnlySpan<float> bias,
        ReadOnlySpan<float> outputGradient,
        ReadOnlySpan<float> input,
        ReadOnlySpan<float> gate = default,
        ReadOnlySpan<float> residual = default)
    {
        ArgumentNullException.ThrowIfNull(shape);
        int rows = CheckArguments(shape, weight, bias, input, gate, residual);
        ReferenceAttention.CheckGradient(outputGradient.Length, rows * shape.Outputs);
        double[] rowsOfInput = ReferenceRows.ToDoubles(input), sums = Project(rowsOfInput, shape.Inputs, weight, bias, shape.Outputs);
        double[] gradient = ReferenceRows.ToDoubles(outputGradient), sumGradients = new double[sums.Length], gateGradients = new double[gate.Length];
        for (int i = 0; i < sums.Length; i++)
        {
            sumGradients[i] = gradient[i] * (shape.Gate ? gate[i] : 1) * ReferenceActivation.Slope(shape.Activation, sums[i]);
            if (shape.Gate)
                gateGradients[i] = gradient[i] * ReferenceActivation.Of(shape.Activation, sums[i]);
        }

        IReadOnlyDictionary<string, double[]> weights = ReferenceGradients.For(weight, bias);
        return new()
        {
            Input = ProjectBackward(
                rowsOfInput, shape.Inputs, weight, sumGradients, weights.Of(nameof(LinearWeights.Weight)), weights.Of(nameof(LinearWeights.Bias))),
            Gate = gateGradients,
            Residual = shape.Residual ? gradient : [],
            Weights = weights,
        };
    }

    /// <summary>For y = W x + b of each row: the gradient of x, while those of W and b are added to.</summary>
    internal static double[] ProjectBackward(
        double[] rows, int inputs, ReadOnlySpan<float> weight, double[] outputGradient, double[] weightGradient, double[] biasGradient)
    {
        var gradient = new double[rows.Length];
        int count = rows.Length / inputs;
        for (int row = 0; row < count; row++)
        {
            int outputs = outputGradient.Length / count;
            ReferenceRows.ProjectBackward(
                rows.AsSpan(row * inputs, inputs), weight, outputGradient.AsSpan(row * outputs, outputs), gradient.AsSpan(row * inputs, inputs),
                weightGradient, biasGradient);
        }

        return gradient;
    }
}
