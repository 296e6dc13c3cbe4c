namespace AttentionGen;

/// <summary>How a block of multi-head latent attention computes its scores and values. Both forms give the same numbers up to rounding.</summary>
public enum LatentForm
{
    /// <summary>
    /// Keys and values of all heads are projected from the latent vectors of all positions, and attention has heads of their usual width. It takes fewer
    /// multiply-adds for many rows, as in a prompt. A call with a cache expands all keys that the cache holds.
    /// </summary>
    Expanded,

    /// <summary>
    /// Queries are multiplied by the key matrices, attention runs on the latent vectors as they are, and its result is multiplied by the value matrices
    /// (DeepSeek-AI 2024, section 2.1.2). It reads one latent vector for each key, so it is faster for few rows, as in decoding.
    /// </summary>
    Absorbed,
}
