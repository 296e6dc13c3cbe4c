using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Normalises rows by mean and variance (Ba et al. 2016), <c>(x − mean) / √(variance + ε) · w + b</c>, or by their root mean square
/// (Zhang and Sennrich 2019), <c>x / √(mean(x²) + ε) · w</c>. Changed by <see cref="Set"/> only.
/// </summary>
/// <remarks>
/// Sums run in 32 virtual lanes, element mod 32, and one tree adds the lanes; products are fused with the addition after them: the bits are the same at
/// every vector width. The variance comes from a second pass over the row, which is in the first-level cache by then: Σx² − n·mean² would lose what is
/// small beside the mean.
/// </remarks>
internal sealed partial class RowNorm
{
    public const int VirtualLanes = 32;

    private readonly int width;
    private readonly float epsilon;
    private readonly bool centres;

    /// <summary>Weights, and behind them biases, each filled up with zeros to whole groups of lanes.</summary>
    private readonly AlignedMemory factors;
    private readonly nint biasOffset;

    /// <summary>Copies weights and biases.</summary>
    /// <param name="kind">Which normalisation.</param>
    /// <param name="weights">[width of a row].</param>
    /// <param name="biases">[width of a row], or empty for none.</param>
    /// <param name="epsilon">What is added to the variance, or to the mean square.</param>
    public RowNorm(Norm kind, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, float epsilon)
    {
        width = weights.Length;
        centres = kind == Norm.Layer;
        this.epsilon = epsilon;
        biasOffset = (width + VirtualLanes - 1) / VirtualLanes * VirtualLanes;
        factors = AlignedMemory.Allocate(2 * biasOffset);
        MemoryMarshal.CreateSpan(ref factors.Reference, (int)(2 * biasOffset)).Clear();
        Set(weights, biases);
    }

    /// <summary>Takes other weights and biases of the same width. No call may run meanwhile.</summary>
    public void Set(ReadOnlySpan<float> weights, ReadOnlySpan<float> biases)
    {
        Span<float> all = MemoryMarshal.CreateSpan(ref factors.Reference, (int)(2 * biasOffset));
        weights.CopyTo(all);
        biases.CopyTo(all[(int)biasOffset..]);
    }

    /// <summary>target = norm(source), row by row; both may be one place.</summary>
    /// <param name="source">First element of the first row.</param>
    /// <param name="sourceStride">Floats from a row to the next.</param>
    /// <param name="target">Where the first row goes.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    public void Apply(ref float source, nint sourceStride, ref float target, nint targetStride, nint rows)
    {
        if (Vector512.IsHardwareAccelerated)
            Apply<Float512>(ref source, sourceStride, ref target, targetStride, rows);
        else if (Vector256.IsHardwareAccelerated)
            Apply<Float256>(ref source, sourceStride, ref target, targetStride, rows);
        else
            Apply<Float128>(ref source, sourceStride, ref target, targetStride, rows);
    }

    /// <summary>target = norm(source) by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Apply<T>(ref float source, nint sourceStride, ref float target, nint targetStride, nint rows)
        where T : struct, IFloatVector<T>
    {
        nint whole = width & ~(nint)(VirtualLanes - 1);
        Span<float> tail = stackalloc float[VirtualLanes];
        ref float rest = ref MemoryMarshal.GetReference(tail);
        for (nint row = 0; row < rows; row++)
        {
            ref float from = ref Unsafe.Add(ref source, row * sourceStride);
            ReadTail<T>(ref from, whole, ref rest, 0);
            float total = centres ? Sum<T>(ref from, whole, ref rest) : SumOfSquares<T>(ref from, whole, ref rest, 0);
            Finish<T>(ref from, ref Unsafe.Add(ref target, row * targetStride), whole, ref rest, total);
        }
    }

    /// <summary>Normalises a row whose sum, or sum of squares for a norm that does not centre, is known.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Finish<T>(ref float from, ref float to, nint whole, ref float rest, float total)
        where T : struct, IFloatVector<T>
    {
        float inverse = Inverse<T>(ref from, whole, ref rest, total, out float mean);
        Write<T>(ref from, ref to, 0, whole, mean, inverse);
        if (whole == width)
            return;
        Write<T>(ref rest, ref rest, whole, VirtualLanes, mean, inverse);
        for (nint i = whole; i < width; i++)
            Unsafe.Add(ref to, i) = Unsafe.Add(ref rest, i - whole);
    }

