namespace AttentionGen.Tests.Execution.Layers;

// Layers of decoders: self-attention, cross-attention to a memory, feed-forward network.

/// <summary>The original Transformer, as PyTorch's nn.TransformerDecoderLayer and Marian have it.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 96, Causal = true, NormPlacement = NormPlacement.Post, Activation = Activation.Relu,
    MemoryDim = 64, MemoryLengths = true)]
internal sealed partial class MarianLayer;

/// <summary>The same with keys and values in bfloat16, those of the memory too.</summary>
[TransformerLayerConfig(Heads = 4, DModel = 64, FeedForwardDim = 96, Causal = true, NormPlacement = NormPlacement.Post, Activation = Activation.Relu,
    MemoryDim = 64, MemoryLengths = true, KeyValues = KeyValueFormat.BFloat16)]
internal sealed partial class NarrowMarianLayer;

/// <summary>T5: relative positions, RMS norms, a gate, no biases; a memory of another width, and ragged.</summary>
[TransformerLayerConfig(
    Heads = 4, HeadDim = 16, DModel = 48, FeedForwardDim = 100, Causal = true, Scale = 1, RelativePositionBuckets = 8, RelativePositionMaxDistance = 20,
    Norm = Norm.Rms,
    Activation = Activation.GeluTanh, Gated = true, QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false, UpBias = false, DownBias = false,
    GateBias = false,
    MemoryDim = 40, Ragged = true)]
internal sealed partial class T5Layer;

/// <summary>T5Gemma: norms on both sides, grouped queries, rotary positions, capped scores, sinks, a window, and so a cache that is a ring.</summary>
[TransformerLayerConfig(
    Heads = 4, KvHeads = 2, HeadDim = 24, ValueHeadDim = 20, DModel = 80, FeedForwardDim = 60, Causal = true, WindowLeft = 20, Rotary = RotaryKind.HalfSplit,
    Softcap = 30,
    QueryKeyNorm = QueryKeyNorm.Rms, NormPlacement = NormPlacement.Both, Norm = Norm.Rms, Activation = Activation.Silu, MemoryDim = 272, MemoryLengths = true,
    Ragged = true,
    ResidualScale = 0.5f, Sinks = true, HeadMask = true, QueryKeyNormScope = QueryKeyNormScope.Projection, OutputGate = true)]
internal sealed partial class GemmaDecoderLayer;

/// <summary>A decoder whose rows fill no whole panels, with norms on both sides.</summary>
[TransformerLayerConfig(Heads = 3, DModel = 21, FeedForwardDim = 37, Causal = true, NormPlacement = NormPlacement.Both, Gated = true, MemoryDim = 19,
    OutputGate = true)]
internal sealed partial class OddDecoderLayer;

/// <summary>All rows at once, as a decoder that is not autoregressive: no cache, and padding that is skipped.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 32, FeedForwardDim = 20, MemoryDim = 16, KeyLengths = true, SkipPadding = true,
    Outputs = AttentionOutputs.Probabilities, HeadMask = true)]
internal sealed partial class FillingLayer;

/// <summary>Rows that see all keys, without a cache.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 32, FeedForwardDim = 20, MemoryDim = 32, HeadMask = true)]
internal sealed partial class RefiningLayer;
