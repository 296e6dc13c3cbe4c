using AttentionGen.Generic;

namespace AttentionGen.Bench.Subjects;

/// <summary>Our shapes and weights as those of bench/Generic.</summary>
internal static class GenericShapes
{
    public static GenericAttentionOptions Attention(AttentionShape shape, int positions) => new()
    {
        Heads = shape.Heads,
        KvHeads = shape.KvHeads,
        HeadDim = shape.HeadDim,
        DModel = shape.DModel,
        MemoryDim = shape.MemoryDim,
        Causal = shape.Causal,
        Scale = shape.Scale,
        Rotary = shape.Rotary switch
        {
            RotaryKind.HalfSplit => GenericRotary.HalfSplit,
            RotaryKind.Interleaved => GenericRotary.Interleaved,
            _ => GenericRotary.None,
        },
        RotaryDim = shape.RotaryDim,
        RotaryBase = shape.RotaryBase,
        MaxPositions = positions,
    };

    public static GenericAttentionWeights Attention(AttentionWeights weights) => new()
    {
        Query = weights.Query.ToArray(),
        Key = weights.Key.ToArray(),
        Value = weights.Value.ToArray(),
        Output = weights.Output.ToArray(),
        QueryBias = weights.QueryBias.ToArray(),
        KeyBias = weights.KeyBias.ToArray(),
        ValueBias = weights.ValueBias.ToArray(),
        OutputBias = weights.OutputBias.ToArray(),
    };

    /// <exception cref="NotSupportedException">The generic layer has no such shape.</exception>
    public static GenericLayer Layer(TransformerLayerShape shape, TransformerLayerWeights weights, int positions) =>
        new(LayerOptions(shape, positions), LayerWeights(weights));

    /// <exception cref="NotSupportedException">The generic layer has no such shape.</exception>
    public static GenericLayerOptions LayerOptions(TransformerLayerShape shape, int positions)
    {
        if (shape is not { ParallelBranches: false, NormPlacement: NormPlacement.Pre or NormPlacement.Post, ResidualScale: 1 }
            || shape.Activation != (shape.Gated ? Activation.Silu : Activation.Gelu))
        {
            throw new NotSupportedException($"The generic layer has no layer of shape {shape}.");
        }
        return new GenericLayerOptions
        {
            Attention = Attention(shape.Attention, positions),
            FeedForwardDim = shape.FeedForwardDim,
            IsGated = shape.Gated,
            IsRms = shape.Norm == Norm.Rms,
            IsPreNorm = shape.NormPlacement == NormPlacement.Pre,
            NormEpsilon = shape.NormEpsilon,
        };
    }

    public static GenericLayerWeights LayerWeights(TransformerLayerWeights weights) => new()
    {
        Attention = Attention(weights.Attention),
        Up = weights.Up.ToArray(),
        UpBias = weights.UpBias.ToArray(),
        Gate = weights.Gate.ToArray(),
        GateBias = weights.GateBias.ToArray(),
        Down = weights.Down.ToArray(),
        DownBias = weights.DownBias.ToArray(),
        AttentionNorm = weights.AttentionNorm.ToArray(),
        AttentionNormBias = weights.AttentionNormBias.ToArray(),
        FeedForwardNorm = weights.FeedForwardNorm.ToArray(),
        FeedForwardNormBias = weights.FeedForwardNormBias.ToArray(),
    };
}
