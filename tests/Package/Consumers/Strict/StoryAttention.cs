using AttentionGen;

namespace Strict;

/// <summary>Public, so that the compiler asks for documentation of every generated member.</summary>
[AttentionConfig(Heads = 4, KvHeads = 2, DModel = 64, Causal = true, Rotary = RotaryKind.Interleaved, QueryBias = false)]
public sealed partial class StoryAttention;
