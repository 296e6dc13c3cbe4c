namespace AttentionGen.Samples.Quickstart;

/// <summary>The attention of a Transformer encoder: 8 heads, 512 wide. The generator writes everything else.</summary>
[AttentionConfig(Heads = 8, DModel = 512)]
public sealed partial class EncoderAttention;
