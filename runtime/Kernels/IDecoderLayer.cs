namespace AttentionGen;

/// <summary>What every generated layer with cross-attention has beside the members of <see cref="ITransformerLayer{TSelf}"/>, for generic code.</summary>
public interface IDecoderLayer
{
    /// <summary>Creates an empty cache for the self-attention, with a part for the memory of the cross-attention.</summary>
    /// <param name="capacity">The number of keys that each sequence can hold.</param>
    /// <param name="memoryCapacity">The number of memory rows that each sequence can hold.</param>
    /// <param name="batch">The number of sequences.</param>
    /// <exception cref="NotSupportedException">The self-attention has no cache, see <see cref="AttentionShape.HasCache"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An argument is less than 1.</exception>
    /// <exception cref="OutOfMemoryException">Keys or values need more floats than one .NET array can hold, or than the machine has.</exception>
    AttentionCache CreateCache(int capacity, int memoryCapacity, int batch = 1);

    /// <summary>Projects a memory to keys and values, which replace the memory that the cache holds. The keys of earlier rows stay.</summary>
    /// <param name="memory">
    /// [cache.Batch, memory rows, MemoryDim]. The length gives the number of memory rows. In a ragged batch: [total memory rows, MemoryDim].
    /// </param>
    /// <param name="cache">A cache of this layer with room for the memory rows.</param>
    /// <param name="memoryOffsets">
    /// In a ragged batch, [cache.Batch + 1]: the first memory row of each sequence, and the end of the last one. Otherwise empty.
    /// </param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">
    /// A length is wrong, there are offsets but the batch is not ragged, or the cache belongs to another layer. The cache is then as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The memory does not fit into the cache, or another call uses the cache. The cache is then as it was.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The cache holds no memory, or is as it was if the call had not begun.</exception>
    void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets = default, in ForwardOptions options = default);
}
