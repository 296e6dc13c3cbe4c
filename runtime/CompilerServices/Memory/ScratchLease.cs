using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>A buffer of <see cref="AttentionScratch"/> for the length of one call. Dispose it once; copies of it are the same lease.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public readonly ref struct ScratchLease : IDisposable
{
    private ScratchLease(AlignedMemory memory) => Memory = memory;

    /// <summary>The buffer: at least as long as was asked for, and holding anything.</summary>
    public AlignedMemory Memory { get; }

    /// <summary>The first float of the buffer, aligned to 64 bytes.</summary>
    public ref float Reference => ref Memory.Reference;

    /// <summary>Leases a buffer; allocates only where the pool has none that is large enough.</summary>
    /// <param name="floats">Floats needed.</param>
    /// <exception cref="OutOfMemoryException">So many floats cannot be had.</exception>
    public static ScratchLease Rent(nint floats) => new(AttentionScratch.Rent(floats));

    /// <summary>Gives the buffer back to the pool.</summary>
    public void Dispose() => AttentionScratch.Return(Memory);
}
