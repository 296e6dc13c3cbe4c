using AttentionGen.CompilerServices;

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
#pragma warning disable RS0027 // The longer overload came later, and has one argument of another place.
    void ProjectMemory(ReadOnlySpan<float> memory, AttentionCache cache, ReadOnlySpan<int> memoryOffsets = default, in ForwardOptions options = default);
#pragma warning restore RS0027

    /// <summary>The same for a kernel whose values have an input of their own; see <see cref="AttentionConfigAttribute.ValueInputDim"/>.</summary>
    /// <param name="memory">
    /// [cache.Batch, memory rows, MemoryDim]. The length gives the number of memory rows. In a ragged batch: [total memory rows, MemoryDim].
    /// </param>
    /// <param name="valueInput">[cache.Batch, memory rows, ValueInputDim], a row for each memory row; empty for a kernel without such an input.</param>
    /// <param name="cache">A cache of this kernel with room for the memory rows.</param>
    /// <param name="memoryOffsets">
    /// In a ragged batch, [cache.Batch + 1]: the first memory row of each sequence, and the end of the last one. Otherwise empty.
    /// </param>
    /// <param name="options">Threads and cancellation.</param>
    /// <exception cref="ArgumentException">
    /// A length is wrong, there are offsets but the batch is not ragged, values have no input of their own, or the cache belongs to another kernel. The cache
    /// is then as it was.
    /// </exception>
    /// <exception cref="InvalidOperationException">
    /// The memory does not fit into the cache, or another call uses the cache. The cache is then as it was.
    /// </exception>
    /// <exception cref="OperationCanceledException">The call was cancelled. The cache is empty, or as it was if the call had not begun.</exception>
    void ProjectMemory(
        ReadOnlySpan<float> memory, ReadOnlySpan<float> valueInput, AttentionCache cache, ReadOnlySpan<int> memoryOffsets, in ForwardOptions options)
    {
        KernelChecks.CheckNoValueInput(valueInput.Length);
        ProjectMemory(memory, cache, memoryOffsets, in options);
    }
}
