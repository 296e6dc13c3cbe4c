namespace AttentionGen;

/// <summary>
/// The arguments of one call of a block of latent attention; see <see cref="ILatentAttention{TSelf}.Forward(in LatentAttentionArguments)"/>. In a ragged
/// batch, [batch, rows, …] means [total rows, …].
/// </summary>
public readonly ref struct LatentAttentionArguments
{
    /// <summary>Creates arguments with one sequence and default options.</summary>
    public LatentAttentionArguments() => Batch = 1;

    /// <summary>[batch, rows, DModel].</summary>
    public ReadOnlySpan<float> Input { get; init; }

    /// <summary>[batch, rows, DModel]. Must not overlap <see cref="Input"/>.</summary>
    public Span<float> Output { get; init; }

    /// <summary>The cache that the latent vectors are appended to; null for a call without a cache.</summary>
    public AttentionCache? Cache { get; init; }

    /// <summary>
    /// How the call computes. Null, the default, means <see cref="LatentForm.Absorbed"/> with a cache and <see cref="LatentForm.Expanded"/> without one.
    /// </summary>
    public LatentForm? Form { get; init; }

    /// <summary>
    /// [batch + 1]: the first row of each sequence, and the end of the last one; declared by <see cref="LatentAttentionConfigAttribute.Ragged"/>.
    /// </summary>
    public ReadOnlySpan<int> RowOffsets { get; init; }

    /// <summary>The number of sequences, 1 if it is not set. With a cache it must equal <see cref="AttentionCache.Batch"/>.</summary>
    public int Batch { get; init; }

    /// <summary>Threads and cancellation.</summary>
    public ForwardOptions Options { get; init; }
}
