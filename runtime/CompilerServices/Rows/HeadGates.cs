using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Multiplies heads by the logistic function of their gates. Each element by itself, so the bits are the same at every vector width.</summary>
internal static class HeadGates
{
    /// <summary>Elements of the widest vector.</summary>
    private const int MostLanes = 16;

    /// <summary>heads = σ(gates) · heads.</summary>
    /// <param name="heads">First element of the first row.</param>
    /// <param name="stride">Floats from a row to the next.</param>
    /// <param name="gates">First gate of the first row.</param>
    /// <param name="gateStride">Floats from a row of gates to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    public static void Apply(ref float heads, nint stride, ref float gates, nint gateStride, nint rows, int columns)
    {
        if (Vector512.IsHardwareAccelerated)
            Apply<Float512>(ref heads, stride, ref gates, gateStride, rows, columns);
        else if (Vector256.IsHardwareAccelerated)
            Apply<Float256>(ref heads, stride, ref gates, gateStride, rows, columns);
        else
            Apply<Float128>(ref heads, stride, ref gates, gateStride, rows, columns);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apply<T>(ref float heads, nint stride, ref float gates, nint gateStride, nint rows, int columns)
        where T : struct, IFloatVector<T>
    {
        Span<float> rest = stackalloc float[2 * MostLanes];
        int whole = columns - (columns % T.Lanes);
        for (nint row = 0; row < rows; row++)
        {
            ref float head = ref Unsafe.Add(ref heads, row * stride), gate = ref Unsafe.Add(ref gates, row * gateStride);
            for (nint i = 0; i < whole; i += T.Lanes)
                (Logistic.Of(T.Load(ref gate, i)) * T.Load(ref head, i)).Store(ref head, i);
            if (whole == columns)
                continue;
            // What follows the last whole vector belongs to other heads, or to the next row.
            Span<float> last = MemoryMarshal.CreateSpan(ref Unsafe.Add(ref head, whole), columns - whole);
            rest.Clear();
            last.CopyTo(rest);
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref gate, whole), columns - whole).CopyTo(rest[MostLanes..]);
            (Logistic.Of(T.Load(ref rest[0], MostLanes)) * T.Load(ref rest[0], 0)).Store(ref rest[0], 0);
            rest[..last.Length].CopyTo(last);
        }
    }
}
