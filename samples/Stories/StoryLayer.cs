namespace AttentionGen.Samples.Stories;

/// <summary>One layer of stories260K; another model needs other numbers here, and a new build.</summary>
[TransformerLayerConfig(
    Heads = 8, KvHeads = 4, DModel = 64, FeedForwardDim = 172, Causal = true, Rotary = RotaryKind.Interleaved,
    QueryBias = false, KeyBias = false, ValueBias = false, OutputBias = false,
    Activation = Activation.Silu, Gated = true, UpBias = false, GateBias = false, DownBias = false,
    Norm = Norm.Rms, NormPlacement = NormPlacement.Pre, NormEpsilon = 1e-5f)]
public sealed partial class StoryLayer;

/// <summary>The logits of the next token.</summary>
[LinearConfig(Inputs = 64, Outputs = 512, Bias = false)]
public sealed partial class StoryHead;
