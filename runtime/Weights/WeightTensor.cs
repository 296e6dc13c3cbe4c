namespace AttentionGen;

/// <summary>One matrix or bias, and where it came from.</summary>
/// <param name="Values">Row-major elements; empty where the tensor is absent.</param>
/// <param name="Shape">Rows and columns of a matrix from a file; null where only the number of elements is known.</param>
/// <param name="Source">Where it came from, or why it is absent; for messages.</param>
internal readonly record struct WeightTensor(float[] Values, (int Outputs, int Inputs)? Shape, string Source)
{
    public bool IsAbsent => Values.Length == 0;

    public string Describe() => Shape is { } known
        ? $"has shape [{known.Outputs}, {known.Inputs}]"
        : $"has {Values.Length} elements";
}

/// <summary>Matrix and bias of one projection.</summary>
internal readonly record struct ProjectionWeights(WeightTensor Weight, WeightTensor Bias);
