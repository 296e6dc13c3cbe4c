namespace AttentionGen.Tests.Sentences;

/// <summary>The attention of a layer of MiniLM alone: the trace has what it gives.</summary>
[AttentionConfig(Heads = 12, DModel = 384, Ragged = true)]
internal sealed partial class SentenceAttention;
