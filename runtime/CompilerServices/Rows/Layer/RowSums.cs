using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Adds what a branch of a layer computed to what the branch came from.</summary>
internal static class RowSums
{
    /// <summary>target = residual + scale · branch, fused; a plain sum where the scale is 1. The target may be the place of residual or branch.</summary>
    /// <param name="residual">First element of the first row of what the branch is added to.</param>
    /// <param name="residualStride">Floats from a row to the next.</param>
    /// <param name="branch">First element of the first row of what is added.</param>
    /// <param name="branchStride">Floats from a row to the next.</param>
    /// <param name="scale">Factor of the branch.</param>
    /// <param name="target">Where the first row of sums goes.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Width of a row.</param>
    public static void Add(
        ref float residual, nint residualStride, ref float branch, nint branchStride, float scale, ref float target, nint targetStride, nint rows, nint columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Add<Float512>(ref residual, residualStride, ref branch, branchStride, scale, ref target, targetStride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Add<Float256>(ref residual, residualStride, ref branch, branchStride, scale, ref target, targetStride, rows, columns);
        else
            Add<Float128>(ref residual, residualStride, ref branch, branchStride, scale, ref target, targetStride, rows, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add<T>(
        ref float residual, nint residualStride, ref float branch, nint branchStride, float scale, ref float target, nint targetStride, nint rows, nint columns)
        where T : struct, IFloatVector<T>
    {
        T factor = T.Create(scale);
        for (nint row = 0; row < rows; row++)
        {
            ref float left = ref Unsafe.Add(ref residual, row * residualStride);
            ref float right = ref Unsafe.Add(ref branch, row * branchStride);
            ref float to = ref Unsafe.Add(ref target, row * targetStride);
            nint i = 0;
            for (; i <= columns - T.Lanes; i += T.Lanes)
                T.MultiplyAdd(T.Load(ref right, i), factor, T.Load(ref left, i)).Store(ref to, i);
            for (; i < columns; i++)
                Unsafe.Add(ref to, i) = float.MultiplyAddEstimate(Unsafe.Add(ref right, i), scale, Unsafe.Add(ref left, i));
        }
    }
}
