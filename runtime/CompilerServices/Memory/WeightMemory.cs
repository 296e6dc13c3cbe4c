using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Where packed weights live. Linux is asked for pages of 2 MiB: a call on few rows reads every weight once, and with 4 KiB pages it waits for the
/// processor to look up each page. For 16 rows, a product of 44 MB of weights took 0.79 of the time, and one of 12 MB took 0.86 (Emerald Rapids).
/// A page is large only where it lies in one piece of memory, so matrices of a model share chunks.
/// </summary>
internal static unsafe partial class WeightMemory
{
    /// <summary>Floats from which a matrix goes into a chunk; fewer than a quarter of a large page are not worth it.</summary>
    internal const int SmallestFloats = (512 << 10) / sizeof(float);

    /// <summary>Floats of a chunk. It lives as long as one of its matrices.</summary>
    internal const int ChunkFloats = (8 << 20) / sizeof(float);

    private const int LargePageBytes = 2 << 20;
    private const int AlignmentFloats = 16;
    private const int AdviceHugePage = 14;

    private static readonly Lock Gate = new();

    /// <summary>The chunk that still has room, unless all of its matrices have been collected.</summary>
    private static readonly WeakReference<float[]> Chunk = new([]);

    /// <summary>Floats of the chunk that are taken.</summary>
    private static nint taken;

    private static bool cannotAdvise = !OperatingSystem.IsLinux();

    /// <summary>Makes memory for a packed matrix; it holds anything.</summary>
    /// <param name="floats">How many floats, not counting the slack.</param>
    /// <exception cref="OutOfMemoryException"><paramref name="floats"/> is more than one .NET array can hold, or than the machine has.</exception>
    public static AlignedMemory Allocate(nint floats)
    {
        if (floats < SmallestFloats || cannotAdvise || AlignedMemory.Allocator is not null
            || floats > AlignedMemory.MaxLength - (LargePageBytes / sizeof(float)))
            return AlignedMemory.Allocate(floats);

        nint needed = (floats + AlignmentFloats - 1) / AlignmentFloats * AlignmentFloats;
        if (needed > ChunkFloats - AlignedMemory.SlackFloats)
            return At(NewChunk(needed + AlignedMemory.SlackFloats), 0, floats);

        lock (Gate)
        {
            // The slack behind a matrix may be the next one: it is read, but never used.
            if (!Chunk.TryGetTarget(out float[]? chunk) || chunk.Length == 0 || taken + needed > ChunkFloats - AlignedMemory.SlackFloats)
            {
                chunk = NewChunk(ChunkFloats);
                Chunk.SetTarget(chunk);
                taken = 0;
            }

            AlignedMemory memory = At(chunk, taken, floats);
            taken += needed;
            return memory;
        }
    }

    private static AlignedMemory At(float[] chunk, nint first, nint floats) => new(chunk, Start(chunk) + first, floats);

    /// <summary>The first float of a chunk that begins a large page. Pinned arrays never move.</summary>
    private static float* Start(float[] chunk)
    {
        nuint start = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(chunk));
        return (float*)((start + LargePageBytes - 1) & ~(nuint)(LargePageBytes - 1));
    }

    private static float[] NewChunk(nint floats)
    {
        float[] chunk = GC.AllocateUninitializedArray<float>((int)floats + (LargePageBytes / sizeof(float)), pinned: true);
        try
        {
            // It is advice: where it is refused, the pages are small.
            _ = Advise((nint)Start(chunk), (nuint)floats * sizeof(float), AdviceHugePage);
        }
        catch (Exception exception) when (exception is DllNotFoundException or EntryPointNotFoundException)
        {
            cannotAdvise = true;
        }

        return chunk;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(nint address, nuint bytes, int advice);
}
