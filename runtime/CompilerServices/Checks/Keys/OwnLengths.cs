using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Offsets and lengths of a call, which decide addresses, copied before they are checked: a caller who changes an array while the call runs
/// cannot make a kernel leave its buffers.
/// </summary>
/// <remarks>Documents and positions are not copied: whatever they hold, what they lead to is inside.</remarks>
internal ref struct OwnLengths : IDisposable
{
    /// <summary>The arguments of the call, with the copies in place of the caller's arrays.</summary>
    public AttentionArguments Arguments;

    private readonly AlignedMemory? lease;

    private OwnLengths(AlignedMemory? lease) => this.lease = lease;

    /// <summary>Whether a class has offsets or lengths.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool Exist(AttentionFeatures features) =>
        (features & (AttentionFeatures.Ragged | AttentionFeatures.KeyLengths | AttentionFeatures.KeyStarts | AttentionFeatures.PrefixLengths
            | AttentionFeatures.MemoryLengths)) != 0;

    /// <summary>Floats of scratch that the copies of a call need: none up to the size of a <see cref="LengthRoom"/>.</summary>
    /// <param name="features">The features of the class.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="hasKeyOffsets">Whether a ragged call has offsets of its keys.</param>
    public static nint ScratchFloats(AttentionFeatures features, int batch, bool hasKeyOffsets)
    {
        bool isRagged = (features & AttentionFeatures.Ragged) != 0;
        nint offsets = Count(isRagged) + Count(isRagged && hasKeyOffsets) + Count(isRagged && (features & AttentionFeatures.Documents) != 0);
        nint lengths = Count((features & AttentionFeatures.KeyLengths) != 0) + Count((features & AttentionFeatures.KeyStarts) != 0)
            + Count((features & AttentionFeatures.PrefixLengths) != 0) + Count((features & AttentionFeatures.MemoryLengths) != 0);
        nint ints = (offsets * (batch + (nint)1)) + (lengths * batch);
        return ints <= LengthRoom.Ints ? 0 : ints;

        static nint Count(bool isThere) => isThere ? 1 : 0;
    }

    /// <summary>Copies what has the length that it must have. The checks that follow refuse the rest without reading it.</summary>
    /// <param name="arguments">The caller's arguments.</param>
    /// <param name="room">Room on the stack of the caller, which holds most batches.</param>
    public static OwnLengths Copy(in AttentionArguments arguments, ref LengthRoom room)
    {
        long batch = arguments.Batch, offsets = batch + 1;
        bool hasDocuments = !arguments.Documents.IsEmpty && arguments.RowOffsets.Length == offsets;
        long ints = Fitting(arguments.RowOffsets, offsets) + Fitting(arguments.KeyOffsets, offsets) + (hasDocuments ? offsets : 0)
            + Fitting(arguments.KeyStarts, batch) + Fitting(arguments.KeyLengths, batch) + Fitting(arguments.PrefixLengths, batch)
            + Fitting(arguments.MemoryLengths, batch);
        AlignedMemory? lease = ints <= LengthRoom.Ints ? null : AttentionScratch.Rent((nint)ints);
        ref int first = ref lease is null ? ref Unsafe.As<LengthRoom, int>(ref room) : ref Unsafe.As<float, int>(ref lease.Reference);
        Span<int> free = MemoryMarshal.CreateSpan(ref first, (int)ints);
        return new OwnLengths(lease)
        {
            Arguments = arguments with
            {
                RowOffsets = Copy(arguments.RowOffsets, offsets, ref free),
                KeyOffsets = Copy(arguments.KeyOffsets, offsets, ref free),
                KeyStarts = Copy(arguments.KeyStarts, batch, ref free),
                KeyLengths = Copy(arguments.KeyLengths, batch, ref free),
                PrefixLengths = Copy(arguments.PrefixLengths, batch, ref free),
                MemoryLengths = Copy(arguments.MemoryLengths, batch, ref free),
                DocumentOffsets = hasDocuments ? free : default,
            },
        };
    }

    /// <summary>Gives the memory of the copies back.</summary>
    public readonly void Dispose()
    {
        if (lease is not null)
            AttentionScratch.Return(lease);
    }

    private static int Fitting(ReadOnlySpan<int> values, long expected) => values.Length == expected ? values.Length : 0;

    private static ReadOnlySpan<int> Copy(ReadOnlySpan<int> values, long expected, scoped ref Span<int> free)
    {
        if (values.Length != expected)
            return values;
        Span<int> copy = free[..values.Length];
        free = free[values.Length..];
        values.CopyTo(copy);
        return copy;
    }
}

/// <summary>Room for the offsets and lengths of a call of not too many sequences.</summary>
[InlineArray(Ints)]
internal struct LengthRoom
{
    public const int Ints = 128;

    private int first;
}
