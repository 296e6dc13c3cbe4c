using AttentionGen.Samples.Sentences;

namespace AttentionGen.Samples.Heads;

// The layers of the other samples once more: they also return probabilities, and take a factor for each head.

/// <summary>A layer of all-MiniLM-L6-v2.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = SentenceEncoder.Width, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, HeadMask = true, Outputs = AttentionOutputs.Probabilities)]
public sealed partial class SentenceHeadsLayer;

/// <summary>A layer of stories260K.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f, HeadMask = true, Outputs = AttentionOutputs.Probabilities)]
public sealed partial class StoryHeadsLayer;

/// <summary>A layer of the encoder of samples/Transliterate.</summary>
[TransformerLayerConfig(
    Heads = 8, DModel = 32, FeedForwardDim = 128, Activation = Activation.Relu, HeadMask = true, Outputs = AttentionOutputs.Probabilities)]
public sealed partial class EncoderHeadsLayer;

/// <summary>The self-attention of a layer of its decoder.</summary>
[AttentionConfig(Heads = 8, DModel = 32, Causal = true, HeadMask = true, Outputs = AttentionOutputs.Probabilities)]
public sealed partial class DecoderSelfAttention;

/// <summary>The cross-attention of that layer: the probabilities of a whole layer are those of its self-attention.</summary>
[AttentionConfig(Heads = 8, DModel = 32, MemoryDim = 32, HeadMask = true, Outputs = AttentionOutputs.Probabilities)]
public sealed partial class DecoderCrossAttention;

/// <summary>The first product of the feed-forward network of that layer.</summary>
[LinearConfig(Inputs = 32, Outputs = 128, Activation = Activation.Relu)]
public sealed partial class DecoderUp;

/// <summary>The second product, and the residual sum.</summary>
[LinearConfig(Inputs = 128, Outputs = 32, Residual = true)]
public sealed partial class DecoderDown;
