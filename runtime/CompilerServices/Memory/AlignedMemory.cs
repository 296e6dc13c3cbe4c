using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>A 64-byte-aligned run of floats that the garbage collector never moves: weights, caches and scratch live in it.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed unsafe class AlignedMemory
{
    /// <summary>How many floats behind <see cref="Length"/> may be read, though never used: eight key panels of the widest head.</summary>
    internal const int SlackFloats = PanelLayout.SlackFloats;

    private const int AlignmentBytes = 64;
    private const int AlignmentFloats = AlignmentBytes / sizeof(float);

    private readonly object owner;
    private readonly float* start;

    /// <summary>Wraps memory that is aligned to 64 bytes, stays where it is, and has its slack behind it.</summary>
    /// <param name="owner">What keeps the memory alive.</param>
    /// <param name="start">The first float.</param>
    /// <param name="length">Floats without the slack.</param>
    internal AlignedMemory(object owner, float* start, nint length)
    {
        this.owner = owner;
        this.start = start;
        Length = length;
    }

    /// <summary>The most floats that one memory can hold.</summary>
    internal static nint MaxLength => Array.MaxLength - SlackFloats - AlignmentFloats;

    /// <summary>Where tests put their own allocator: floats and whether they must be zero, in; memory, out. Null means the pinned heap.</summary>
    internal static Func<nint, bool, AlignedMemory>? Allocator { get; set; }

    /// <summary>Floats that may be written.</summary>
    public nint Length { get; }

    /// <summary>The first float, aligned to 64 bytes. Where the memory is an array, the reference keeps it alive.</summary>
    public ref float Reference
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ref Unsafe.AsRef<float>(start);
    }

    /// <summary>What keeps the memory alive.</summary>
    internal object Owner => owner;

    /// <summary>Makes new memory.</summary>
    /// <param name="floats">How many floats, not counting the slack.</param>
    /// <param name="zeroed">Whether they must be zero; otherwise they hold anything.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="floats"/> is negative.</exception>
    /// <exception cref="OutOfMemoryException"><paramref name="floats"/> is more than one .NET array can hold, or than the machine has.</exception>
    internal static AlignedMemory Allocate(nint floats, bool zeroed = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(floats);
        if (Allocator is { } allocator)
            return allocator(floats, zeroed);
        if (floats > MaxLength)
            ThrowTooLarge(floats);

        int total = (int)floats + SlackFloats + AlignmentFloats;
        float[] array = zeroed
            ? GC.AllocateArray<float>(total, pinned: true)
            : GC.AllocateUninitializedArray<float>(total, pinned: true);
        float* unaligned = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        nuint aligned = ((nuint)unaligned + AlignmentBytes - 1) & ~(nuint)(AlignmentBytes - 1);
        return new AlignedMemory(array, (float*)aligned, floats);
    }

    /// <summary>Memory that holds a copy.</summary>
    /// <param name="source">What is copied.</param>
    public static AlignedMemory CopyOf(ReadOnlySpan<float> source)
    {
        AlignedMemory memory = Allocate(source.Length);
        source.CopyTo(MemoryMarshal.CreateSpan(ref memory.Reference, source.Length));
        return memory;
    }

    private static void ThrowTooLarge(nint floats) =>
        throw new OutOfMemoryException($"{floats:N0} floats were asked for in one piece; the most that one piece can hold is {MaxLength:N0}.");
}
