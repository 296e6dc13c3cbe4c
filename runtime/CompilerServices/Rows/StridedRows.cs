using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>Copies rows between matrices whose rows lie differently far apart.</summary>
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
}
