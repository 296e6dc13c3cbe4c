namespace AttentionGen.Samples.Cluster;

/// <summary>
/// The attention of one layer, without its projections: queries, keys and values come from the model, already rotated. Every range gives what it saw and
/// the log-sum-exp of its scores, by which results of several ranges are merged.
/// </summary>
[AttentionConfig(Heads = 8, KvHeads = 2, HeadDim = 64, Projections = false, Outputs = AttentionOutputs.LogSumExp)]
public sealed partial class ContextAttention
{
    /// <summary>Floats of a query row, and of an output row.</summary>
    public const int QueryWidth = Heads * HeadDim;

    /// <summary>Floats of a key, and of a value, of all KV heads.</summary>
    public const int KeyWidth = KvHeads * HeadDim;

    /// <summary>Keys of a full range. Where ranges begin depends on it, and not on the silos; so do the bits.</summary>
    public const int RangeKeys = 4096;
}
