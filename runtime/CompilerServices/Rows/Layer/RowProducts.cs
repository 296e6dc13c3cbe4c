using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>Products of rows, in place. Each element by itself and rounded by itself, so the bits are the same at every vector width.</summary>
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

    /// <summary>values = factor · values.</summary>
    /// <param name="values">Any number of elements.</param>
    /// <param name="factor">The factor.</param>
    public static void Scale(Span<float> values, float factor)
    {
        ref float start = ref MemoryMarshal.GetReference(values);
        nint i = 0;
        for (; i <= values.Length - Vector<float>.Count; i += Vector<float>.Count)
            (Vector.LoadUnsafe(ref Unsafe.Add(ref start, i)) * factor).StoreUnsafe(ref Unsafe.Add(ref start, i));
        for (; i < values.Length; i++)
            Unsafe.Add(ref start, i) *= factor;
    }

    /// <summary>sum = sum + factor · values.</summary>
    /// <param name="sum">Any number of elements.</param>
    /// <param name="factor">The factor.</param>
    /// <param name="values">As many elements.</param>
    public static void AddScaled(Span<float> sum, float factor, ReadOnlySpan<float> values)
    {
        ref float to = ref MemoryMarshal.GetReference(sum), from = ref MemoryMarshal.GetReference(values);
        nint i = 0;
        for (; i <= sum.Length - Vector<float>.Count; i += Vector<float>.Count)
            (Vector.LoadUnsafe(ref Unsafe.Add(ref to, i)) + Vector.LoadUnsafe(ref Unsafe.Add(ref from, i)) * factor).StoreUnsafe(ref Unsafe.Add(ref to, i));
        for (; i < sum.Length; i++)
            Unsafe.Add(ref to, i) += Unsafe.Add(ref from, i) * factor;
    }
}
