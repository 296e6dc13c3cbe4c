using AttentionGen.Bench.Workloads;

namespace AttentionGen.Bench.Onnx;

/// <summary>The whole attention block, projections included, in each form that onnxruntime has a fused operator for.</summary>
internal static class OnnxModels
{
    /// <summary>The subjects' name in reports.</summary>
    public const string LibraryName = "onnxruntime";

    public const string Input = "input";
    public const string Memory = "memory";
    public const string KeyLengths = "key_lengths";
    public const string TotalLength = "total_length";
    public const string Output = "output";
    public const string PastKey = "past_key";
    public const string PastValue = "past_value";
    public const string PresentKey = "present_key";
    public const string PresentValue = "present_value";

    /// <summary>com.microsoft.Attention, which projects queries, keys and values itself, then the output projection.</summary>
    public static byte[] Attention(AttentionData data)
    {
        AttentionWorkload workload = data.Workload;
        AttentionShape shape = workload.Shape;
        AttentionWeights weights = data.Weights;
        var graph = new OnnxGraph();
        graph.Input(Input, workload.Batch, workload.Rows, shape.DModel);
        // One matrix [DModel, queries | keys | values].
        float[] stacked = [.. weights.Query, .. weights.Key, .. weights.Value];
        graph.Initializer("qkv_weight", OnnxParts.Transpose(stacked, 3 * shape.QueryDim, shape.DModel), shape.DModel, 3 * shape.QueryDim);
        graph.Initializer("qkv_bias", [.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim);
        graph.Node(
            "Attention", OnnxGraph.Contributed, [Input, "qkv_weight", "qkv_bias", DeclareKeyLengths(graph, workload)], ["context"],
            ("num_heads", shape.Heads), ("unidirectional", shape.Causal ? 1 : 0), ("scale", shape.Scale));
        return Finish(graph, data);
    }

    /// <summary>com.microsoft.MultiHeadAttention after three products.</summary>
    /// <param name="data">Shape and weights.</param>
    /// <param name="biasInside">Whether the operator adds the biases of the projections, or three nodes before it.</param>
    public static byte[] MultiHeadAttention(AttentionData data, bool biasInside)
    {
        AttentionWorkload workload = data.Workload;
        AttentionShape shape = workload.Shape;
        AttentionWeights weights = data.Weights;
        var graph = new OnnxGraph();
        graph.Input(Input, workload.Batch, workload.Rows, shape.DModel);
        string source = shape.IsCrossAttention ? graph.Input(Memory, workload.Batch, workload.MemoryRows, shape.MemoryDim) : Input;
        string query = OnnxParts.Linear(graph, "query", Input, weights.Query, biasInside ? [] : weights.QueryBias, shape.QueryDim, shape.DModel);
        string key = OnnxParts.Linear(graph, "key", source, weights.Key, biasInside ? [] : weights.KeyBias, shape.KeyDim, shape.MemoryDim);
        string value = OnnxParts.Linear(graph, "value", source, weights.Value, biasInside ? [] : weights.ValueBias, shape.KeyDim, shape.MemoryDim);
        string bias = biasInside
            ? graph.Initializer("qkv_bias", [.. weights.QueryBias, .. weights.KeyBias, .. weights.ValueBias], 3 * shape.QueryDim)
            : "";
        graph.Node(
            "MultiHeadAttention", OnnxGraph.Contributed, [query, key, value, bias, DeclareKeyLengths(graph, workload)], ["context"],
            ("num_heads", shape.Heads), ("unidirectional", shape.Causal ? 1 : 0), ("scale", shape.Scale));
        return Finish(graph, data);
    }

    /// <summary>com.microsoft.GroupQueryAttention with its rotary embedding and KV cache, after three products; rows are known at run time only.</summary>
    /// <param name="data">Shape and weights.</param>
    /// <param name="capacity">Keys that the cache holds.</param>
    public static byte[] GroupQueryAttention(AttentionData data, int capacity)
    {
        AttentionShape shape = data.Workload.Shape;
        AttentionWeights weights = data.Weights;
        var graph = new OnnxGraph();
        graph.Input(Input, 1, -1, shape.DModel);
        string query = OnnxParts.Linear(graph, "query", Input, weights.Query, weights.QueryBias, shape.QueryDim, shape.DModel);
        string key = OnnxParts.Linear(graph, "key", Input, weights.Key, weights.KeyBias, shape.KeyDim, shape.DModel);
        string value = OnnxParts.Linear(graph, "value", Input, weights.Value, weights.ValueBias, shape.KeyDim, shape.DModel);
        AddGroupQueryAttention(graph, shape, [query, key, value], capacity);
        return Finish(graph, data, rows: -1);
    }

    /// <summary>com.microsoft.GroupQueryAttention with its inputs and outputs beside the rows; its result is named context.</summary>
    /// <param name="graph">The model.</param>
    /// <param name="shape">The shape.</param>
    /// <param name="projected">Queries, keys and values; or all in the first, and two empty names.</param>
    /// <param name="capacity">Keys that the cache holds.</param>
    public static void AddGroupQueryAttention(OnnxGraph graph, AttentionShape shape, string[] projected, int capacity)
    {
        graph.Input(PastKey, 1, shape.KvHeads, capacity, shape.HeadDim);
        graph.Input(PastValue, 1, shape.KvHeads, capacity, shape.HeadDim);
        graph.IntegerInput(KeyLengths, 1);
        graph.IntegerInput(TotalLength, 1);
        bool rotary = shape.Rotary != RotaryKind.None;
        if (rotary)
        {
            (float[] cosines, float[] sines) = OnnxParts.RotaryTables(shape, capacity);
            graph.Initializer("cosines", cosines, capacity, shape.RotaryDim / 2);
            graph.Initializer("sines", sines, capacity, shape.RotaryDim / 2);
        }
        graph.Node(
            "GroupQueryAttention", OnnxGraph.Contributed,
            [.. projected, PastKey, PastValue, KeyLengths, TotalLength, rotary ? "cosines" : "", rotary ? "sines" : ""],
            ["context", PresentKey, PresentValue],
            ("num_heads", shape.Heads), ("kv_num_heads", shape.KvHeads), ("scale", shape.Scale),
            ("local_window_size", shape.WindowLeft < 0 ? -1 : shape.WindowLeft + 1),
            ("do_rotary", rotary ? 1 : 0), ("rotary_interleaved", shape.Rotary == RotaryKind.Interleaved ? 1 : 0));
        graph.Output(PresentKey, 1, shape.KvHeads, capacity, shape.HeadDim);
        graph.Output(PresentValue, 1, shape.KvHeads, capacity, shape.HeadDim);
    }

    /// <summary>The output projection, and the end of the model.</summary>
    private static byte[] Finish(OnnxGraph graph, AttentionData data, int? rows = null)
    {
        AttentionWorkload workload = data.Workload;
        AttentionShape shape = workload.Shape;
        OnnxParts.Linear(graph, Output, "context", data.Weights.Output, data.Weights.OutputBias, shape.DModel, shape.QueryDim);
        graph.Output(Output, workload.Batch, rows ?? workload.Rows, shape.DModel);
        return graph.ToModel();
    }

    private static string DeclareKeyLengths(OnnxGraph graph, AttentionWorkload workload) =>
        workload.KeyLengths.Length == 0 ? "" : graph.IntegerInput(KeyLengths, workload.Batch);
}
