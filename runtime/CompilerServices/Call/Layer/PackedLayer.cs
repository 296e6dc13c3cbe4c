namespace AttentionGen.CompilerServices;

/// <summary>What a Transformer layer keeps beside the weights of its attention: the packed feed-forward network, and its norms.</summary>
internal sealed class PackedLayer
{
    /// <summary>What the layer computes.</summary>
    public required TransformerLayerShape Shape { get; init; }

    /// <summary>The weights as the gradients' products read them, row-major; null for a class without gradients.</summary>
    public TransformerLayerWeights Trained { get; private set; } = null!;

    // What the shape does not declare is null, and no path reads it.
    public required PackedMatrix Up { get; init; }

    public required PackedMatrix Gate { get; init; }

    public required PackedMatrix Down { get; init; }

    /// <summary>The norm before the attention, or after its sum.</summary>
    public required RowNorm AttentionNorm { get; init; }

    /// <summary>The norm of what the attention gives.</summary>
    public required RowNorm AttentionResultNorm { get; init; }

    /// <summary>The norm before the cross-attention, or after its sum.</summary>
    public required RowNorm MemoryNorm { get; init; }

    /// <summary>The norm of what the cross-attention gives.</summary>
    public required RowNorm MemoryResultNorm { get; init; }

    /// <summary>The norm before the feed-forward network, or after its sum.</summary>
    public required RowNorm FeedForwardNorm { get; init; }

    /// <summary>The norm of what the feed-forward network gives.</summary>
    public required RowNorm FeedForwardResultNorm { get; init; }

    /// <summary>Factor of what a branch adds.</summary>
    public required float ResidualScale { get; init; }

    /// <summary>Packs checked weights.</summary>
    public static PackedLayer Pack<TConstants>(TransformerLayerShape shape, TransformerLayerWeights weights)
        where TConstants : struct, IAttentionConstants
    {
        int dModel = shape.DModel, width = shape.FeedForwardDim;
        bool both = shape.NormPlacement == NormPlacement.Both;
        RowNorm Normalisation(ReadOnlyMemory<float> weight, ReadOnlyMemory<float> bias) => new(shape.Norm, weight.Span, bias.Span, shape.NormEpsilon);
        PackedMatrix Packed(WeightTensor matrix, ReadOnlyMemory<float> bias, int outputs, int inputs, int interleaved) => PackedMatrix.Pack(
            matrix, bias.Span, outputs, inputs, PanelLayout.Panels(outputs), interleaved, shape.FeedForwardWeights, shape.Attention.Arithmetic);
        return new()
        {
            Shape = shape,
            Trained = shape.Attention.Gradients ? weights : null!,
            Up = Packed(weights.UpMatrix, weights.UpBias, width, dModel, TConstants.InterleavedUp),
            Gate = shape.Gated ? Packed(weights.GateMatrix, weights.GateBias, width, dModel, TConstants.InterleavedUp) : null!,
            Down = Packed(weights.DownMatrix, weights.DownBias, dModel, width, TConstants.InterleavedDown),
            AttentionNorm = Normalisation(weights.AttentionNorm, weights.AttentionNormBias),
            AttentionResultNorm = both ? Normalisation(weights.AttentionOutputNorm, weights.AttentionOutputNormBias) : null!,
            MemoryNorm = shape.MemoryDim > 0 ? Normalisation(weights.CrossAttentionNorm, weights.CrossAttentionNormBias) : null!,
            MemoryResultNorm = both && shape.MemoryDim > 0 ? Normalisation(weights.CrossAttentionOutputNorm, weights.CrossAttentionOutputNormBias) : null!,
            FeedForwardNorm = !shape.HasFeedForwardNorm ? null! : Normalisation(weights.FeedForwardNorm, weights.FeedForwardNormBias),
            FeedForwardResultNorm = both ? Normalisation(weights.FeedForwardOutputNorm, weights.FeedForwardOutputNormBias) : null!,
            ResidualScale = shape.ResidualScale,
        };
    }

    /// <summary>Packs checked weights in place of those before, without allocating.</summary>
    public void Repack(TransformerLayerWeights weights)
    {
        Up.Repack(weights.Up.Span, weights.UpBias.Span);
        Gate?.Repack(weights.Gate.Span, weights.GateBias.Span);
        Down.Repack(weights.Down.Span, weights.DownBias.Span);
        AttentionNorm.Set(weights.AttentionNorm.Span, weights.AttentionNormBias.Span);
        AttentionResultNorm?.Set(weights.AttentionOutputNorm.Span, weights.AttentionOutputNormBias.Span);
        FeedForwardNorm?.Set(weights.FeedForwardNorm.Span, weights.FeedForwardNormBias.Span);
        FeedForwardResultNorm?.Set(weights.FeedForwardOutputNorm.Span, weights.FeedForwardOutputNormBias.Span);
        Trained = weights;
    }
}
