using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>Hints to the processor's caches.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class Prefetch
{
    /// <summary>
    /// Asks for the cache line of <paramref name="address"/> in the first-level cache; does nothing on processors for which .NET has no such instruction.
    /// </summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L1(ref readonly float address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in address)));
    }

    /// <summary>
    /// Asks for the cache line of <paramref name="address"/> in the second-level cache; does nothing on processors for which .NET has no such
    /// instruction.
    /// </summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L2(ref readonly float address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(Unsafe.AsPointer(ref Unsafe.AsRef(in address)));
    }

    /// <summary>Asks for all cache lines of some floats, as <see cref="L1(ref readonly float)"/> does.</summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    /// <param name="floats">Floats from there; the last line is asked for whole.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L1(ref float address, nint floats)
    {
        for (nint line = 0; line < floats; line += LineFloats)
            L1(ref Unsafe.Add(ref address, line));
    }

    /// <summary>Asks for all cache lines of some floats, as <see cref="L2(ref readonly float)"/> does.</summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    /// <param name="floats">Floats from there; the last line is asked for whole.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L2(ref float address, nint floats)
    {
        for (nint line = 0; line < floats; line += LineFloats)
            L2(ref Unsafe.Add(ref address, line));
    }

    /// <summary>
    /// Floats that each step of a row tile asks for, so that all row tiles of a block together ask once for the panels that are used next; 0 for a
    /// single tile, which would ask for all of them while it waits for its own.
    /// </summary>
    /// <param name="rows">Rows of the block.</param>
    /// <param name="tileRows">Rows of the largest tile.</param>
    /// <param name="floats">Floats of the panels that a step uses.</param>
    /// <param name="multiple">The result is a multiple of this.</param>
    public static nint Share(nint rows, nint tileRows, nint floats, nint multiple)
    {
        nint tiles = (rows + tileRows - 1) / tileRows;
        if (tiles <= 1)
            return 0;
        nint share = (floats + tiles - 1) / tiles;
        return (share + multiple - 1) / multiple * multiple;
    }

    private const int LineFloats = 16;
}
