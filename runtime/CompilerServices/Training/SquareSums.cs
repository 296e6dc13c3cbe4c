using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Sums of squares: blocks of 4,096 elements in 32 virtual lanes each, added in float64. The bits are the same at every vector width.</summary>
internal static class SquareSums
{
    private const int Block = 4096;

    /// <summary>Σ x².</summary>
    /// <param name="values">Any number of elements.</param>
    public static double Of(ReadOnlySpan<float> values) => Vector512.IsHardwareAccelerated
        ? Of<Float512>(values)
        : Vector256.IsHardwareAccelerated ? Of<Float256>(values) : Of<Float128>(values);

    /// <summary>The same by vectors of one width.</summary>
    internal static double Of<T>(ReadOnlySpan<float> values)
        where T : struct, IFloatVector<T>
    {
        Span<float> tail = stackalloc float[RowNorm.VirtualLanes];
        double sum = 0;
        for (int start = 0; start < values.Length; start += Block)
        {
            ReadOnlySpan<float> block = values.Slice(start, Math.Min(Block, values.Length - start));
            int whole = block.Length & ~(RowNorm.VirtualLanes - 1);
            tail.Clear();
            block[whole..].CopyTo(tail);
            sum += RowNorm.SumOfSquares<T>(ref Unsafe.AsRef(in MemoryMarshal.GetReference(block)), whole, ref tail[0], 0);
        }

        return sum;
    }
}
