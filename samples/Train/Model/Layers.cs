namespace AttentionGen.Samples.Train;

// With as many heads as there are numbers of them, all of one width. Biases of queries and keys let a head look at a distance.

/// <summary>Attention alone, with one head.</summary>
[AttentionConfig(Heads = 1, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class OneHead;

/// <summary>With two heads.</summary>
[AttentionConfig(Heads = 2, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class TwoHeads;

/// <summary>With four heads.</summary>
[AttentionConfig(Heads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class FourHeads;

/// <summary>With eight heads.</summary>
[AttentionConfig(Heads = 8, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class EightHeads;

/// <summary>A whole layer as Llama has it, with one head.</summary>
[TransformerLayerConfig(
    Heads = 1, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, FeedForwardDim = 176, Activation = Activation.Silu, Gated = true,
    UpBias = false, GateBias = false, DownBias = false, Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f,
    Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class OneHeadLayer;

/// <summary>With two heads.</summary>
[TransformerLayerConfig(
    Heads = 2, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, FeedForwardDim = 176, Activation = Activation.Silu, Gated = true,
    UpBias = false, GateBias = false, DownBias = false, Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f,
    Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class TwoHeadLayer;

/// <summary>With four heads.</summary>
[TransformerLayerConfig(
    Heads = 4, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, FeedForwardDim = 176, Activation = Activation.Silu, Gated = true,
    UpBias = false, GateBias = false, DownBias = false, Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f,
    Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class FourHeadLayer;

/// <summary>With eight heads.</summary>
[TransformerLayerConfig(
    Heads = 8, DModel = 64, Causal = true, Rotary = RotaryKind.HalfSplit, FeedForwardDim = 176, Activation = Activation.Silu, Gated = true,
    UpBias = false, GateBias = false, DownBias = false, Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f,
    Outputs = AttentionOutputs.Probabilities, Gradients = true)]
internal sealed partial class EightHeadLayer;

/// <summary>The logits of the tokens of repeated sequences.</summary>
[LinearConfig(Inputs = 64, Outputs = 64, Gradients = true)]
internal sealed partial class TokenHead;

/// <summary>The logits of bytes.</summary>
[LinearConfig(Inputs = 64, Outputs = 256, Gradients = true)]
internal sealed partial class ByteHead;
