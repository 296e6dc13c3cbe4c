namespace AttentionGen.Samples.Sentences;

/// <summary>The attention of a layer of the MiniLM family; another shape of model needs another line here, and a new build.</summary>
[AttentionConfig(Heads = 12, DModel = 384, Ragged = true)]
public sealed partial class SentenceAttention;
