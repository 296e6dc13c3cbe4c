namespace AttentionGen.Tests.Compatibility;

// Nothing here depends on the platform's mathematics library: no rotary embedding, no bias by distance, no log-sum-exp.

[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class EncoderAttention;

[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, DModel = 50, Causal = true, Outputs = AttentionOutputs.Probabilities)]
internal sealed partial class CausalAttention;

[AttentionConfig(Heads = 3, HeadDim = 10, DModel = 33, MemoryDim = 21, KeyLengths = true)]
internal sealed partial class CrossAttention;

/// <summary>Everything between a score and its probability.</summary>
[AttentionConfig(
    Heads = 6, KvHeads = 3, HeadDim = 20, ValueHeadDim = 12, DModel = 50, Causal = true, WindowLeft = 100, KeyLengths = true, QueryKeyNorm = QueryKeyNorm.Rms,
    Softcap = 2, Sinks = true, BiasKeyValue = true, ZeroKeyValue = true)]
internal sealed partial class ScoreAttention
{
    [ScoreModifier]
    public static float Modify(float score, int head, int query, int key) => (score * 0.75f) - (0.01f * (query - key));
}

/// <summary>No projections, and masks between a row's first and last key.</summary>
[AttentionConfig(Heads = 3, HeadDim = 17, ValueHeadDim = 9, Projections = false, QueryKeyNorm = QueryKeyNorm.Layer, ChunkSize = 70,
    Outputs = AttentionOutputs.MaskedScores)]
internal sealed partial class CoreAttention
{
    [MaskPredicate]
    public static bool IsSeen(int head, int query, int key) => (key + head) % 3 != 0 || key == query;
}

[AttentionConfig(Heads = 4, DModel = 64, Ragged = true)]
internal sealed partial class RaggedAttention;

[AttentionConfig(Heads = 4, DModel = 64, ScoreFunction = ScoreFunction.Sigmoid, SigmoidBias = -4, OutputGate = true)]
internal sealed partial class GatedAttention;

[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, Projections = false, Causal = true, KeyValues = KeyValueFormat.Int8)]
internal sealed partial class NarrowAttention;

[LinearConfig(Inputs = 300, Outputs = 150, Activation = Activation.Gelu, Gate = true, Residual = true)]
internal sealed partial class GatedLinear;

[LinearConfig(Inputs = 300, Outputs = 85, Weights = WeightFormat.BFloat16)]
internal sealed partial class BFloat16Linear;

[LinearConfig(Inputs = 300, Outputs = 85, Weights = WeightFormat.Int8)]
internal sealed partial class Int8Linear;

[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int4Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int4Linear;

/// <summary>As in BERT.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, Ragged = true)]
internal sealed partial class EncoderLayer;

/// <summary>As in Llama, without its rotary embedding.</summary>
[TransformerLayerConfig(Heads = 4, KvHeads = 2, DModel = 80, FeedForwardDim = 172, Causal = true, Norm = Norm.Rms, Activation = Activation.Silu, Gated = true)]
internal sealed partial class CausalLayer;

/// <summary>With a memory, as in a translating decoder.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 48, FeedForwardDim = 96, Causal = true, MemoryDim = 32, Activation = Activation.GeluTanh)]
internal sealed partial class DecoderLayer;

[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 64, Causal = true, QueryKeyNorm = QueryKeyNorm.Rms, Gradients = true)]
internal sealed partial class TrainedAttention;

[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 100, Activation = Activation.Silu, Gated = true, Gradients = true)]
internal sealed partial class TrainedLayer;

[LinearConfig(Inputs = 150, Outputs = 85, Activation = Activation.Gelu, Gradients = true)]
internal sealed partial class TrainedLinear;
