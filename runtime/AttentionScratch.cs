using AttentionGen.CompilerServices;

namespace AttentionGen;

/// <summary>
/// The scratch memory that all kernels of the process share. A call leases one buffer and gives it back when it ends,
/// so that a model of many layers holds one scratch and not one for each layer.
/// </summary>
/// <remarks>The pool keeps a bounded number of buffers, the largest that were asked for, until <see cref="Trim"/> is called.</remarks>
public static class AttentionScratch
{
    // Below this size rounding up to powers of two wastes little; above, a power of two could waste gigabytes.
    private const nint LargestPowerOfTwoClass = 1 << 26;
    private const nint SmallestClass = 1 << 14;

    private static readonly AlignedMemory?[] Slots = new AlignedMemory?[Math.Max(8, 2 * Environment.ProcessorCount)];

    /// <summary>Bytes that the pool holds now; leased buffers are not counted.</summary>
    public static long PooledBytes
    {
        get
        {
            long bytes = 0;
            foreach (AlignedMemory? memory in Slots)
                bytes += memory is null ? 0 : (memory.Length + AlignedMemory.SlackFloats) * (long)sizeof(float);
            return bytes;
        }
    }

    /// <summary>The largest number of buffers that the pool keeps.</summary>
    internal static int MaxPooledBuffers => Slots.Length;

    /// <summary>Gives every pooled buffer back to the garbage collector. Calls that run keep theirs, and pool them when they end.</summary>
    public static void Trim()
    {
        for (int i = 0; i < Slots.Length; i++)
            Interlocked.Exchange(ref Slots[i], null);
    }

    /// <summary>Returns the size in floats of a new buffer. Tests with guard pages return the requested size.</summary>
    internal static Func<nint, nint> SizeOfBuffer { get; set; } = RoundUpToClass;

    /// <summary>Takes the smallest pooled buffer of at least this many floats, or allocates one.</summary>
    internal static AlignedMemory Rent(nint floats)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(floats);
        while (true)
        {
            AlignedMemory? best = null;
            int bestSlot = -1;
            for (int i = 0; i < Slots.Length; i++)
            {
                AlignedMemory? candidate = Volatile.Read(ref Slots[i]);
                if (candidate is not null && candidate.Length >= floats && (best is null || candidate.Length < best.Length))
                {
                    best = candidate;
                    bestSlot = i;
                }
            }

            if (best is null)
                return AlignedMemory.Allocate(SizeOfBuffer(floats));
            if (Interlocked.CompareExchange(ref Slots[bestSlot], null, best) == best)
                return best;
        }
    }

    /// <summary>Returns a buffer to the pool. A full pool drops its smallest buffer.</summary>
    internal static void Return(AlignedMemory memory)
    {
        while (true)
        {
            AlignedMemory? smallest = memory;
            int smallestSlot = -1;
            for (int i = 0; i < Slots.Length; i++)
            {
                AlignedMemory? pooled = Volatile.Read(ref Slots[i]);
                if (pooled is null)
                {
                    smallest = null;
                    smallestSlot = i;
                    break;
                }

                if (pooled.Length < smallest.Length)
                {
                    smallest = pooled;
                    smallestSlot = i;
                }
            }

            if (smallestSlot < 0 || Interlocked.CompareExchange(ref Slots[smallestSlot], memory, smallest) == smallest)
                return;
        }
    }

    /// <summary>Sizes that many needs share, so that one buffer serves them.</summary>
    internal static nint RoundUpToClass(nint floats)
    {
        nint step = floats > LargestPowerOfTwoClass
            ? LargestPowerOfTwoClass
            : (nint)System.Numerics.BitOperations.RoundUpToPowerOf2((nuint)nint.Max(floats, SmallestClass));
        nint rounded = floats > nint.MaxValue - step ? floats : (nint.Max(floats, 1) + step - 1) / step * step;
        return nint.Max(floats, nint.Min(rounded, AlignedMemory.MaxLength));
    }
}
