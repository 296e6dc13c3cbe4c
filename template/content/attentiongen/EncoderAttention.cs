using AttentionGen;

/// <summary>The generator writes the rest of this class: the constructor, Forward, and the kernels. Numbers that cannot work are an error of the compiler, AG and four digits.</summary>
[AttentionConfig(Heads = TEMPLATE_HEADS, DModel = TEMPLATE_DMODEL)]
public sealed partial class EncoderAttention;
