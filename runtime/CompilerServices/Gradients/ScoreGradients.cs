using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// What the gradients of attention do to rows of scores (Dao et al. 2022): probabilities from scores and the softmax's maximum and sum, and the gradients of
/// the scores from those of the probabilities. Each element by itself, so the bits are the same at every vector width.
/// </summary>
internal static class ScoreGradients
{
    /// <summary>Elements that every width computes together.</summary>
    private const int VirtualLanes = 16;

    /// <summary>target = 2^(unit · (score − maximum)) / sum for the columns that the row sees, and 0 for the others.</summary>
    /// <param name="scores">The row's score of column 0.</param>
    /// <param name="begin">The first column that the row sees.</param>
    /// <param name="end">The end of them.</param>
    /// <param name="columns">Columns of the target.</param>
    /// <param name="maximum">The largest score of the row, over all its keys.</param>
    /// <param name="sum">The sum of the powers; 0 where the row sees no key.</param>
    /// <param name="unit">1 for scores in powers of two, log2(e) for natural ones.</param>
    /// <param name="target">Where column 0 goes; room for whole lines.</param>
    public static void Probabilities(
        ref float scores, nint begin, nint end, nint columns, float maximum, float sum, float unit, ref float target)
    {
        if (Vector512.IsHardwareAccelerated)
            Probabilities<Float512>(ref scores, begin, end, columns, maximum, sum, unit, ref target);
        else if (Vector256.IsHardwareAccelerated)
            Probabilities<Float256>(ref scores, begin, end, columns, maximum, sum, unit, ref target);
        else
            Probabilities<Float128>(ref scores, begin, end, columns, maximum, sum, unit, ref target);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Probabilities<T>(
        ref float scores, nint begin, nint end, nint columns, float maximum, float sum, float unit, ref float target)
        where T : struct, IFloatVector<T>
    {
        if (begin >= end || sum == 0)
        {
            MemoryMarshal.CreateSpan(ref target, (int)columns).Clear();
            return;
        }

        nint first = begin & -VirtualLanes, last = (end + VirtualLanes - 1) & -VirtualLanes;
        // Where all keys are masked, powers of −∞ are wanted, not of −∞ − −∞.
        T shift = T.Create(float.IsNegativeInfinity(maximum) ? 0 : maximum), factor = T.Create(unit), inverse = T.Create(1 / sum);
        for (nint k = first; k < last; k += T.Lanes)
            (PowerOfTwo.OfNegative((T.Load(ref scores, k) - shift) * factor) * inverse).Store(ref target, k);
        MemoryMarshal.CreateSpan(ref target, (int)begin).Clear();
        if (end < columns)
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref target, end), (int)(columns - end)).Clear();
    }

    /// <summary>gradients = probabilities · (gradients − delta): from the gradients of the probabilities to those of the scores.</summary>
    /// <param name="probabilities">The row's probabilities.</param>
    /// <param name="gradients">The gradients of the row's probabilities; then those of its scores.</param>
    /// <param name="columns">Columns; whole lines are written.</param>
    /// <param name="delta">The product of the row's output and its gradient.</param>
    public static void Gradients(ref float probabilities, ref float gradients, nint columns, float delta)
    {
        if (Vector512.IsHardwareAccelerated)
            Gradients<Float512>(ref probabilities, ref gradients, columns, delta);
        else if (Vector256.IsHardwareAccelerated)
            Gradients<Float256>(ref probabilities, ref gradients, columns, delta);
        else
            Gradients<Float128>(ref probabilities, ref gradients, columns, delta);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Gradients<T>(ref float probabilities, ref float gradients, nint columns, float delta)
        where T : struct, IFloatVector<T>
    {
        T shift = T.Create(delta);
        for (nint k = 0; k < columns; k += T.Lanes)
            (T.Load(ref probabilities, k) * (T.Load(ref gradients, k) - shift)).Store(ref gradients, k);
    }

    /// <summary>gradients = gradients · (1 − tanh²(score / cap)): through the cap of the scores.</summary>
    /// <param name="scores">The row's scores before the cap.</param>
    /// <param name="probabilities">The row's probabilities: where they are 0, a masked key may have any score.</param>
    /// <param name="gradients">The gradients of the row's capped scores; then those of the scores.</param>
    /// <param name="columns">Columns; whole lines are written.</param>
    /// <param name="cap">The cap.</param>
    public static void Uncap(ref float scores, ref float probabilities, ref float gradients, nint columns, float cap)
    {
        if (Vector512.IsHardwareAccelerated)
            Uncap<Float512>(ref scores, ref probabilities, ref gradients, columns, cap);
        else if (Vector256.IsHardwareAccelerated)
            Uncap<Float256>(ref scores, ref probabilities, ref gradients, columns, cap);
        else
            Uncap<Float128>(ref scores, ref probabilities, ref gradients, columns, cap);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Uncap<T>(ref float scores, ref float probabilities, ref float gradients, nint columns, float cap)
        where T : struct, IFloatVector<T>
    {
        // 1 − tanh²(x) = 4u / (1 + u)² with u = e^(−2|x|), which cancels nothing.
        T factor = T.Create((float)(-2 / (cap * Math.Log(2))));
        for (nint k = 0; k < columns; k += T.Lanes)
        {
            // All bits where the probability is positive.
            T seen = T.ShiftRightArithmetic(T.Create(0) - T.Load(ref probabilities, k), 31);
            T power = PowerOfTwo.OfNegative(T.Abs(T.Load(ref scores, k) & seen) * factor), sum = power + T.Create(1);
            (T.Load(ref gradients, k) * (T.Create(4) * power / (sum * sum))).Store(ref gradients, k);
        }
    }

    /// <summary>
    /// The sum of the products of two rows, in one ascending chain. The products of heads give the gradients of probabilities in such chains too: where a row
    /// sees one key, its probability is 1, both sums have the same bits, and their difference is exactly zero, as it must be.
    /// </summary>
    public static float Dot(ref float left, ref float right, nint width)
    {
        Vector128<float> sum = default;
        for (nint i = 0; i < width; i++)
            sum = Vector128.MultiplyAddEstimate(Vector128.Create(Unsafe.Add(ref left, i)), Vector128.Create(Unsafe.Add(ref right, i)), sum);
        return sum.ToScalar();
    }

    /// <summary>values = values · factor.</summary>
    public static void Scale(ref float values, nint count, float factor)
    {
        if (Vector512.IsHardwareAccelerated)
            Scale<Float512>(ref values, count, factor);
        else if (Vector256.IsHardwareAccelerated)
            Scale<Float256>(ref values, count, factor);
        else
            Scale<Float128>(ref values, count, factor);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Scale<T>(ref float values, nint count, float factor)
        where T : struct, IFloatVector<T>
    {
        nint i = 0;
        for (; i <= count - T.Lanes; i += T.Lanes)
            (T.Load(ref values, i) * T.Create(factor)).Store(ref values, i);
        for (; i < count; i++)
            Unsafe.Add(ref values, i) *= factor;
    }

    /// <summary>sums = sums + values.</summary>
    public static void Add(ref float sums, ref float values, nint count)
    {
        if (Vector512.IsHardwareAccelerated)
            Add<Float512>(ref sums, ref values, count);
        else if (Vector256.IsHardwareAccelerated)
            Add<Float256>(ref sums, ref values, count);
        else
            Add<Float128>(ref sums, ref values, count);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Add<T>(ref float sums, ref float values, nint count)
        where T : struct, IFloatVector<T>
    {
        nint i = 0;
        for (; i <= count - T.Lanes; i += T.Lanes)
            (T.Load(ref sums, i) + T.Load(ref values, i)).Store(ref sums, i);
        for (; i < count; i++)
            Unsafe.Add(ref sums, i) += Unsafe.Add(ref values, i);
    }

    /// <summary>Whether all numbers are finite: 0 times infinity, or times NaN, is NaN.</summary>
    public static bool AreFinite(ref float values, nint count) =>
        Vector512.IsHardwareAccelerated ? AreFinite<Float512>(ref values, count)
        : Vector256.IsHardwareAccelerated ? AreFinite<Float256>(ref values, count)
        : AreFinite<Float128>(ref values, count);

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static bool AreFinite<T>(ref float values, nint count)
        where T : struct, IFloatVector<T>
    {
        T zeros = T.Create(0);
        nint i = 0;
        for (; i <= count - T.Lanes; i += T.Lanes)
            zeros += T.Load(ref values, i) * T.Create(0);
        float sum = zeros.Sum();
        for (; i < count; i++)
            sum += Unsafe.Add(ref values, i) * 0;
        return sum == 0;
    }
}
