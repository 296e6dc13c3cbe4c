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
