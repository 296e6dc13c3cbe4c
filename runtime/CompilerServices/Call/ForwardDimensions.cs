using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>
/// The run-time sizes of one call, as <see cref="KernelChecks"/> found them. Of a ragged batch they are the longest sequence's, and there are no cached
/// keys.
/// </summary>
/// <param name="Batch">Sequences.</param>
/// <param name="Rows">Query rows of each sequence.</param>
/// <param name="Keys">Keys of each sequence: the rows, cached ones included, for self-attention; memory rows for cross-attention.</param>
/// <param name="CachedKeys">Keys that were in the cache of self-attention before the call, which is the position of the first row; otherwise 0.</param>
/// <param name="MemoryKeys">Memory rows of each sequence, for a layer with self-attention and cross-attention; otherwise 0.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly record struct ForwardDimensions(int Batch, int Rows, int Keys, int CachedKeys, int MemoryKeys = 0);
