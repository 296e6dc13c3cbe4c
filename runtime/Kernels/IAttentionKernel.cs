namespace AttentionGen;

/// <summary>The members of every generated kernel class, for generic code such as tests, benchmarks and dependency injection.</summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface IAttentionKernel<TSelf>
    where TSelf : class, IAttentionKernel<TSelf>
{
    /// <summary>The configuration, with every default resolved.</summary>
    static abstract AttentionShape Shape { get; }

    /// <summary>Whether kernels with this processor's vector and FMA instructions run here.</summary>
    static abstract bool IsAccelerated { get; }

    /// <summary>Says in a few lines how the kernel computes on this processor.</summary>
    static abstract string Plan { get; }

    /// <summary>Creates a kernel object, which packs the weights.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, or a bias is missing or superfluous.</exception>
    static abstract TSelf Create(AttentionWeights weights);

    /// <summary>Returns the bytes of scratch that a call leases from the shared pool, which rounds them up.</summary>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="rows">The number of query rows of each sequence; in a ragged batch, of the longest.</param>
    /// <param name="keys">
    /// The number of keys of each sequence: its rows for self-attention, its memory rows for cross-attention; in a ragged batch, of the longest. 0 for
    /// a call with a cache, because keys in a cache need no scratch.
    /// </param>
    /// <param name="threads">
    /// The number of threads that work on the call: <see cref="ForwardOptions.MaxDegreeOfParallelism"/>, or 1 for a call that is too small to share.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative.</exception>
    /// <remarks>
    /// Where a window makes the cache a ring, a call that appends many rows leases less for its threads, and leases a copy of the keys that it
    /// overwrites.
    /// </remarks>
    static abstract long GetScratchBytes(int batch, int rows, int keys, int threads = 1);

    /// <summary>Creates an empty cache for this kernel.</summary>
    /// <param name="capacity">The number of keys that each sequence can hold.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The shape has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    AttentionCache CreateCache(int capacity, int batch = 1);

    /// <summary>Runs the block. This form of <c>Forward</c> serves every kernel: set the arguments that the configuration declares, and no others.</summary>
    /// <param name="arguments">Inputs, output, cache and options.</param>
    /// <exception cref="ArgumentException">
    /// An argument is missing, undeclared, of the wrong length, out of range, or overlaps the output. Nothing is written then.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The rows do not fit into the cache, its sequences differ in length but the batch is not ragged, or another call uses the cache. Nothing is
    /// written then.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The output is undefined, and the cache is as it was.</exception>
    void Forward(in AttentionArguments arguments);
}

/// <summary>A self-attention kernel whose only input is its rows.</summary>
public interface ISelfAttention
{
    /// <summary>Runs the block.</summary>
    /// <param name="input">[batch, rows, DModel]. The length gives the number of rows.</param>
    /// <param name="output">[batch, rows, DModel]. Must not overlap <paramref name="input"/>.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">A length is wrong, a number is negative, or the output overlaps the input. Nothing is written then.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The output is undefined.</exception>
    void Forward(ReadOnlySpan<float> input, Span<float> output, int batch = 1, in ForwardOptions options = default);
}
