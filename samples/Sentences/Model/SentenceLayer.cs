namespace AttentionGen.Samples.Sentences;

/// <summary>A layer of the MiniLM family; another shape of model needs other numbers here, and a new build.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = SentenceEncoder.NormEpsilon, Ragged = true)]
public sealed partial class SentenceLayer;

/// <summary>The same with weights and products in int8.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = SentenceEncoder.NormEpsilon, Ragged = true, Weights = WeightFormat.Int8)]
public sealed partial class Int8SentenceLayer;
