using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <content>The gradients of the norm.</content>
/// <remarks>
/// With <c>x̂ = (x − mean) · inverse</c> and <c>g = gradient · w</c>, the gradient of a row is <c>inverse · (g − mean(g) − x̂ · mean(g · x̂))</c>, without the
/// first mean where the norm does not centre; that of the weights is <c>Σ gradient · x̂</c> over the rows, and that of the biases <c>Σ gradient</c>.
/// </remarks>
internal sealed partial class RowNorm
{
    /// <summary>Rows whose sums are one chain, as in <see cref="ColumnSums"/>.</summary>
    public const int SumRows = PanelLayout.DepthBlock;

    /// <summary>Floats of the sums of a block of rows: of weights and of biases.</summary>
    public nint SumFloats => 2 * biasOffset;

    /// <summary>Floats of scratch of a backward.</summary>
    public nint BackwardFloats => 2 * biasOffset;

    /// <summary>Takes gradients of normalised rows back to the rows, and sums those of weights and biases over the rows.</summary>
    /// <param name="source">First element of the first row before the norm.</param>
    /// <param name="sourceStride">Floats from a row to the next.</param>
    /// <param name="gradient">First element of the first row of gradients of what is normalised.</param>
    /// <param name="gradientStride">Floats from a row to the next.</param>
    /// <param name="target">Where the gradients of the rows go; may be the place of <paramref name="gradient"/>.</param>
    /// <param name="targetStride">Floats from a row to the next.</param>
    /// <param name="rows">Rows: at most <see cref="SumRows"/>, from a multiple of it on.</param>
    /// <param name="adds">Whether the gradients of the rows are added to what is there.</param>
    /// <param name="sums">Where the sums go: <see cref="SumFloats"/>.</param>
    /// <param name="scratch"><see cref="BackwardFloats"/>.</param>
    public void Backward(
        ref float source, nint sourceStride, ref float gradient, nint gradientStride, ref float target, nint targetStride, nint rows, bool adds,
        ref float sums, ref float scratch)
    {
        if (Vector512.IsHardwareAccelerated)
            Backward<Float512>(ref source, sourceStride, ref gradient, gradientStride, ref target, targetStride, rows, adds, ref sums, ref scratch);
        else if (Vector256.IsHardwareAccelerated)
            Backward<Float256>(ref source, sourceStride, ref gradient, gradientStride, ref target, targetStride, rows, adds, ref sums, ref scratch);
        else
            Backward<Float128>(ref source, sourceStride, ref gradient, gradientStride, ref target, targetStride, rows, adds, ref sums, ref scratch);
    }