    /// <summary>Finds what a row is multiplied by, and what is subtracted before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private float Inverse<T>(ref float from, nint whole, ref float rest, float total, out float mean)
        where T : struct, IFloatVector<T>
    {
        mean = 0;
        if (centres)
        {
            mean = total / width;
            // Lanes without an element hold the mean, so that they add nothing to the squares.
            ReadTail<T>(ref from, whole, ref rest, mean);
            total = SumOfSquares<T>(ref from, whole, ref rest, mean);
        }

        return 1 / MathF.Sqrt(total / width + epsilon);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void ReadTail<T>(ref float row, nint whole, ref float tail, float padding)
        where T : struct, IFloatVector<T>
    {
        for (nint i = 0; i < VirtualLanes; i += T.Lanes)
            T.Create(padding).Store(ref tail, i);
        for (nint i = whole; i < width; i++)
            Unsafe.Add(ref tail, i - whole) = Unsafe.Add(ref row, i);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float Sum<T>(ref float row, nint whole, ref float tail)
        where T : struct, IFloatVector<T>
    {
        // 32 virtual lanes are 2, 4 or 8 vectors; those that are not there are removed by the compiler.
        T sum0 = Part<T>(ref tail, 0), sum1 = Part<T>(ref tail, 1), sum2 = Part<T>(ref tail, 2), sum3 = Part<T>(ref tail, 3);
        T sum4 = Part<T>(ref tail, 4), sum5 = Part<T>(ref tail, 5), sum6 = Part<T>(ref tail, 6), sum7 = Part<T>(ref tail, 7);
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            ref float group = ref Unsafe.Add(ref row, i);
            sum0 += T.Load(ref group, 0);
            sum1 += T.Load(ref group, T.Lanes);
            if (T.Lanes < 16)
            {
                sum2 += T.Load(ref group, 2 * T.Lanes);
                sum3 += T.Load(ref group, 3 * T.Lanes);
            }

            if (T.Lanes < 8)
            {
                sum4 += T.Load(ref group, 4 * T.Lanes);
                sum5 += T.Load(ref group, 5 * T.Lanes);
                sum6 += T.Load(ref group, 6 * T.Lanes);
                sum7 += T.Load(ref group, 7 * T.Lanes);
            }
        }

        return Fold(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
    }

    /// <summary>Σ (x − mean)².</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    internal static float SumOfSquares<T>(ref float row, nint whole, ref float tail, float mean)
        where T : struct, IFloatVector<T>
    {
        T middle = T.Create(mean), zero = T.Create(0);
        T sum0 = AddSquare(Part<T>(ref tail, 0), middle, zero), sum1 = AddSquare(Part<T>(ref tail, 1), middle, zero);
        T sum2 = AddSquare(Part<T>(ref tail, 2), middle, zero), sum3 = AddSquare(Part<T>(ref tail, 3), middle, zero);
        T sum4 = AddSquare(Part<T>(ref tail, 4), middle, zero), sum5 = AddSquare(Part<T>(ref tail, 5), middle, zero);
        T sum6 = AddSquare(Part<T>(ref tail, 6), middle, zero), sum7 = AddSquare(Part<T>(ref tail, 7), middle, zero);
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            ref float group = ref Unsafe.Add(ref row, i);
            sum0 = AddSquare(T.Load(ref group, 0), middle, sum0);
            sum1 = AddSquare(T.Load(ref group, T.Lanes), middle, sum1);
            if (T.Lanes < 16)
            {
                sum2 = AddSquare(T.Load(ref group, 2 * T.Lanes), middle, sum2);
                sum3 = AddSquare(T.Load(ref group, 3 * T.Lanes), middle, sum3);
            }

            if (T.Lanes < 8)
            {
                sum4 = AddSquare(T.Load(ref group, 4 * T.Lanes), middle, sum4);
                sum5 = AddSquare(T.Load(ref group, 5 * T.Lanes), middle, sum5);
                sum6 = AddSquare(T.Load(ref group, 6 * T.Lanes), middle, sum6);
                sum7 = AddSquare(T.Load(ref group, 7 * T.Lanes), middle, sum7);
            }
        }

        return Fold(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
    }

    /// <summary>target = (source − mean) · inverse · w + b, for elements from <paramref name="first"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void Write<T>(ref float source, ref float target, nint first, nint count, float mean, float inverse)
        where T : struct, IFloatVector<T>
    {
        T middle = T.Create(mean), factor = T.Create(inverse);
        ref float weights = ref Unsafe.Add(ref factors.Reference, first);
        ref float biases = ref Unsafe.Add(ref weights, biasOffset);
        if (centres)
        {
            for (nint i = 0; i < count; i += T.Lanes)
                T.MultiplyAdd((T.Load(ref source, i) - middle) * factor, T.Load(ref weights, i), T.Load(ref biases, i)).Store(ref target, i);
        }
        else
        {
            for (nint i = 0; i < count; i += T.Lanes)
                (T.Load(ref source, i) * factor * T.Load(ref weights, i)).Store(ref target, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T AddSquare<T>(T values, T mean, T sum)
        where T : struct, IFloatVector<T>
    {
        T deviation = values - mean;
        return T.MultiplyAdd(deviation, deviation, sum);
    }

    /// <summary>A vector of a group of 32 lanes, or nothing where the group ends before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T Part<T>(ref float group, int part)
        where T : struct, IFloatVector<T> => part * T.Lanes < VirtualLanes ? T.Load(ref group, part * T.Lanes) : default;

    /// <summary>Adds lanes that are 16 apart, then 8, 4, 2 and 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Fold<T>(T sum0, T sum1, T sum2, T sum3, T sum4, T sum5, T sum6, T sum7)
        where T : struct, IFloatVector<T>
    {
        if (T.Lanes == 16)
            return (sum0 + sum1).Sum();
        if (T.Lanes == 8)
            return (sum0 + sum2 + (sum1 + sum3)).Sum();
        return (sum0 + sum4 + (sum2 + sum6) + (sum1 + sum5 + (sum3 + sum7))).Sum();
    }
}
