using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Onnx;

/// <summary>One product, with what follows it.</summary>
internal static class OnnxLinears
{
    /// <summary>MatMul, then Add, BiasGelu or nothing.</summary>
    public static byte[] MatMul(LinearData data)
    {
        LinearShape shape = data.Workload.Shape;
        var graph = new OnnxGraph();
        graph.Input(OnnxModels.Input, data.Workload.Rows, shape.Inputs);
        if (shape.Activation == Activation.None)
        {
            OnnxParts.Linear(graph, OnnxModels.Output, OnnxModels.Input, data.Weights.Weight, data.Weights.Bias, shape.Outputs, shape.Inputs);
        }
        else
        {
            OnnxParts.Product(graph, "product", OnnxModels.Input, data.Weights.Weight, shape.Outputs, shape.Inputs);
            graph.Initializer("bias", shape.Bias ? data.Weights.Bias.ToArray() : new float[shape.Outputs], shape.Outputs);
            graph.Node("BiasGelu", OnnxGraph.Contributed, ["product", "bias"], [OnnxModels.Output]);
        }
        graph.Output(OnnxModels.Output, data.Workload.Rows, shape.Outputs);
        return graph.ToModel();
    }

    /// <summary>Gemm, which adds the bias itself, then Gelu or nothing.</summary>
    public static byte[] Gemm(LinearData data)
    {
        LinearShape shape = data.Workload.Shape;
        var graph = new OnnxGraph();
        graph.Input(OnnxModels.Input, data.Workload.Rows, shape.Inputs);
        graph.Initializer("weight", data.Weights.Weight.ToArray(), shape.Outputs, shape.Inputs);
        string[] operands = [OnnxModels.Input, "weight"];
        if (shape.Bias)
            operands = [.. operands, graph.Initializer("bias", data.Weights.Bias.ToArray(), shape.Outputs)];
        bool isActivated = shape.Activation != Activation.None;
        graph.Node("Gemm", "", operands, [isActivated ? "product" : OnnxModels.Output], ("transB", 1));
        if (isActivated)
            graph.Node("Gelu", OnnxGraph.Contributed, ["product"], [OnnxModels.Output]);
        graph.Output(OnnxModels.Output, data.Workload.Rows, shape.Outputs);
        return graph.ToModel();
    }
}
