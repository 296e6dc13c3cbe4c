using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>Hints to the processor's caches.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class Prefetch
{
    /// <summary>Asks for the cache line of <paramref name="address"/> in the first-level cache; does nothing on processors for which .NET has no such instruction.</summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L1(ref readonly float address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref Unsafe.AsRef(in address)));
    }

    /// <summary>Asks for the cache line of <paramref name="address"/> in the second-level cache; does nothing on processors for which .NET has no such instruction.</summary>
    /// <param name="address">Any address, mapped or not; it is not read.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void L2(ref readonly float address)
    {
        if (Sse.IsSupported)
            Sse.Prefetch1(Unsafe.AsPointer(ref Unsafe.AsRef(in address)));
    }
}
