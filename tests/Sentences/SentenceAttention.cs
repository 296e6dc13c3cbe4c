namespace AttentionGen.Tests.Sentences;

/// <summary>The attention of a layer of MiniLM alone: the trace has what it gives.</summary>
[AttentionConfig(Heads = 12, DModel = 384, Ragged = true)]
internal sealed partial class SentenceAttention;

/// <summary>The layer of the sample for texts that are padded to the longest.</summary>
[TransformerLayerConfig(Heads = 12, DModel = 384, FeedForwardDim = 1536, NormPlacement = NormPlacement.Post, NormEpsilon = 1e-12f, KeyLengths = true)]
internal sealed partial class PaddedSentenceLayer;
