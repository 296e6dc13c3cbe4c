namespace AttentionGen.Tests.Execution.Gradients;

/// <summary>Layers that can be trained: norms in every place, one and two parallel branches, every activation, gated and not.</summary>
[TransformerLayerConfig(Heads = 2, DModel = 32, FeedForwardDim = 48, Causal = true, ResidualScale = 0.5f, Gradients = true)]
public sealed partial class PreNormLayer;

[TransformerLayerConfig(
    Heads = 2, DModel = 40, HeadDim = 12, FeedForwardDim = 56, NormPlacement = NormPlacement.Post, Activation = Activation.Relu, KeyLengths = true,
    NormBias = false, Gradients = true)]
public sealed partial class PostNormLayer;

[TransformerLayerConfig(
    Heads = 4, KvHeads = 2, DModel = 32, FeedForwardDim = 72, NormPlacement = NormPlacement.Both, Norm = Norm.Rms, Activation = Activation.Silu, Gated = true,
    UpBias = false, DownBias = false, QueryKeyNorm = QueryKeyNorm.Rms, Rotary = RotaryKind.HalfSplit, Causal = true, ResidualScale = 0.7f, Gradients = true)]
public sealed partial class SandwichLayer;

[TransformerLayerConfig(
    Heads = 2, DModel = 48, FeedForwardDim = 64, ParallelBranches = true, Activation = Activation.GeluTanh, Causal = true, Gradients = true)]
public sealed partial class ParallelLayer;

[TransformerLayerConfig(
    Heads = 3, DModel = 48, FeedForwardDim = 100, ParallelBranches = true, ParallelNorms = true, Activation = Activation.QuickGelu, Gated = true,
    GateBias = true, Ragged = true, ResidualScale = 2, Gradients = true)]
public sealed partial class ParallelNormsLayer;

[TransformerLayerConfig(Heads = 1, DModel = 16, FeedForwardDim = 20, Activation = Activation.None, Norm = Norm.Rms, Gradients = true)]
public sealed partial class LinearLayer;
