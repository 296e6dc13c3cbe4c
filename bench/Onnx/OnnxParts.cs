namespace AttentionGen.Bench.Onnx;

/// <summary>What the models have in common.</summary>
internal static class OnnxParts
{
    /// <summary><c>y = x Wᵀ + b</c>; the result has the given name.</summary>
    public static string Linear(OnnxGraph graph, string name, string input, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, int outputs, int inputs)
    {
        if (bias.IsEmpty)
            return Product(graph, name, input, weight, outputs, inputs);
        graph.Initializer($"{name}_bias", bias.ToArray(), outputs);
        Product(graph, $"{name}_product", input, weight, outputs, inputs);
        return graph.Node("Add", name, $"{name}_product", $"{name}_bias");
    }

    /// <summary><c>y = x Wᵀ</c>; the result has the given name.</summary>
    public static string Product(OnnxGraph graph, string name, string input, ReadOnlySpan<float> weight, int outputs, int inputs)
    {
        graph.Initializer($"{name}_weight", Transpose(weight, outputs, inputs), inputs, outputs);
        return graph.Node("MatMul", name, input, $"{name}_weight");
    }

    /// <summary>[outputs, inputs] to [inputs, outputs].</summary>
    public static float[] Transpose(ReadOnlySpan<float> matrix, int outputs, int inputs)
    {
        var transposed = new float[matrix.Length];
        for (int output = 0; output < outputs; output++)
        {
            for (int input = 0; input < inputs; input++)
                transposed[input * outputs + output] = matrix[output * inputs + input];
        }
        return transposed;
    }

    /// <summary>Cosines and sines, [positions, RotaryDim / 2].</summary>
    public static (float[] Cosines, float[] Sines) RotaryTables(AttentionShape shape, int positions)
    {
        int half = shape.RotaryDim / 2;
        var cosines = new float[positions * half];
        var sines = new float[positions * half];
        for (int i = 0; i < cosines.Length; i++)
        {
            double angle = i / half * Math.Pow(shape.RotaryBase, -2.0 * (i % half) / shape.RotaryDim);
            cosines[i] = (float)Math.Cos(angle);
            sines[i] = (float)Math.Sin(angle);
        }
        return (cosines, sines);
    }
}
