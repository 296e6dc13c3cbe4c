using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Onnx;

/// <summary>A BERT layer in the forms that onnxruntime has: fused by hand, and as an exporter writes it, for its optimiser to fuse.</summary>
internal static class OnnxBertLayers
{
    /// <summary>Attention with all projections of its input inside, SkipLayerNormalization with the bias of the product before it, and BiasGelu.</summary>
    public static byte[] Attention(AttentionData data) => Fused((LayerData)data, (graph, shape, weights) =>
    {
        float[] stacked = [.. weights.Query, .. weights.Key, .. weights.Value];
        graph.Initializer("qkv_weight", OnnxParts.Transpose(stacked, 3 * shape.QueryDim, shape.DModel), shape.DModel, 3 * shape.QueryDim);
        graph.Initializer("qkv_bias", [.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim);
        graph.Node(
            "Attention", OnnxGraph.Contributed, [OnnxModels.Input, "qkv_weight", "qkv_bias"], ["context"], ("num_heads", shape.Heads), ("scale", shape.Scale));
    });

    /// <summary>The same with MultiHeadAttention after three products.</summary>
    public static byte[] MultiHeadAttention(AttentionData data) => Fused((LayerData)data, (graph, shape, weights) =>
    {
        OnnxParts.Product(graph, "query", OnnxModels.Input, weights.Query, shape.QueryDim, shape.DModel);
        OnnxParts.Product(graph, "key", OnnxModels.Input, weights.Key, shape.KeyDim, shape.DModel);
        OnnxParts.Product(graph, "value", OnnxModels.Input, weights.Value, shape.ValueDim, shape.DModel);
        graph.Initializer("qkv_bias", [.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim);
        graph.Node(
            "MultiHeadAttention", OnnxGraph.Contributed, ["query", "key", "value", "qkv_bias"], ["context"],
            ("num_heads", shape.Heads), ("scale", shape.Scale));
    });

    /// <summary>Operators of the standard alone, as PyTorch's exporter writes them.</summary>
    public static byte[] Plain(AttentionData data)
    {
        var layerData = (LayerData)data;
        TransformerLayerShape layer = layerData.Workload.Layer;
        AttentionShape shape = layer.Attention;
        TransformerLayerWeights weights = layerData.LayerWeights;
        var graph = new OnnxGraph();
        graph.Input(OnnxModels.Input, data.Workload.Batch, data.Workload.Rows, shape.DModel);
        graph.Integers("heads", 0, 0, shape.Heads, shape.HeadDim);
        graph.Integers("rows", 0, 0, shape.QueryDim);
        string query = Heads("query", data.Weights.Query, data.Weights.QueryBias, 0, 2, 1, 3);
        string key = Heads("key", data.Weights.Key, data.Weights.KeyBias, 0, 2, 3, 1);
        string value = Heads("value", data.Weights.Value, data.Weights.ValueBias, 0, 2, 1, 3);
        graph.Node("MatMul", "scores", query, key);
        graph.Node("Div", "scaled", "scores", graph.Scalar("root", 1 / shape.Scale));
        graph.Node("Softmax", "", ["scaled"], ["probabilities"], ("axis", -1));
        graph.Node("MatMul", "head_context", "probabilities", value);
        graph.Node("Transpose", "", ["head_context"], ["row_context"], ("perm", new[] { 0, 2, 1, 3 }));
        graph.Node("Reshape", "context", "row_context", "rows");
        OnnxParts.Linear(graph, "projected", "context", data.Weights.Output, data.Weights.OutputBias, shape.DModel, shape.JoinedDim);
        graph.Node("Add", "attention_sum", "projected", OnnxModels.Input);
        Normalise("normed", "attention_sum", weights.AttentionNorm, weights.AttentionNormBias);
        OnnxParts.Linear(graph, "up", "normed", weights.Up.Span, weights.UpBias.Span, layer.FeedForwardDim, shape.DModel);
        graph.Node("Div", "up_scaled", "up", graph.Scalar("root_two", MathF.Sqrt(2)));
        graph.Node("Erf", "up_erf", "up_scaled");
        graph.Node("Add", "up_one", "up_erf", graph.Scalar("one", 1));
        graph.Node("Mul", "up_whole", "up", "up_one");
        graph.Node("Mul", "activated", "up_whole", graph.Scalar("half", 0.5f));
        OnnxParts.Linear(graph, "down", "activated", weights.Down.Span, weights.DownBias.Span, shape.DModel, layer.FeedForwardDim);
        graph.Node("Add", "sum", "down", "normed");
        Normalise(OnnxModels.Output, "sum", weights.FeedForwardNorm, weights.FeedForwardNormBias);
        graph.Output(OnnxModels.Output, data.Workload.Batch, data.Workload.Rows, shape.DModel);
        return graph.ToModel();

        string Heads(string name, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, params int[] order)
        {
            OnnxParts.Linear(graph, name, OnnxModels.Input, weight, bias, shape.QueryDim, shape.DModel);
            graph.Node("Reshape", $"{name}_split", name, "heads");
            graph.Node("Transpose", "", [$"{name}_split"], [$"{name}_heads"], ("perm", order));
            return $"{name}_heads";
        }

        void Normalise(string name, string input, ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias)
        {
            graph.Initializer($"{name}_gamma", weight.ToArray(), shape.DModel);
            graph.Initializer($"{name}_beta", bias.ToArray(), shape.DModel);
            graph.Node("LayerNormalization", "", [input, $"{name}_gamma", $"{name}_beta"], [name], ("axis", -1), ("epsilon", layer.NormEpsilon));
        }
    }

    private static byte[] Fused(LayerData data, Action<OnnxGraph, AttentionShape, AttentionWeights> attention)
    {
        TransformerLayerShape layer = data.Workload.Layer;
        AttentionShape shape = layer.Attention;
        TransformerLayerWeights weights = data.LayerWeights;
        var graph = new OnnxGraph();
        graph.Input(OnnxModels.Input, data.Workload.Batch, data.Workload.Rows, shape.DModel);
        attention(graph, shape, data.Weights);
        OnnxParts.Product(graph, "projected", "context", data.Weights.Output, shape.DModel, shape.JoinedDim);
        SkipNormalise("normed", "projected", OnnxModels.Input, weights.AttentionNorm, weights.AttentionNormBias, data.Weights.OutputBias.ToArray());
        OnnxParts.Product(graph, "up", "normed", weights.Up.Span, layer.FeedForwardDim, shape.DModel);
        graph.Initializer("up_bias", weights.UpBias.ToArray(), layer.FeedForwardDim);
        graph.Node("BiasGelu", OnnxGraph.Contributed, ["up", "up_bias"], ["activated"]);
        OnnxParts.Product(graph, "down", "activated", weights.Down.Span, shape.DModel, layer.FeedForwardDim);
        SkipNormalise(OnnxModels.Output, "down", "normed", weights.FeedForwardNorm, weights.FeedForwardNormBias, weights.DownBias);
        graph.Output(OnnxModels.Output, data.Workload.Batch, data.Workload.Rows, shape.DModel);
        return graph.ToModel();

        void SkipNormalise(string name, string input, string skip, ReadOnlyMemory<float> gamma, ReadOnlyMemory<float> beta, ReadOnlyMemory<float> bias)
        {
            graph.Initializer($"{name}_gamma", gamma.ToArray(), shape.DModel);
            graph.Initializer($"{name}_beta", beta.ToArray(), shape.DModel);
            graph.Initializer($"{name}_bias", bias.ToArray(), shape.DModel);
            graph.Node(
                "SkipLayerNormalization", OnnxGraph.Contributed, [input, skip, $"{name}_gamma", $"{name}_beta", $"{name}_bias"], [name],
                ("epsilon", layer.NormEpsilon));
        }
    }
}
