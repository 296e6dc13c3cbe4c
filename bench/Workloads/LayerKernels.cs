namespace AttentionGen.Bench.Workloads;

/// <summary>One layer of all-MiniLM-L6-v2.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f)]
internal sealed partial class BertLayerH12D384;

/// <summary>The same for several sentences at a time.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true)]
internal sealed partial class MiniLmLayer;

/// <summary>The same with weights and products in int8.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true, Weights = WeightFormat.Int8)]
internal sealed partial class MiniLmInt8Layer;

/// <summary>One layer of all-MiniLM-L6-v2 in int8, for one sentence at a time.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Weights = WeightFormat.Int8)]
internal sealed partial class BertInt8LayerH12D384;

/// <summary>One layer of SmolLM2-135M, stored in 8 bits in the attention and in 4 in the network.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 100_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f,
    Weights = WeightFormat.Int8Blocks, FeedForwardWeights = WeightFormat.Int4Blocks)]
internal sealed partial class LlamaNarrowLayerH9D576;

/// <summary>One layer of SmolLM2-135M.</summary>
[TransformerLayerConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 100_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    FeedForwardDim = 1536, Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f)]
internal sealed partial class LlamaLayerH9D576;

/// <summary>One layer of stories260K: so small that what surrounds the kernels is seen.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f)]
internal sealed partial class LlamaLayerH8D64;

/// <summary>The first product of a feed-forward network of MiniLM.</summary>
[LinearConfig(Inputs = 384, Outputs = 1536, Activation = Activation.Gelu)]
internal sealed partial class FeedForwardUp384;

/// <summary>The last product of a feed-forward network of MiniLM.</summary>
[LinearConfig(Inputs = 1536, Outputs = 384)]
internal sealed partial class FeedForwardDown384;

/// <summary>The language-model head of SmolLM2-135M.</summary>
[LinearConfig(Inputs = 576, Outputs = 49152, Bias = false)]
internal sealed partial class LanguageModelHead576;
