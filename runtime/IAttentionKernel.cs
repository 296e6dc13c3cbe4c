namespace AttentionGen;

/// <summary>What every generated kernel class offers to generic code: tests, benchmarks, dependency injection.</summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface IAttentionKernel<TSelf>
    where TSelf : class, IAttentionKernel<TSelf>
{
    /// <summary>What the kernel computes.</summary>
    static abstract AttentionShape Shape { get; }

    /// <summary>Whether a path made for this processor's vector and FMA instructions runs here.</summary>
    static abstract bool IsAccelerated { get; }

    /// <summary>How the kernel computes on this processor, in a few lines of prose.</summary>
    static abstract string Plan { get; }

    /// <summary>Packs the weights once.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or a bias is missing or superfluous.</exception>
    static abstract TSelf Create(AttentionWeights weights);

    /// <summary>How many bytes of scratch a call leases from the shared pool.</summary>
    /// <param name="batch">Sequences in the batch.</param>
    /// <param name="rows">Query rows of each sequence.</param>
    /// <param name="keys">Keys of each sequence: rows for self-attention, memory rows for cross-attention. Keys of a cache need no scratch.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    static abstract long GetScratchBytes(int batch, int rows, int keys);

    /// <summary>An empty cache for this kernel.</summary>
    /// <param name="capacity">Keys that each sequence can hold.</param>
    /// <param name="batch">Sequences.</param>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    AttentionCache CreateCache(int capacity, int batch = 1);

    /// <summary>The form of <c>Forward</c> that serves every kernel: what the configuration declares must be set, what it does not declare must not.</summary>
    /// <param name="arguments">Inputs, output, cache and options.</param>
    /// <exception cref="ArgumentException">An argument is missing, undeclared, of the wrong length, out of range, or overlaps the output. Nothing is written then.</exception>
    /// <exception cref="InvalidOperationException">The rows do not fit into the cache, its sequences have different lengths and the batch is not ragged, or another call uses it. Nothing is written then.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled; the output is undefined, the cache as it was.</exception>
    void Forward(in AttentionArguments arguments);
}

/// <summary>A self-attention kernel that needs nothing but its input.</summary>
public interface ISelfAttention
{
    /// <summary>Runs the block.</summary>
    /// <param name="input">[batch, rows, DModel]; rows follow from the length.</param>
    /// <param name="output">[batch, rows, DModel]; must not overlap <paramref name="input"/>.</param>
    /// <param name="batch">Sequences in the batch.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">A length does not fit, a number is negative, or the output overlaps the input. Nothing is written then.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled; the output is undefined.</exception>
    void Forward(ReadOnlySpan<float> input, Span<float> output, int batch = 1, in ForwardOptions options = default);
}
