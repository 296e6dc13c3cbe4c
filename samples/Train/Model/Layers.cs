namespace AttentionGen.Samples.Train;

// Attention alone, with as many heads as there are numbers of them, all of one width. Biases of queries and keys let a head look at a distance.

[AttentionConfig(Heads = 1, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class OneHead;

[AttentionConfig(Heads = 2, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class TwoHeads;

[AttentionConfig(Heads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class FourHeads;

[AttentionConfig(Heads = 8, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class EightHeads;
