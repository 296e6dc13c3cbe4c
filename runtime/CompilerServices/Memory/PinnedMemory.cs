using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// For kernels that read rows through pointers: with AVX but without AVX2, .NET has the instruction that loads a number into all lanes for pointers
/// only, and what it makes of a reference, a load and a shuffle, costs a quarter of the time of a product.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class PinnedMemory
{
    /// <summary>A number in all lanes.</summary>
    /// <param name="number">
    /// A number in memory that does not move: pinned by the path of the call, see <see cref="IAttentionKernels.PinsRows"/>, or in
    /// <see cref="AlignedMemory"/>.
    /// </param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(ref readonly float number) =>
        Avx.IsSupported ? Avx.BroadcastScalarToVector128((float*)Unsafe.AsPointer(ref Unsafe.AsRef(in number))) : Vector128.Create(number);
}
