namespace AttentionGen.Samples.Transliterate;

/// <summary>Every character of the source word reads every other.</summary>
[AttentionConfig(Heads = 8, DModel = 32)]
public sealed partial class EncoderAttention;

/// <summary>Each output character reads itself and those before it.</summary>
[AttentionConfig(Heads = 8, DModel = 32, Causal = true)]
public sealed partial class DecoderAttention;

/// <summary>Each output character reads the encoded source word.</summary>
[AttentionConfig(Heads = 8, DModel = 32, MemoryDim = 32)]
public sealed partial class CrossAttention;
