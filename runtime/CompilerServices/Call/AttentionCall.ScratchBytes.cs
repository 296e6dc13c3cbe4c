using System.ComponentModel;

namespace AttentionGen.CompilerServices;

/// <summary>What a caller may ask about calls of a class, whatever vector target runs.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class AttentionCall
{
    /// <summary>Bytes of scratch that a call leases.</summary>
    /// <typeparam name="TConstants">The numbers of the class.</typeparam>
    /// <param name="batch">Sequences.</param>
    /// <param name="rows">Query rows of each sequence.</param>
    /// <param name="keys">Keys of each sequence that are in no cache; 0 for a call with a cache. Of a layer with cross-attention, its memory rows.</param>
    /// <param name="threads">Threads that work on the call; 0 means 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">One of them is negative.</exception>
    public static long GetScratchBytes<TConstants>(int batch, int rows, int keys, int threads)
        where TConstants : struct, IAttentionConstants
    {
        KernelChecks.ValidateSizes(batch, rows, keys);
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        var numbers = CallNumbers.Of<TConstants>();
        bool hasMemory = numbers.Has(AttentionFeatures.Memory);
        bool isCross = numbers.Has(AttentionFeatures.CrossAttention), hasCache = numbers.Has(AttentionFeatures.Cache) && keys == 0;
        bool hasKeyOffsets = isCross || hasMemory ? !hasCache : !numbers.Has(AttentionFeatures.Projections);
        nint lengths = OwnLengths.ScratchFloats(numbers.Features, batch, hasKeyOffsets);
        threads = KernelThreads.Possible(threads);
        var sizes = new CallSizes
        {
            Batch = batch,
            AllRows = (long)batch * rows,
            AllKeys = (long)batch * keys,
            Rows = rows,
            // Rows bring their keys into a cache of self-attention.
            Keys = (hasCache || hasMemory) && !isCross ? rows : keys,
            MemoryKeys = hasMemory ? keys : 0,
            CachedKeys = 0,
            HasCache = hasCache,
        };
        if (threads <= 1)
            return sizeof(float) * (long)(lengths + numbers.ScratchFloats + (hasCache ? 0 : numbers.GroupKeyValueFloats(in sizes)));
        return sizeof(float) * (long)(lengths + CallSchedule.Create(in numbers, in sizes, threads).Work.ScratchFloats);
    }
}
