using AttentionGen;

/// <summary>The generator writes the rest: the constructor, Forward, and the kernels. Numbers that cannot work are an error AG of the compiler.</summary>
[AttentionConfig(Heads = TEMPLATE_HEADS, DModel = TEMPLATE_DMODEL)]
public sealed partial class EncoderAttention;
