using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Copies, clears and scales rows of matrices, which lie differently far apart.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class StridedRows
{
    /// <summary>Copies the leading elements of rows.</summary>
    /// <param name="source">First element of the first row.</param>
    /// <param name="sourceStride">Floats from a row to the next.</param>
    /// <param name="target">Where the first row goes.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to copy.</param>
    /// <param name="width">Elements of a row.</param>
    public static void Copy(ref float source, nint sourceStride, ref float target, nint targetStride, nint rows, int width)
    {
        for (nint row = 0; row < rows; row++)
        {
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref source, row * sourceStride), width)
                .CopyTo(MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, row * targetStride), width));
        }
    }

    /// <summary>Writes zeros into the leading elements of rows.</summary>
    /// <param name="target">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="width">Elements of a row.</param>
    internal static void Clear(ref float target, nint stride, nint rows, int width)
    {
        for (nint row = 0; row < rows; row++)
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, row * stride), width).Clear();
    }

    /// <summary>Adds a row to each of some rows.</summary>
    /// <param name="target">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="addend">First element of what is added.</param>
    /// <param name="width">Elements of a row.</param>
    internal static void Add(ref float target, nint stride, nint rows, ref float addend, int width)
    {
        for (nint row = 0; row < rows; row++)
        {
            ref float line = ref Unsafe.Add(ref target, row * stride);
            int column = 0;
            for (; column <= width - Vector256<float>.Count; column += Vector256<float>.Count)
                (Vector256.LoadUnsafe(ref line, (nuint)column) + Vector256.LoadUnsafe(ref addend, (nuint)column)).StoreUnsafe(ref line, (nuint)column);
            for (; column < width; column++)
                Unsafe.Add(ref line, column) += Unsafe.Add(ref addend, column);
        }
    }

    /// <summary>Multiplies each part of the rows by its factor. 0 gives zeros, whatever the part holds, and 1 changes no bit.</summary>
    /// <param name="target">First element of the first row's first part.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="rows">Rows to multiply.</param>
    /// <param name="factors">A factor for each part.</param>
    /// <param name="width">Elements of a part.</param>
    internal static void Multiply(ref float target, nint stride, nint rows, ReadOnlySpan<float> factors, int width)
    {
        for (int part = 0; part < factors.Length; part++)
        {
            ref float first = ref Unsafe.Add(ref target, part * width);
            if (factors[part] == 0)
                Clear(ref first, stride, rows, width);
            else if (factors[part] != 1)
                Multiply(ref first, stride, rows, factors[part], width);
        }
    }

    private static void Multiply(ref float target, nint stride, nint rows, float factor, int width)
    {
        for (nint row = 0; row < rows; row++)
        {
            Span<float> elements = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, row * stride), width);
            int column = 0;
            for (; column <= width - Vector256<float>.Count; column += Vector256<float>.Count)
                (Vector256.LoadUnsafe(ref elements[column]) * factor).StoreUnsafe(ref elements[column]);
            for (; column < width; column++)
                elements[column] *= factor;
        }
    }
}
