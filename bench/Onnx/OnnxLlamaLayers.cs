using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Onnx;

/// <summary>A Llama layer in the fused operators that onnxruntime's own model builder for generation uses; rows are known at run time only.</summary>
internal static class OnnxLlamaLayers
{
    /// <summary>Queries, keys and values by three products.</summary>
    public static byte[] Separate(AttentionData data, int capacity) => Create((LayerData)data, capacity, isPacked: false);

    /// <summary>Queries, keys and values by one product.</summary>
    public static byte[] Packed(AttentionData data, int capacity) => Create((LayerData)data, capacity, isPacked: true);

    private static byte[] Create(LayerData data, int capacity, bool isPacked)
    {
        TransformerLayerShape layer = data.Workload.Layer;
        AttentionShape shape = layer.Attention;
        AttentionWeights weights = data.Weights;
        var graph = new OnnxGraph();
        graph.Input(OnnxModels.Input, 1, -1, shape.DModel);
        graph.Initializer("attention_gamma", data.LayerWeights.AttentionNorm.ToArray(), shape.DModel);
        graph.Initializer("feed_forward_gamma", data.LayerWeights.FeedForwardNorm.ToArray(), shape.DModel);
        // Of the standard's domain, although the standard has no such operator.
        graph.Node("SimplifiedLayerNormalization", "", [OnnxModels.Input, "attention_gamma"], ["normed"], ("axis", -1), ("epsilon", layer.NormEpsilon));
        float[] stacked = [.. weights.Query, .. weights.Key, .. weights.Value];
        string[] projected = isPacked
            ? [OnnxParts.Product(graph, "qkv", "normed", stacked, shape.QueryDim + shape.KeyDim + shape.ValueDim, shape.DModel), "", ""]
            :
            [
                OnnxParts.Product(graph, "query", "normed", weights.Query, shape.QueryDim, shape.DModel),
                OnnxParts.Product(graph, "key", "normed", weights.Key, shape.KeyDim, shape.DModel),
                OnnxParts.Product(graph, "value", "normed", weights.Value, shape.ValueDim, shape.DModel),
            ];
        OnnxModels.AddGroupQueryAttention(graph, shape, projected, capacity);
        OnnxParts.Product(graph, "attended", "context", weights.Output, shape.DModel, shape.JoinedDim);
        graph.Node(
            "SkipSimplifiedLayerNormalization", OnnxGraph.Contributed, ["attended", OnnxModels.Input, "feed_forward_gamma"], ["sum_normed", "", "", "sum"],
            ("epsilon", layer.NormEpsilon));
        OnnxParts.Product(graph, "gate", "sum_normed", data.LayerWeights.Gate.Span, layer.FeedForwardDim, shape.DModel);
        OnnxParts.Product(graph, "up", "sum_normed", data.LayerWeights.Up.Span, layer.FeedForwardDim, shape.DModel);
        // What its optimiser makes of x · sigmoid(x).
        graph.Node("QuickGelu", OnnxGraph.Contributed, ["gate"], ["activated"], ("alpha", 1f));
        graph.Node("Mul", "gated", "activated", "up");
        OnnxParts.Product(graph, "down", "gated", data.LayerWeights.Down.Span, shape.DModel, layer.FeedForwardDim);
        graph.Node("Add", OnnxModels.Output, "down", "sum");
        graph.Output(OnnxModels.Output, 1, -1, shape.DModel);
        return graph.ToModel();
    }
}
