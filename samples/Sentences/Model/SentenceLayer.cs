namespace AttentionGen.Samples.Sentences;

/// <summary>A layer of the MiniLM family; another shape of model needs other numbers here, and a new build.</summary>
[TransformerLayerConfig(
    Heads = 12, DModel = 384, FeedForwardDim = 1536, Activation = Activation.Gelu,
    Norm = Norm.Layer, NormPlacement = NormPlacement.Post, NormEpsilon = SentenceEncoder.NormEpsilon, Ragged = true)]
public sealed partial class SentenceLayer;
