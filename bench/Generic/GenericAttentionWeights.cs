namespace AttentionGen.Generic;

/// <summary>Row-major [outputs, inputs] matrices, as PyTorch's <c>nn.Linear</c> keeps them, and optional biases (empty where absent).</summary>
public sealed record GenericAttentionWeights
{
    /// <summary>[Heads · HeadDim, DModel].</summary>
    public required float[] Query { get; init; }

    /// <summary>[KvHeads · HeadDim, MemoryDim].</summary>
    public required float[] Key { get; init; }

    /// <summary>[KvHeads · HeadDim, MemoryDim].</summary>
    public required float[] Value { get; init; }

    /// <summary>[DModel, Heads · HeadDim].</summary>
    public required float[] Output { get; init; }

    /// <summary>[Heads · HeadDim], or empty.</summary>
    public float[] QueryBias { get; init; } = [];

    /// <summary>[KvHeads · HeadDim], or empty.</summary>
    public float[] KeyBias { get; init; } = [];

    /// <summary>[KvHeads · HeadDim], or empty.</summary>
    public float[] ValueBias { get; init; } = [];

    /// <summary>[DModel], or empty.</summary>
    public float[] OutputBias { get; init; } = [];
}
