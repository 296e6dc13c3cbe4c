namespace AttentionGen;

/// <summary>The members of every generated class of multi-head latent attention, for generic code such as tests and dependency injection.</summary>
/// <typeparam name="TSelf">The generated class.</typeparam>
public interface ILatentAttention<TSelf>
    where TSelf : class, ILatentAttention<TSelf>
{
    /// <summary>The configuration, with every default resolved.</summary>
    static abstract LatentAttentionShape Shape { get; }

    /// <summary>Whether kernels with this processor's vector and FMA instructions run here.</summary>
    static abstract bool IsAccelerated { get; }

    /// <summary>Says in a few lines how the block computes on this processor.</summary>
    static abstract string Plan { get; }

    /// <summary>Creates an object that computes the block, and packs the weights.</summary>
    /// <param name="weights">Weights of exactly this shape.</param>
    /// <exception cref="ArgumentException">A tensor has another shape, is missing or is superfluous.</exception>
    static abstract TSelf Create(LatentAttentionWeights weights);

    /// <summary>Returns the bytes of scratch that a call on one thread leases from the shared pool, which rounds them up.</summary>
    /// <param name="batch">The number of sequences.</param>
    /// <param name="rows">The number of new rows of each sequence; in a ragged batch, of the longest.</param>
    /// <param name="keys">The number of keys of each sequence, those of a cache included; in a ragged batch, of the longest.</param>
    /// <param name="form">How the call computes.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is negative, or <paramref name="form"/> is not defined.</exception>
    static abstract long GetScratchBytes(int batch, int rows, int keys, LatentForm form);

    /// <summary>Creates an empty cache for this block. It keeps <c>2 · LatentDim + RotaryDim</c> floats for each key, whatever the number of heads.</summary>
    /// <param name="capacity">The number of keys that each sequence can hold.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> or <paramref name="batch"/> is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    AttentionCache CreateCache(int capacity, int batch = 1);

    /// <summary>Runs the block. This form of <c>Forward</c> serves every class.</summary>
    /// <param name="arguments">Input, output, cache, form and options.</param>
    /// <exception cref="ArgumentException">An argument is undeclared, of the wrong length or out of range, or output overlaps input. Nothing is written
    /// then.</exception>
    /// <exception cref="InvalidOperationException">
    /// The rows do not fit into the cache or its pool, its sequences differ in length but the batch is not ragged, or another call uses the cache. The cache
    /// is then as it was, and the output is not written.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The output is undefined, and the cache is as it was.</exception>
    void Forward(in LatentAttentionArguments arguments);
}
