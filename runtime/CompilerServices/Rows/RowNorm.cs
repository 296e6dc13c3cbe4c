using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Normalises rows by mean and variance (Ba et al. 2016), <c>(x − mean) / √(variance + ε) · w + b</c>, or by their root mean square
/// (Zhang and Sennrich 2019), <c>x / √(mean(x²) + ε) · w</c>. Immutable.
/// </summary>
/// <remarks>
/// Sums run in 32 virtual lanes, element mod 32, and one tree adds the lanes; products are fused with the addition after them: the bits are the same at
/// every vector width. The variance comes from a second pass over the row, which is in the first-level cache by then: Σx² − n·mean² would lose what is
/// small beside the mean.
/// </remarks>
internal sealed class RowNorm
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
        Span<float> all = MemoryMarshal.CreateSpan(ref factors.Reference, (int)(2 * biasOffset));
        all.Clear();
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
            Apply<FloatPair<Float512>>(ref source, sourceStride, ref target, targetStride, rows);
        else if (Vector256.IsHardwareAccelerated)
            Apply<FloatPair<FloatPair<Float256>>>(ref source, sourceStride, ref target, targetStride, rows);
        else
            Apply<FloatPair<FloatPair<FloatPair<Float128>>>>(ref source, sourceStride, ref target, targetStride, rows);
    }

    /// <summary>
    /// sum = residual + scale · branch and target = norm(sum), row by row. Where sum and target are one place, only the norm is kept. Each of them may be
    /// the place of residual or branch.
    /// </summary>
    /// <param name="residual">First element of the first row of what the branch is added to.</param>
    /// <param name="residualStride">Floats from a row to the next.</param>
    /// <param name="branch">First element of the first row of what is added.</param>
    /// <param name="branchStride">Floats from a row to the next.</param>
    /// <param name="scale">Factor of the branch.</param>
    /// <param name="sum">Where the first row of sums goes.</param>
    /// <param name="sumStride">Floats from a row to the next.</param>
    /// <param name="target">Where the first normalised row goes.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    public void AddAndApply(
        ref float residual, nint residualStride, ref float branch, nint branchStride, float scale,
        ref float sum, nint sumStride, ref float target, nint targetStride, nint rows)
    {
        // Row by row, so that the norm finds the sums in the first-level cache.
        for (nint row = 0; row < rows; row++)
        {
            ref float sums = ref Unsafe.Add(ref sum, row * sumStride);
            RowSums.Add(
                ref Unsafe.Add(ref residual, row * residualStride), residualStride, ref Unsafe.Add(ref branch, row * branchStride), branchStride, scale,
                ref sums, sumStride, 1, width);
            Apply(ref sums, sumStride, ref Unsafe.Add(ref target, row * targetStride), targetStride, 1);
        }
    }

    /// <summary><see cref="Apply(ref float, nint, ref float, nint, nint)"/> in vectors of 32 lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Apply<T>(ref float source, nint sourceStride, ref float target, nint targetStride, nint rows)
        where T : struct, IFloatVector<T>
    {
        nint whole = width & ~(nint)(VirtualLanes - 1), left = width - whole;
        Span<float> tail = stackalloc float[VirtualLanes];
        ref float rest = ref MemoryMarshal.GetReference(tail);
        for (nint row = 0; row < rows; row++)
        {
            ref float from = ref Unsafe.Add(ref source, row * sourceStride);
            ref float to = ref Unsafe.Add(ref target, row * targetStride);
            tail.Clear();
            for (nint i = 0; i < left; i++)
                Unsafe.Add(ref rest, i) = Unsafe.Add(ref from, whole + i);

            if (centres)
            {
                float mean = Sum<T>(ref from, whole, ref rest) / width;
                // So that lanes without an element add nothing to the variance.
                tail[(int)left..].Fill(mean);
                float variance = SumOfSquares<T>(ref from, whole, ref rest, mean) / width;
                Shift<T>(ref from, ref to, whole, ref rest, mean, 1 / MathF.Sqrt(variance + epsilon));
            }
            else
            {
                float meanSquare = SumOfSquares<T>(ref from, whole, ref rest) / width;
                Scale<T>(ref from, ref to, whole, ref rest, 1 / MathF.Sqrt(meanSquare + epsilon));
            }

            for (nint i = 0; i < left; i++)
                Unsafe.Add(ref to, whole + i) = Unsafe.Add(ref rest, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Sum<T>(ref float row, nint whole, ref float tail)
        where T : struct, IFloatVector<T>
    {
        T sum = T.Load(ref tail, 0);
        for (nint i = 0; i < whole; i += VirtualLanes)
            sum += T.Load(ref row, i);
        return sum.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares<T>(ref float row, nint whole, ref float tail)
        where T : struct, IFloatVector<T>
    {
        T last = T.Load(ref tail, 0), sum = last * last;
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            T values = T.Load(ref row, i);
            sum = T.MultiplyAdd(values, values, sum);
        }

        return sum.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares<T>(ref float row, nint whole, ref float tail, float mean)
        where T : struct, IFloatVector<T>
    {
        T middle = T.Create(mean), last = T.Load(ref tail, 0) - middle, sum = last * last;
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            T values = T.Load(ref row, i) - middle;
            sum = T.MultiplyAdd(values, values, sum);
        }

        return sum.Sum();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Shift<T>(ref float from, ref float to, nint whole, ref float tail, float mean, float inverse)
        where T : struct, IFloatVector<T>
    {
        T middle = T.Create(mean), factor = T.Create(inverse);
        ref float weights = ref factors.Reference;
        ref float biases = ref Unsafe.Add(ref weights, biasOffset);
        for (nint i = 0; i < whole; i += VirtualLanes)
            T.MultiplyAdd((T.Load(ref from, i) - middle) * factor, T.Load(ref weights, i), T.Load(ref biases, i)).Store(ref to, i);
        if (whole < width)
            T.MultiplyAdd((T.Load(ref tail, 0) - middle) * factor, T.Load(ref weights, whole), T.Load(ref biases, whole)).Store(ref tail, 0);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Scale<T>(ref float from, ref float to, nint whole, ref float tail, float inverse)
        where T : struct, IFloatVector<T>
    {
        T factor = T.Create(inverse);
        ref float weights = ref factors.Reference;
        for (nint i = 0; i < whole; i += VirtualLanes)
            (T.Load(ref from, i) * factor * T.Load(ref weights, i)).Store(ref to, i);
        if (whole < width)
            (T.Load(ref tail, 0) * factor * T.Load(ref weights, whole)).Store(ref tail, 0);
    }
}
