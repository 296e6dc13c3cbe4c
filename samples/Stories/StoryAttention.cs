namespace AttentionGen.Samples.Stories;

/// <summary>The attention of one layer of stories260K; another model needs another line here, and a new build.</summary>
[AttentionConfig(
    Heads = 8, KvHeads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.Interleaved,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false)]
public sealed partial class StoryAttention;
