using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Normalises heads, or all heads of a row together, by their root mean square (Zhang and Sennrich 2019), <c>x / √(mean(x²) + ε) · w</c>, or by mean and
/// variance (Ba et al. 2016), <c>(x − mean) / √(variance + ε) · w + b</c>. Changed by <see cref="Set"/> only.
/// </summary>
/// <remarks>
/// Sums run in 16 virtual lanes, element mod 16, and one tree adds the lanes; products are rounded before they are added:
/// the bits are the same at every vector width.
/// </remarks>
[EditorBrowsable(EditorBrowsableState.Never)]
public sealed class HeadNorm
{
    private const int VirtualLanes = 16;

    private readonly float[] weights;
    private readonly float[] biases;
    private readonly float epsilon;
    private readonly double factor;
    private readonly bool centres;
    private readonly int width;

    /// <summary>Takes over weights and biases, each times a factor, in double precision and rounded once.</summary>
    /// <param name="kind">Which normalisation; not none.</param>
    /// <param name="weights">[width], or [heads · width] where each head has its own.</param>
    /// <param name="biases">As many, or empty for none.</param>
    /// <param name="epsilon">What is added to the mean square, or to the variance.</param>
    /// <param name="factor">Factor of everything that comes out.</param>
    /// <param name="width">Floats that are normalised together; 0 for as many as there are weights.</param>
    public HeadNorm(QueryKeyNorm kind, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, float epsilon, double factor = 1, int width = 0)
    {
        this.width = width == 0 ? weights.Length : width;
        centres = kind == QueryKeyNorm.Layer;
        this.epsilon = epsilon;
        this.factor = factor;
        this.weights = new float[weights.Length];
        this.biases = new float[weights.Length];
        Set(weights, biases);
    }

