namespace AttentionGen.Tests.Load;

/// <summary>With a cache, and large enough that two threads share a call.</summary>
[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 128, Causal = true, Rotary = RotaryKind.HalfSplit)]
internal sealed partial class DecoderAttention;

/// <summary>So small that a million calls take seconds.</summary>
[AttentionConfig(Heads = 1, DModel = 8, Causal = true)]
internal sealed partial class SmallAttention;