    /// <summary>The same by vectors of one width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal void Backward<T>(
        ref float source, nint sourceStride, ref float gradient, nint gradientStride, ref float target, nint targetStride, nint rows, bool adds,
        ref float sums, ref float scratch)
        where T : struct, IFloatVector<T>
    {
        nint whole = width & ~(nint)(VirtualLanes - 1);
        Span<float> tail = stackalloc float[VirtualLanes];
        ref float rest = ref MemoryMarshal.GetReference(tail);
        // Rows filled up with zeros, which add nothing to a sum.
        ref float normed = ref scratch;
        ref float given = ref Unsafe.Add(ref scratch, biasOffset);
        MemoryMarshal.CreateSpan(ref scratch, (int)BackwardFloats).Clear();
        MemoryMarshal.CreateSpan(ref sums, (int)SumFloats).Clear();
        for (nint row = 0; row < rows; row++)
        {
            ref float from = ref Unsafe.Add(ref source, row * sourceStride);
            ReadTail<T>(ref from, whole, ref rest, 0);
            float total = centres ? Sum<T>(ref from, whole, ref rest) : SumOfSquares<T>(ref from, whole, ref rest, 0);
            float inverse = Inverse<T>(ref from, whole, ref rest, total, out float mean);
            StridedRows.Copy(ref from, 0, ref normed, 0, 1, width);
            StridedRows.Copy(ref Unsafe.Add(ref gradient, row * gradientStride), 0, ref given, 0, 1, width);
            AddToSums<T>(ref normed, ref given, ref sums, mean, inverse);
            // Lanes behind the last element hold −mean · inverse now; the weights there are zero, and so is what they are multiplied by.
            tail.Clear();
            float meanGradient = centres ? Sum<T>(ref given, biasOffset, ref rest) / width : 0;
            float meanProduct = SumOfProducts<T>(ref given, ref normed, biasOffset) / width;
            WriteGradient<T>(ref normed, ref given, meanGradient, meanProduct, inverse);
            ref float to = ref Unsafe.Add(ref target, row * targetStride);
            if (adds)
                RowSums.Add<T>(ref to, 0, ref given, 0, 1, ref to, 0, 1, width);
            else
                StridedRows.Copy(ref given, 0, ref to, 0, 1, width);
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref normed, width), (int)(biasOffset - width)).Clear();
            MemoryMarshal.CreateSpan(ref Unsafe.Add(ref given, width), (int)(biasOffset - width)).Clear();
        }
    }

    /// <summary>Adds the sums of all blocks of rows to the gradients of weights and biases, in ascending order.</summary>
    /// <param name="sums">The sums of the first block; each block has <see cref="SumFloats"/>.</param>
    /// <param name="blocks">Blocks.</param>
    /// <param name="weights">[width of a row].</param>
    /// <param name="biases">[width of a row], or empty for none.</param>
    public void AddSums(ref float sums, nint blocks, Span<float> weights, Span<float> biases)
    {
        for (nint block = 0; block < blocks; block++)
        {
            ref float own = ref Unsafe.Add(ref sums, block * SumFloats);
            for (int i = 0; i < weights.Length; i++)
                weights[i] += Unsafe.Add(ref own, i);
            for (int i = 0; i < biases.Length; i++)
                biases[i] += Unsafe.Add(ref own, biasOffset + i);
        }
    }

    /// <summary>x becomes x̂, the gradient g; their part of the sums is added before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void AddToSums<T>(ref float normed, ref float given, ref float sums, float mean, float inverse)
        where T : struct, IFloatVector<T>
    {
        T middle = T.Create(mean), factor = T.Create(inverse);
        ref float biasSums = ref Unsafe.Add(ref sums, biasOffset);
        ref float weights = ref factors.Reference;
        for (nint i = 0; i < biasOffset; i += T.Lanes)
        {
            T x = (T.Load(ref normed, i) - middle) * factor, gradient = T.Load(ref given, i);
            T.MultiplyAdd(gradient, x, T.Load(ref sums, i)).Store(ref sums, i);
            (T.Load(ref biasSums, i) + gradient).Store(ref biasSums, i);
            x.Store(ref normed, i);
            (gradient * T.Load(ref weights, i)).Store(ref given, i);
        }
    }

    /// <summary>g becomes the gradient of the row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private void WriteGradient<T>(ref float normed, ref float given, float meanGradient, float meanProduct, float inverse)
        where T : struct, IFloatVector<T>
    {
        T mean = T.Create(meanGradient), slope = T.Create(meanProduct), factor = T.Create(inverse);
        for (nint i = 0; i < biasOffset; i += T.Lanes)
            (T.MultiplySubtract(T.Load(ref normed, i), slope, T.Load(ref given, i) - mean) * factor).Store(ref given, i);
    }

    /// <summary>Σ left · right over whole groups of lanes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static float SumOfProducts<T>(ref float left, ref float right, nint count)
        where T : struct, IFloatVector<T>
    {
        T sum0 = T.Create(0), sum1 = sum0, sum2 = sum0, sum3 = sum0, sum4 = sum0, sum5 = sum0, sum6 = sum0, sum7 = sum0;
        for (nint i = 0; i < count; i += VirtualLanes)
        {
            ref float one = ref Unsafe.Add(ref left, i);
            ref float other = ref Unsafe.Add(ref right, i);
            sum0 = AddProduct(ref one, ref other, 0, sum0);
            sum1 = AddProduct(ref one, ref other, 1, sum1);
            if (T.Lanes < 16)
            {
                sum2 = AddProduct(ref one, ref other, 2, sum2);
                sum3 = AddProduct(ref one, ref other, 3, sum3);
            }

            if (T.Lanes < 8)
            {
                sum4 = AddProduct(ref one, ref other, 4, sum4);
                sum5 = AddProduct(ref one, ref other, 5, sum5);
                sum6 = AddProduct(ref one, ref other, 6, sum6);
                sum7 = AddProduct(ref one, ref other, 7, sum7);
            }
        }

        return Fold(sum0, sum1, sum2, sum3, sum4, sum5, sum6, sum7);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static T AddProduct<T>(ref float left, ref float right, int part, T sum)
        where T : struct, IFloatVector<T> => T.MultiplyAdd(T.Load(ref left, part * T.Lanes), T.Load(ref right, part * T.Lanes), sum);
}
