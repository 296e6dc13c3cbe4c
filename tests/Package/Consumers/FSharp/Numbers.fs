module Numbers

// Not an attribute: AttentionConfig.
let weights = AttentionGen.AttentionWeights.Empty
