using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>Multiplies a row of probabilities, or of their gradients, by what a <see cref="Dropout"/> keeps of it.</summary>
internal static class DropoutMask
{
    /// <summary>The number of the first key behind the last one: no sequence has so many keys.</summary>
    public const uint AppendedKeys = 1U << 31;

    /// <summary>Keys whose numbers are computed together: a counter gives one of the first half and one of the second.</summary>
    private const int Keys = 32;

    /// <summary>0, 1, 2, …: the counters of a group.</summary>
    private static ReadOnlySpan<byte> Counters => MemoryMarshal.AsBytes<uint>([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]);

    /// <summary>values = values · (kept ? factor : 0).</summary>
    /// <param name="values">The value of the first key; room for whole groups of 32.</param>
    /// <param name="count">Values.</param>
    /// <param name="firstKey">The number of the first key: a multiple of 32.</param>
    /// <param name="row">The row of the sequence.</param>
    /// <param name="stream">The key of the head's numbers.</param>
    /// <param name="kept">Numbers of 31 bits below this one are kept.</param>
    /// <param name="factor">What a kept value is multiplied by.</param>
    public static void Apply(ref float values, nint count, uint firstKey, uint row, (uint Low, uint High) stream, uint kept, float factor)
    {
        if (Vector512.IsHardwareAccelerated)
            Apply<Float512>(ref values, count, firstKey, row, stream, kept, factor);
        else if (Vector256.IsHardwareAccelerated)
            Apply<Float256>(ref values, count, firstKey, row, stream, kept, factor);
        else
            Apply<Float128>(ref values, count, firstKey, row, stream, kept, factor);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Apply<T>(ref float values, nint count, uint firstKey, uint row, (uint Low, uint High) stream, uint kept, float factor)
        where T : struct, IFloatVector<T>
    {
        T key0 = T.FromBits(stream.Low), key1 = T.FromBits(stream.High), rows = T.FromBits(row);
        // From the bound on a number becomes negative: its highest bit then fills the lane.
        T bound = T.FromBits((1U << 31) - kept), scale = T.Create(factor), all = T.FromBits(uint.MaxValue);
        for (nint k = 0; k < count; k += Keys)
        {
            T counter = T.FromBits((firstKey + (uint)k) / 2);
            for (nint lane = 0; lane < Keys / 2; lane += T.Lanes)
            {
                T first = T.AddIntegers(counter, T.LoadBits(ref MemoryMarshal.GetReference(Counters), lane * sizeof(uint))), second = rows;
                Threefry.Blocks(key0, key1, ref first, ref second);
                Multiply(ref values, k + lane, first, bound, scale, all);
                Multiply(ref values, k + (Keys / 2) + lane, second, bound, scale, all);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply<T>(ref float values, nint index, T numbers, T bound, T scale, T all)
        where T : struct, IFloatVector<T>
    {
        T dropped = T.ShiftRightArithmetic(T.AddIntegers(T.ShiftRight(numbers, 1), bound), 31);
        (T.Load(ref values, index) * (scale & (dropped ^ all))).Store(ref values, index);
    }
}
