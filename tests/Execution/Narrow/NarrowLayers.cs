namespace AttentionGen.Tests.Execution.Narrow;

/// <summary>BERT with weights of 4 bits in the attention and 8 in the network; beside it stands the same layer in float32.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true,
    Weights = WeightFormat.Int4Blocks, FeedForwardWeights = WeightFormat.Int8Blocks)]
internal sealed partial class NarrowBertLayer;

/// <summary>Llama; the last product of its network ends within a block of 32.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false, GateBias = false, DownBias = false,
    Weights = WeightFormat.Int8Blocks)]
internal sealed partial class NarrowLlamaLayer;

/// <summary>A decoder layer, whose cross-attention has the format of the self-attention.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 96, Causal = true, NormPlacement = NormPlacement.Post, Activation = Activation.Relu,
    MemoryDim = 64, MemoryLengths = true, Weights = WeightFormat.BFloat16, FeedForwardWeights = WeightFormat.Float16)]
internal sealed partial class NarrowMarianLayer;

/// <summary>BERT in int8 arithmetic.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 256, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, Ragged = true,
    Weights = WeightFormat.Int8)]
internal sealed partial class QuantizedBertLayer;

/// <summary>Llama in int8 arithmetic with blocks: 4 bits in the attention, 8 in the network.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved, Norm = Norm.Rms, Activation = Activation.Silu,
    Gated = true,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false, GateBias = false, DownBias = false,
    Weights = WeightFormat.Int4Blocks, FeedForwardWeights = WeightFormat.Int8Blocks, Arithmetic = WeightArithmetic.Int8)]
internal sealed partial class QuantizedLlamaLayer;
