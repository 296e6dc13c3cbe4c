using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace AttentionGen.CompilerServices;

/// <summary>
/// How a row of inputs becomes bytes: the middle of its range is taken off, and half the range divided by 127 is a step. The largest or the smallest input is
/// left out where the others have at most four fifths of the range: in a Transformer one input of a row is often far from all others.
/// </summary>
internal readonly ref struct RowRange
{
    /// <summary>The middle.</summary>
    public float Offset { get; private init; }

    /// <summary>Half the range; NaN where an input is an infinity or NaN.</summary>
    public float Half { get; private init; }

    /// <summary>Which input is left out, or −1.</summary>
    public int Outlier { get; private init; }

    /// <summary>The share of the range that the others have at most.</summary>
    private const float LargestShare = 0.8f;

    /// <summary>The range of a row.</summary>
    /// <param name="input">The first input.</param>
    /// <param name="count">Inputs.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static RowRange Of<T>(ref float input, nint count)
        where T : struct, IFloatVector<T>
    {
        Extremes<T>(ref input, count, out bool isFinite, out float largest, out float second, out float smallest, out float secondSmallest);
        if (!isFinite)
            return new() { Half = float.NaN, Outlier = -1 };

        float half = (0.5f * largest) - (0.5f * smallest);
        float below = (0.5f * second) - (0.5f * smallest), above = (0.5f * largest) - (0.5f * secondSmallest);
        int outlier = -1;
        // The difference of the outlier and the middle of the others has to be finite.
        if (count > 1 && half >= QuantizedRows.Smallest && half <= float.MaxValue / 4 && float.MinNative(below, above) <= LargestShare * half)
        {
            float value = below <= above ? largest : smallest;
            if (below <= above)
                largest = second;
            else
                smallest = secondSmallest;
            outlier = MemoryMarshal.CreateReadOnlySpan(ref Unsafe.As<float, int>(ref input), (int)count).IndexOf(BitConverter.SingleToInt32Bits(value));
        }

        // The middle is rounded, so one end may be farther away.
        float offset = (0.5f * largest) + (0.5f * smallest);
        return new() { Offset = offset, Half = float.MaxNative(largest - offset, offset - smallest), Outlier = outlier };
    }

    /// <summary>The two largest and the two smallest inputs; the seconds of a single input are infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Extremes<T>(
        ref float input, nint count, out bool isFinite, out float largest, out float second, out float smallest, out float secondSmallest)
        where T : struct, IFloatVector<T>
    {
        T most = T.Create(float.NegativeInfinity), nextMost = most, least = T.Create(float.PositiveInfinity), nextLeast = least, zeros = default;
        nint k = 0;
        for (; k + T.Lanes <= count; k += T.Lanes)
        {
            T values = T.Load(ref input, k);
            nextMost = T.AtLeast(nextMost, T.AtMost(most, values));
            most = T.AtLeast(most, values);
            nextLeast = T.AtMost(nextLeast, T.AtLeast(least, values));
            least = T.AtMost(least, values);
            // 0 times an infinity or NaN is NaN.
            zeros = T.MultiplyAdd(values, default, zeros);
        }

        Span<float> lanes = stackalloc float[4 * T.Lanes];
        ref float stored = ref MemoryMarshal.GetReference(lanes);
        most.Store(ref stored, 0);
        nextMost.Store(ref stored, T.Lanes);
        least.Store(ref stored, 2 * T.Lanes);
        nextLeast.Store(ref stored, 3 * T.Lanes);
        Float128 most4 = Float128.Load(ref stored, 0), nextMost4 = Float128.Load(ref stored, T.Lanes);
        Float128 least4 = Float128.Load(ref stored, 2 * T.Lanes), nextLeast4 = Float128.Load(ref stored, 3 * T.Lanes);
        for (nint lane = Float128.Lanes; lane < T.Lanes; lane += Float128.Lanes)
        {
            Float128 high = Float128.Load(ref stored, lane), low = Float128.Load(ref stored, (2 * T.Lanes) + lane);
            nextMost4 = Float128.AtLeast(nextMost4, Float128.AtLeast(Float128.AtMost(most4, high), Float128.Load(ref stored, T.Lanes + lane)));
            most4 = Float128.AtLeast(most4, high);
            nextLeast4 = Float128.AtMost(nextLeast4, Float128.AtMost(Float128.AtLeast(least4, low), Float128.Load(ref stored, (3 * T.Lanes) + lane)));
            least4 = Float128.AtMost(least4, low);
        }

        most4.Store(ref stored, 0);
        least4.Store(ref stored, Float128.Lanes);
        nextMost4.Store(ref stored, 2 * Float128.Lanes);
        nextLeast4.Store(ref stored, 3 * Float128.Lanes);
        largest = second = float.NegativeInfinity;
        smallest = secondSmallest = float.PositiveInfinity;
        for (nint lane = 0; lane < Float128.Lanes; lane++)
        {
            Add(Unsafe.Add(ref stored, lane), Unsafe.Add(ref stored, Float128.Lanes + lane), ref largest, ref second, ref smallest, ref secondSmallest);
            second = float.MaxNative(second, Unsafe.Add(ref stored, (2 * Float128.Lanes) + lane));
            secondSmallest = float.MinNative(secondSmallest, Unsafe.Add(ref stored, (3 * Float128.Lanes) + lane));
        }

        float zero = zeros.Sum();
        for (; k < count; k++)
        {
            float value = Unsafe.Add(ref input, k);
            Add(value, value, ref largest, ref second, ref smallest, ref secondSmallest);
            zero += 0 * value;
        }

        isFinite = zero == 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(float high, float low, ref float largest, ref float second, ref float smallest, ref float secondSmallest)
    {
        second = float.MaxNative(second, float.MinNative(largest, high));
        largest = float.MaxNative(largest, high);
        secondSmallest = float.MinNative(secondSmallest, float.MaxNative(smallest, low));
        smallest = float.MinNative(smallest, low);
    }
}
