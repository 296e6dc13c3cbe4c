using System.Runtime.InteropServices;

namespace AttentionGen;

/// <summary>Gradients of the weights of one Transformer layer, with the names and the layout of <see cref="TransformerLayerWeights"/>.</summary>
public sealed class TransformerLayerGradients : WeightGradients
{
    /// <summary>Makes gradients of zero for some weights.</summary>
    /// <param name="weights">
    /// The weights that are trained. <see cref="WeightGradients.Tensors"/> gives access to their numbers, which an optimiser changes.
    /// </param>
    public TransformerLayerGradients(TransformerLayerWeights weights)
    {
        ArgumentNullException.ThrowIfNull(weights);
        Attention = new AttentionGradients(weights.Attention);
        Add(nameof(Attention), Attention);
        Up = Add(nameof(Up), weights.UpMatrix.Writable);
        UpBias = Add(nameof(UpBias), MemoryMarshal.AsMemory(weights.UpBias));
        Gate = Add(nameof(Gate), weights.GateMatrix.Writable);
        GateBias = Add(nameof(GateBias), MemoryMarshal.AsMemory(weights.GateBias));
        Down = Add(nameof(Down), weights.DownMatrix.Writable);
        DownBias = Add(nameof(DownBias), MemoryMarshal.AsMemory(weights.DownBias));
        AttentionNorm = Add(nameof(AttentionNorm), MemoryMarshal.AsMemory(weights.AttentionNorm));
        AttentionNormBias = Add(nameof(AttentionNormBias), MemoryMarshal.AsMemory(weights.AttentionNormBias));
        AttentionOutputNorm = Add(nameof(AttentionOutputNorm), MemoryMarshal.AsMemory(weights.AttentionOutputNorm));
        AttentionOutputNormBias = Add(nameof(AttentionOutputNormBias), MemoryMarshal.AsMemory(weights.AttentionOutputNormBias));
        FeedForwardNorm = Add(nameof(FeedForwardNorm), MemoryMarshal.AsMemory(weights.FeedForwardNorm));
        FeedForwardNormBias = Add(nameof(FeedForwardNormBias), MemoryMarshal.AsMemory(weights.FeedForwardNormBias));
        FeedForwardOutputNorm = Add(nameof(FeedForwardOutputNorm), MemoryMarshal.AsMemory(weights.FeedForwardOutputNorm));
        FeedForwardOutputNormBias = Add(nameof(FeedForwardOutputNormBias), MemoryMarshal.AsMemory(weights.FeedForwardOutputNormBias));
    }

    /// <summary>Of the weights of the attention.</summary>
    public AttentionGradients Attention { get; }

    /// <summary>[FeedForwardDim, DModel].</summary>
    public Memory<float> Up { get; }

    /// <summary>[FeedForwardDim]; empty if there is none.</summary>
    public Memory<float> UpBias { get; }

    /// <summary>[FeedForwardDim, DModel]; empty if there is none.</summary>
    public Memory<float> Gate { get; }

    /// <summary>[FeedForwardDim]; empty if there is none.</summary>
    public Memory<float> GateBias { get; }

    /// <summary>[DModel, FeedForwardDim].</summary>
    public Memory<float> Down { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> DownBias { get; }

    /// <summary>[DModel].</summary>
    public Memory<float> AttentionNorm { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> AttentionNormBias { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> AttentionOutputNorm { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> AttentionOutputNormBias { get; }

    /// <summary>[DModel]; empty for parallel branches that share a norm.</summary>
    public Memory<float> FeedForwardNorm { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> FeedForwardNormBias { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> FeedForwardOutputNorm { get; }

    /// <summary>[DModel]; empty if there is none.</summary>
    public Memory<float> FeedForwardOutputNormBias { get; }
}
