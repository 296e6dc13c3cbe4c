namespace AttentionGen.Samples.Transliterate;

/// <summary>Every character of the source word reads every other. Norms stand before each branch.</summary>
[TransformerLayerConfig(Heads = 8, DModel = 32, FeedForwardDim = 128, Activation = Activation.Relu)]
public sealed partial class EncoderLayer;

/// <summary>Each output character reads itself and those before it, and then the encoded source word.</summary>
[TransformerLayerConfig(Heads = 8, DModel = 32, FeedForwardDim = 128, Activation = Activation.Relu, Causal = true, MemoryDim = 32)]
public sealed partial class DecoderLayer;

/// <summary>From a row of the decoder to a score for each character.</summary>
[LinearConfig(Inputs = 32, Outputs = 43)]
public sealed partial class CharacterHead;
