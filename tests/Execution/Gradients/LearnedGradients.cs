namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>Compares gradients with those of the float64 reference.</summary>
internal static class LearnedGradients
{
    private const double CancelledPart = 0.05;

    /// <summary>
    /// The largest error of any gradient relative to the largest element of that gradient. Some gradients are exactly zero, such as that of a bias of the keys,
    /// or those of queries that see one key: what is left of larger terms is measured by a part of the largest gradient of the call. 1e-5 of this part is eight
    /// units in the last place of that gradient.
    /// </summary>
    /// <param name="learned">The gradients of the weights.</param>
    /// <param name="expected">What the reference gives.</param>
    /// <param name="inputs">The gradients of inputs, with their names and what the reference gives for them.</param>
    public static (double Error, string Name) LargestError(
        WeightGradients learned, ReferenceGradients expected, params (string Name, float[] Actual, double[] Expected)[] inputs)
    {
        var pairs = new List<(string Name, float[] Actual, double[] Expected)>(inputs);
        foreach (GradientTensor tensor in learned.Tensors)
            pairs.Add((tensor.Name, tensor.Gradient.ToArray(), expected.Weights[tensor.Name]));
        double least = CancelledPart * pairs.Max(pair => Largest(pair.Expected));
        (double Error, string Name) largest = (0, "");
        foreach ((string name, float[] actual, double[] wanted) in pairs)
        {
            Assert.Equal(wanted.Length, actual.Length);
            double scale = Math.Max(Largest(wanted), least);
            for (int index = 0; index < wanted.Length; index++)
            {
                double error = wanted[index] == actual[index] ? 0 : Math.Abs(wanted[index] - actual[index]) / scale;
                // Not true for NaN.
                if (!(error <= largest.Error))
                    largest = (error, $"{name}[{index}] = {actual[index]}, expected {wanted[index]}");
            }
        }

        return largest;
    }

    /// <summary>All gradients of weights, one after another.</summary>
    public static float[] Joined(WeightGradients gradients) => [.. gradients.Tensors.ToArray().SelectMany(tensor => tensor.Gradient.ToArray())];

    private static double Largest(double[] values) => values.Select(Math.Abs).DefaultIfEmpty(0).Max();
}
