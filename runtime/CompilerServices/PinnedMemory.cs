using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>A step of a call: what <see cref="PinnedMemory.Run"/> runs.</summary>
/// <typeparam name="TKernel">The class whose kernel it is.</typeparam>
/// <param name="kernel">The kernel.</param>
/// <param name="arguments">The checked arguments of the call.</param>
/// <param name="dimensions">Their sizes.</param>
[EditorBrowsable(EditorBrowsableState.Never)]
public delegate void PinnedStep<TKernel>(TKernel kernel, in AttentionArguments arguments, in ForwardDimensions dimensions);

/// <summary>
/// For kernels that read rows through pointers: with AVX but without AVX2, .NET has the instruction that loads a number into all lanes for pointers
/// only, and what it makes of a reference, a load and a shuffle, costs a quarter of the time of a product.
/// </summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static unsafe class PinnedMemory
{
    /// <summary>Runs a step while the rows that it projects stay where they are; all else that it multiplies lies in <see cref="AlignedMemory"/>, which never moves.</summary>
    /// <typeparam name="TKernel">The class whose kernel it is.</typeparam>
    /// <param name="kernel">The kernel.</param>
    /// <param name="arguments">The checked arguments of the call; its input and its memory are pinned.</param>
    /// <param name="dimensions">Their sizes.</param>
    /// <param name="step">What to run.</param>
    public static void Run<TKernel>(TKernel kernel, in AttentionArguments arguments, in ForwardDimensions dimensions, PinnedStep<TKernel> step)
    {
        fixed (float* input = arguments.Input, memory = arguments.Memory)
            step(kernel, in arguments, in dimensions);
    }

    /// <summary>A number in all lanes.</summary>
    /// <param name="number">A number in memory that does not move: pinned by <see cref="Run"/> or by <see cref="KernelThreads.Run"/>, or in <see cref="AlignedMemory"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Broadcast(ref readonly float number) =>
        Avx.IsSupported ? Avx.BroadcastScalarToVector128((float*)Unsafe.AsPointer(ref Unsafe.AsRef(in number))) : Vector128.Create(number);
}
