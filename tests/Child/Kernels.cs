namespace AttentionGen.Tests.Child;

[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class EncoderAttention;

[AttentionConfig(Heads = 12, DModel = 768)]
internal sealed partial class BertAttention;

[AttentionConfig(Heads = 8, DModel = 512, Causal = true)]
internal sealed partial class DecoderAttention;

[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, DModel = 50, Causal = true, Rotary = RotaryKind.HalfSplit, KeyLengths = true)]
internal sealed partial class GroupedAttention;

[AttentionConfig(Heads = 2, KvHeads = 1, HeadDim = 256, DModel = 96, Rotary = RotaryKind.Interleaved, RotaryDim = 64)]
internal sealed partial class WideHeadAttention;

[AttentionConfig(Heads = 3, HeadDim = 10, DModel = 33, MemoryDim = 21, KeyLengths = true)]
internal sealed partial class CrossAttention;

[AttentionConfig(Heads = 2, DModel = 6, Unrolling = Unrolling.Full)]
internal sealed partial class TinyAttention;

[AttentionConfig(Heads = 8, DModel = 512, Causal = true, WindowLeft = 255, Alibi = true)]
internal sealed partial class WindowAttention;

/// <summary>All that can happen to a score, and rows with ranges of their own.</summary>
[AttentionConfig(
    Heads = 6, KvHeads = 2, HeadDim = 20, ValueHeadDim = 12, DModel = 50, Causal = true, WindowLeft = 100, KeyLengths = true,
    Rotary = RotaryKind.HalfSplit, RotaryDim = 8, RotaryScaling = RotaryScaling.Yarn, RotaryScalingFactor = 4, RotaryOriginalLength = 64,
    QueryKeyNorm = QueryKeyNorm.Rms, Softcap = 2, Alibi = true, RelativePositionBuckets = 8, RelativePositionMaxDistance = 30,
    Sinks = true, BiasKeyValue = true, ZeroKeyValue = true, Outputs = AttentionOutputs.LogSumExp)]
internal sealed partial class VariantAttention
{
    [ScoreModifier]
    public static float Modify(float score, int head, int query, int key) => key > query ? score : (score * 0.75f) - (0.01f * (query - key));
}

/// <summary>No projections, and masks between a row's first and last key.</summary>
[AttentionConfig(
    Heads = 3, HeadDim = 17, ValueHeadDim = 9, Projections = false, Layout = HeadLayout.HeadsRows, QueryKeyNorm = QueryKeyNorm.Layer,
    ChunkSize = 70, Outputs = AttentionOutputs.LogSumExp | AttentionOutputs.Probabilities)]
internal sealed partial class CoreAttention
{
    [MaskPredicate]
    public static bool IsSeen(int head, int query, int key) => (key + head) % 3 != 0 || key == query;
}

[LinearConfig(Inputs = 300, Outputs = 150, Activation = Activation.Gelu, Gate = true, Residual = true)]
internal sealed partial class GatedLinear;

[LinearConfig(Inputs = 32, Outputs = 64, Activation = Activation.Relu, Gate = true)]
internal sealed partial class ReluLinear;

[LinearConfig(Inputs = 32, Outputs = 64, Activation = Activation.GeluTanh)]
internal sealed partial class GeluTanhLinear;

[LinearConfig(Inputs = 32, Outputs = 64, Activation = Activation.QuickGelu, Residual = true)]
internal sealed partial class QuickGeluLinear;

/// <summary>Layer norms after the sums.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 80, FeedForwardDim = 96, NormPlacement = NormPlacement.Post)]
internal sealed partial class PostLayer;

/// <summary>Layer norms before the branches.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 80, FeedForwardDim = 96)]
internal sealed partial class PreLayer;

/// <summary>RMS norms on both sides of each branch, and a gate.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 80, FeedForwardDim = 96, NormPlacement = NormPlacement.Both, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true)]
internal sealed partial class BothLayer;

[LinearConfig(Inputs = 513, Outputs = 1030, Bias = false, Activation = Activation.Silu)]
internal sealed partial class HeadLinear;

[LinearConfig(Inputs = 300, Outputs = 85, Weights = WeightFormat.Int8)]
internal sealed partial class Int8Linear;

[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int8BlocksLinear;

[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int4Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class Int4BlocksLinear;

/// <summary>Blocks that are widened.</summary>
[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Int4Blocks)]
internal sealed partial class WidenedLinear;

/// <summary>Half precision that is widened.</summary>
[LinearConfig(Inputs = 172, Outputs = 150, Weights = WeightFormat.Float16)]
internal sealed partial class Float16Linear;

/// <summary>Keys and values of 8 bits.</summary>
[AttentionConfig(Heads = 6, KvHeads = 2, HeadDim = 20, Projections = false, Causal = true, KeyValues = KeyValueFormat.Int8)]
internal sealed partial class Int8CacheAttention;