    /// <summary>Takes over other weights and biases of the same number.</summary>
    internal void Set(ReadOnlySpan<float> newWeights, ReadOnlySpan<float> newBiases)
    {
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)(newWeights[i] * factor);
            biases[i] = newBiases.IsEmpty ? 0 : (float)(newBiases[i] * factor);
        }
    }

    /// <summary>Floats that are normalised together.</summary>
    internal int Width => width;

    /// <summary>Normalises heads of each row that follow each other, in place.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="floats">Floats of a row to normalise: whole heads.</param>
    /// <param name="first">Floats of a row before the first of them, which the strip leaves out.</param>
    public void Apply(ref float strip, nint stripStride, nint rows, nint floats, nint first = 0)
    {
        // Weights that all heads share begin anew with every head.
        bool shares = weights.Length == width;
        Span<float> tail = stackalloc float[VirtualLanes];
        for (nint row = 0; row < rows; row++)
        {
            for (nint start = 0; start < floats; start += width)
            {
                ref float head = ref Unsafe.Add(ref strip, (row * stripStride) + start);
                (float mean, float inverse) = Measure(ref head, tail);
                Scale(ref head, width, shares ? 0 : first + start, mean, inverse);
            }
        }
    }

    /// <summary>Normalises whole rows, and writes some columns of them elsewhere.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="first">The first column.</param>
    /// <param name="floats">Columns.</param>
    /// <param name="part">[rows][floats].</param>
    internal void ApplyPart(ref float strip, nint stripStride, nint rows, nint first, nint floats, ref float part)
    {
        Span<float> tail = stackalloc float[VirtualLanes];
        for (nint row = 0; row < rows; row++)
        {
            ref float source = ref Unsafe.Add(ref strip, row * stripStride), target = ref Unsafe.Add(ref part, row * floats);
            (float mean, float inverse) = Measure(ref source, tail);
            StridedRows.Copy(ref Unsafe.Add(ref source, first), 0, ref target, 0, 1, (int)floats);
            Scale(ref target, floats, first, mean, inverse);
        }
    }

    /// <summary>The mean, which is 0 where nothing is centred, and the factor.</summary>
    private (float Mean, float Inverse) Measure(ref float head, Span<float> tail)
    {
        nint length = width;
        nint whole = length & ~(nint)(VirtualLanes - 1);
        tail.Clear();
        MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref head, whole), (int)(length - whole)).CopyTo(tail);

        float mean = 0;
        if (centres)
        {
            mean = Sum(ref head, whole, ref MemoryMarshal.GetReference(tail)) / length;
            // So that lanes without an element add nothing to the variance.
            tail[(int)(length - whole)..].Fill(mean);
        }

        return (mean, 1 / MathF.Sqrt((SumOfSquares(ref head, whole, ref MemoryMarshal.GetReference(tail), mean) / length) + epsilon));
    }

    private static float Sum(ref float head, nint whole, ref float tail)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> sum0 = Vector256.LoadUnsafe(ref tail), sum1 = Vector256.LoadUnsafe(ref tail, 8);
            for (nint i = 0; i < whole; i += VirtualLanes)
            {
                sum0 += Vector256.LoadUnsafe(ref head, (nuint)i);
                sum1 += Vector256.LoadUnsafe(ref head, (nuint)i + 8);
            }

            Vector256<float> sum = sum0 + sum1;
            return Fold(sum.GetLower() + sum.GetUpper());
        }

        Vector128<float> part0 = Vector128.LoadUnsafe(ref tail), part1 = Vector128.LoadUnsafe(ref tail, 4);
        Vector128<float> part2 = Vector128.LoadUnsafe(ref tail, 8), part3 = Vector128.LoadUnsafe(ref tail, 12);
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            part0 += Vector128.LoadUnsafe(ref head, (nuint)i);
            part1 += Vector128.LoadUnsafe(ref head, (nuint)i + 4);
            part2 += Vector128.LoadUnsafe(ref head, (nuint)i + 8);
            part3 += Vector128.LoadUnsafe(ref head, (nuint)i + 12);
        }

        return Fold((part0 + part2) + (part1 + part3));
    }

    private static float SumOfSquares(ref float head, nint whole, ref float tail, float mean)
    {
        if (Vector256.IsHardwareAccelerated)
        {
            Vector256<float> centre = Vector256.Create(mean);
            Vector256<float> sum0 = Square(Vector256.LoadUnsafe(ref tail), centre), sum1 = Square(Vector256.LoadUnsafe(ref tail, 8), centre);
            for (nint i = 0; i < whole; i += VirtualLanes)
            {
                sum0 += Square(Vector256.LoadUnsafe(ref head, (nuint)i), centre);
                sum1 += Square(Vector256.LoadUnsafe(ref head, (nuint)i + 8), centre);
            }

            Vector256<float> sum = sum0 + sum1;
            return Fold(sum.GetLower() + sum.GetUpper());
        }

        Vector128<float> middle = Vector128.Create(mean);
        Vector128<float> part0 = Square(Vector128.LoadUnsafe(ref tail), middle), part1 = Square(Vector128.LoadUnsafe(ref tail, 4), middle);
        Vector128<float> part2 = Square(Vector128.LoadUnsafe(ref tail, 8), middle), part3 = Square(Vector128.LoadUnsafe(ref tail, 12), middle);
        for (nint i = 0; i < whole; i += VirtualLanes)
        {
            part0 += Square(Vector128.LoadUnsafe(ref head, (nuint)i), middle);
            part1 += Square(Vector128.LoadUnsafe(ref head, (nuint)i + 4), middle);
            part2 += Square(Vector128.LoadUnsafe(ref head, (nuint)i + 8), middle);
            part3 += Square(Vector128.LoadUnsafe(ref head, (nuint)i + 12), middle);
        }

        return Fold((part0 + part2) + (part1 + part3));
    }

    private void Scale(ref float head, nint length, nint place, float mean, float inverse)
    {
        ref float weight = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(weights), place);
        ref float bias = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(biases), place);
        nint i = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; i <= length - 8; i += 8)
            {
                Vector256<float> centred = Vector256.LoadUnsafe(ref head, (nuint)i) - Vector256.Create(mean);
                ((centred * Vector256.Create(inverse) * Vector256.LoadUnsafe(ref weight, (nuint)i)) + Vector256.LoadUnsafe(ref bias, (nuint)i))
                    .StoreUnsafe(ref head, (nuint)i);
            }
        }

        for (; i <= length - 4; i += 4)
        {
            Vector128<float> centred = Vector128.LoadUnsafe(ref head, (nuint)i) - Vector128.Create(mean);
            ((centred * Vector128.Create(inverse) * Vector128.LoadUnsafe(ref weight, (nuint)i)) + Vector128.LoadUnsafe(ref bias, (nuint)i))
                .StoreUnsafe(ref head, (nuint)i);
        }

        for (; i < length; i++)
        {
            ref float element = ref Unsafe.Add(ref head, i);
            element = ((element - mean) * inverse * Unsafe.Add(ref weight, i)) + Unsafe.Add(ref bias, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Square(Vector256<float> values, Vector256<float> centre) => (values - centre) * (values - centre);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> Square(Vector128<float> values, Vector128<float> centre) => (values - centre) * (values - centre);

    /// <summary>Lanes 2 and then 1 apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Fold(Vector128<float> sum)
    {
        Vector128<float> pairs = sum + Vector128.Shuffle(sum, Vector128.Create(2, 3, 2, 3));
        return pairs.ToScalar() + pairs.GetElement(1);
    }
}
