namespace AttentionGen;

/// <summary>What every cross-attention kernel has beside the members of <see cref="IAttentionKernel{TSelf}"/>, for generic code.</summary>
public interface ICrossAttention
{
    /// <summary>Projects a memory to keys and values, which replace the content of the cache.</summary>
    /// <param name="memory">
    /// [cache.Batch, memory rows, MemoryDim]. The length gives the number of memory rows. In a ragged batch: [total memory rows, MemoryDim].
    /// </param>
    /// <param name="cache">A cache of this kernel with room for the memory rows.</param>
    /// <param name="memoryOffsets">
    /// In a ragged batch, [cache.Batch + 1]: the first memory row of each sequence, and the end of the last one. Otherwise empty.
    /// </param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">
    /// A length is wrong, there are offsets but the batch is not ragged, or the cache belongs to another kernel. The cache is then as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The memory does not fit into the cache, or another call uses the cache. The cache is then as it was.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The cache is empty, or as it was if the call had not begun.</exception>
    void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets = default, in ForwardOptions options = default);
}
