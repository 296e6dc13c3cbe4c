namespace AttentionGen.Generic;

/// <summary>The shape of a <see cref="GenericLayer"/>, known at run time only.</summary>
public sealed record GenericLayerOptions
{
    /// <summary>The shape of the attention.</summary>
    public required GenericAttentionOptions Attention { get; init; }

    /// <summary>Width of the rows between the products of the feed-forward network.</summary>
    public required int FeedForwardDim { get; init; }

    /// <summary>Whether the feed-forward network is SwiGLU, and GELU otherwise.</summary>
    public bool IsGated { get; init; }

    /// <summary>Whether rows are normalised by their root mean square, and by mean and variance otherwise.</summary>
    public bool IsRms { get; init; }

    /// <summary>Whether the input of a branch is normalised, and the sum behind it otherwise.</summary>
    public bool IsPreNorm { get; init; }

    /// <summary>What is added to the variance or mean square.</summary>
    public float NormEpsilon { get; init; } = 1e-5f;
}

/// <summary>Row-major [outputs, inputs] matrices, and optional vectors (empty where absent).</summary>
public sealed record GenericLayerWeights
{
    /// <summary>Those of the attention.</summary>
    public required GenericAttentionWeights Attention { get; init; }

    /// <summary>[FeedForwardDim, DModel].</summary>
    public required float[] Up { get; init; }

    /// <summary>[FeedForwardDim], or empty.</summary>
    public float[] UpBias { get; init; } = [];

    /// <summary>[FeedForwardDim, DModel], or empty.</summary>
    public float[] Gate { get; init; } = [];

    /// <summary>[FeedForwardDim], or empty.</summary>
    public float[] GateBias { get; init; } = [];

    /// <summary>[DModel, FeedForwardDim].</summary>
    public required float[] Down { get; init; }

    /// <summary>[DModel], or empty.</summary>
    public float[] DownBias { get; init; } = [];

    /// <summary>[DModel].</summary>
    public required float[] AttentionNorm { get; init; }

    /// <summary>[DModel], or empty.</summary>
    public float[] AttentionNormBias { get; init; } = [];

    /// <summary>[DModel].</summary>
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>[DModel], or empty.</summary>
    public float[] FeedForwardNormBias { get; init; } = [];
}
