using System.Numerics;
using System.Runtime.CompilerServices;

namespace AttentionGen.CompilerServices;

/// <summary>Multiplies rows by the caller's rows, in place. Each element by itself, so the bits are the same at every vector width.</summary>
internal static class RowProducts
{
    /// <summary>values = values · operand.</summary>
    /// <param name="values">First element of the first row.</param>
    /// <param name="operand">First element of the first row of the operand.</param>
    /// <param name="stride">Floats from a row to the next, of both.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(ref float values, ref float operand, nint stride, nint rows, nint columns)
    {
        for (nint row = 0; row < rows; row++)
        {
            nint i = row * stride, end = i + columns;
            for (; i <= end - Vector<float>.Count; i += Vector<float>.Count)
                (Vector.LoadUnsafe(ref Unsafe.Add(ref values, i)) * Vector.LoadUnsafe(ref Unsafe.Add(ref operand, i)))
                    .StoreUnsafe(ref Unsafe.Add(ref values, i));
            for (; i < end; i++)
                Unsafe.Add(ref values, i) *= Unsafe.Add(ref operand, i);
        }
    }
}
