using System.ComponentModel;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Normalises heads by their root mean square (Zhang and Sennrich 2019), <c>x / √(mean(x²) + ε) · w</c>, or by mean and variance
/// (Ba et al. 2016), <c>(x − mean) / √(variance + ε) · w + b</c>. Changed by <see cref="Set"/> only.
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

    /// <summary>Takes over weights and biases, each times a factor, in double precision and rounded once.</summary>
    /// <param name="kind">Which normalisation; not none.</param>
    /// <param name="weights">[HeadDim].</param>
    /// <param name="biases">[HeadDim] for a layer normalisation, otherwise empty.</param>
    /// <param name="epsilon">What is added to the mean square, or to the variance.</param>
    /// <param name="factor">Factor of everything that comes out.</param>
    public HeadNorm(QueryKeyNorm kind, ReadOnlySpan<float> weights, ReadOnlySpan<float> biases, float epsilon, double factor = 1)
    {
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

    /// <summary>Normalises the leading heads of each row, in place.</summary>
    /// <param name="strip">First element of the first row.</param>
    /// <param name="stripStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="heads">Heads to normalise in each row; they follow each other.</param>
    public void Apply(ref float strip, nint stripStride, nint rows, nint heads)
    {
        nint headDim = weights.Length;
        Span<float> tail = stackalloc float[VirtualLanes];
        for (nint row = 0; row < rows; row++)
        {
            for (nint head = 0; head < heads; head++)
                Normalise(ref Unsafe.Add(ref strip, (row * stripStride) + (head * headDim)), tail);
        }
    }

    private void Normalise(ref float head, Span<float> tail)
    {
        nint length = weights.Length;
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

        float inverse = 1 / MathF.Sqrt((SumOfSquares(ref head, whole, ref MemoryMarshal.GetReference(tail), mean) / length) + epsilon);
        Scale(ref head, mean, inverse);
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

    private void Scale(ref float head, float mean, float inverse)
    {
        nint length = weights.Length;
        ref float weight = ref MemoryMarshal.GetArrayDataReference(weights);
        ref float bias = ref MemoryMarshal.GetArrayDataReference(biases);
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
