namespace AttentionGen.Bench.Workloads;

[AttentionConfig(Heads = 4, DModel = 128)]
internal sealed partial class H4D128;

[AttentionConfig(Heads = 12, DModel = 384)]
internal sealed partial class H12D384;

[AttentionConfig(Heads = 8, DModel = 512)]
internal sealed partial class H8D512;

[AttentionConfig(Heads = 12, DModel = 768)]
internal sealed partial class H12D768;

[AttentionConfig(Heads = 8, DModel = 512, Causal = true)]
internal sealed partial class CausalH8D512;

[AttentionConfig(Heads = 12, DModel = 384, KeyLengths = true)]
internal sealed partial class PaddedH12D384;

[AttentionConfig(Heads = 8, DModel = 512, MemoryDim = 512)]
internal sealed partial class CrossH8D512;

/// <summary>One layer of Qwen2.5-0.5B.</summary>
[AttentionConfig(Heads = 14, KvHeads = 2, DModel = 896, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 1_000_000, OutputBias = false)]
internal sealed partial class DecodeH14D896;

/// <summary>One layer of Llama-3.2-1B.</summary>
[AttentionConfig(
    Heads = 32, KvHeads = 8, DModel = 2048, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 500_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class DecodeH32D2048;

/// <summary>One layer of SmolLM2-135M.</summary>
[AttentionConfig(
    Heads = 9, KvHeads = 3, DModel = 576, Causal = true, Rotary = RotaryKind.HalfSplit, RotaryBase = 100_000,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
internal sealed partial class DecodeH9D576;
