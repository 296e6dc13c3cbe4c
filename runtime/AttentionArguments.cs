namespace AttentionGen;

/// <summary>Everything one call of a kernel may be given; see <see cref="IAttentionKernel{TSelf}.Forward(in AttentionArguments)"/>.</summary>
public readonly ref struct AttentionArguments
{
    /// <summary>Starts with one sequence and no options.</summary>
    public AttentionArguments() => Batch = 1;

    /// <summary>[batch, rows, DModel].</summary>
    public ReadOnlySpan<float> Input { get; init; }

    /// <summary>[batch, memory rows, MemoryDim]; cross-attention only, and empty where the memory is in <see cref="Cache"/>.</summary>
    public ReadOnlySpan<float> Memory { get; init; }

    /// <summary>[batch, rows, DModel].</summary>
    public Span<float> Output { get; init; }

    /// <summary>The cache that self-attention appends to, or that holds the projected memory of cross-attention; null for a call without cache.</summary>
    public AttentionCache? Cache { get; init; }

    /// <summary>[batch]: how many keys of each sequence are visible; declared by <see cref="AttentionConfigAttribute.KeyLengths"/>.</summary>
    public ReadOnlySpan<int> KeyLengths { get; init; }

    /// <summary>Sequences in the batch; with a cache it must equal <see cref="AttentionCache.Batch"/>.</summary>
    public int Batch { get; init; }

    /// <summary>Threads and cancellation.</summary>
    public ForwardOptions Options { get; init; }
}
