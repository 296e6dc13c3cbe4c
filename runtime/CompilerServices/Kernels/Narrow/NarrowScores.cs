using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Products of a few query rows and keys of a narrow format, which are widened in registers. A sum is one chain of multiply-adds over the head from zero, as in
/// the float32 kernels: the bits are those of a float32 kernel on the widened keys. Scales come after.
/// </summary>
internal static class NarrowScores
{
    private const int PanelWidth = PanelLayout.PanelWidth;
    private const MethodImplOptions Kernel = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Computes the scores.</summary>
    /// <param name="format">The format of the keys.</param>
    /// <param name="queries">[rows, HeadDim].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="headDim">Width of a head.</param>
    /// <param name="keys">The first key panel.</param>
    /// <param name="panels">Panels of 16 keys, 1 or more.</param>
    /// <param name="scores">Where the first row's scores go.</param>
    /// <param name="stride">Floats from a row of scores to the next.</param>
    public static void Compute(
        KeyValueFormat format, ref float queries, nint rows, nint headDim, ref float keys, nint panels, ref float scores, nint stride)
    {
        if (format == KeyValueFormat.BFloat16)
            Compute<BFloat16Numbers>(ref queries, rows, headDim, ref keys, panels, ref scores, stride);
        else if (format == KeyValueFormat.Float16)
            Compute<Float16Numbers>(ref queries, rows, headDim, ref keys, panels, ref scores, stride);
        else
            Compute<Int8Numbers>(ref queries, rows, headDim, ref keys, panels, ref scores, stride);
    }

    private static void Compute<TNumbers>(ref float queries, nint rows, nint headDim, ref float keys, nint panels, ref float scores, nint stride)
        where TNumbers : struct, INarrowNumbers
    {
        // Four rows take 16 sums, which only the widest vectors have registers for.
        if (Vector512.IsHardwareAccelerated)
            Compute<Float512, TNumbers>(ref queries, rows, 4, headDim, ref keys, panels, ref scores, stride);
        else if (Vector256.IsHardwareAccelerated)
            Compute<Float256, TNumbers>(ref queries, rows, 2, headDim, ref keys, panels, ref scores, stride);
        else
            Compute<Float128, TNumbers>(ref queries, rows, 2, headDim, ref keys, panels, ref scores, stride);
    }

    /// <summary>The same by vectors of one width, in tiles of up to so many rows.</summary>
    internal static void Compute<T, TNumbers>(
        ref float queries, nint rows, int tileRows, nint headDim, ref float keys, nint panels, ref float scores, nint stride)
        where T : struct, IFloatVector<T>
        where TNumbers : struct, INarrowFormat, INarrowNumbers<T>
    {
        nint step = 4 * T.Lanes / PanelWidth, last = panels - 1;
        for (nint panel = 0; panel < panels; panel += step)
        {
            // The last tile begins earlier rather than being smaller: what it computes again has the same bits.
            nint first = Math.Max(0, Math.Min(panel, panels - step));
            for (nint row = 0; row < rows;)
            {
                nint count = Math.Min(tileRows, rows - row);
                ref float tileQueries = ref Unsafe.Add(ref queries, row * headDim);
                ref float tileScores = ref Unsafe.Add(ref scores, row * stride);
                switch (count)
                {
                    case 1:
                        Tile<T, TNumbers, OneRow>(ref tileQueries, headDim, ref keys, first, last, ref tileScores, stride);
                        break;
                    case 2:
                        Tile<T, TNumbers, TwoRows>(ref tileQueries, headDim, ref keys, first, last, ref tileScores, stride);
                        break;
                    case 3:
                        Tile<T, TNumbers, ThreeRows>(ref tileQueries, headDim, ref keys, first, last, ref tileScores, stride);
                        break;
                    default:
                        Tile<T, TNumbers, FourRows>(ref tileQueries, headDim, ref keys, first, last, ref tileScores, stride);
                        break;
                }

                row += count;
            }
        }
    }

    /// <summary>Four vectors of keys; where there are fewer, the last panel stands for those that are missing.</summary>
    [MethodImpl(Kernel)]
    private static void Tile<T, TNumbers, TRows>(
        ref float queries, nint headDim, ref float keys, nint first, nint last, ref float scores, nint stride)
        where T : struct, IFloatVector<T>
        where TNumbers : struct, INarrowFormat, INarrowNumbers<T>
        where TRows : struct, IRowCount
    {
        nint panelFloats = TNumbers.ScaleFloats + (headDim * TNumbers.LineFloats);
        nint panel0 = Math.Min(first + (0 * T.Lanes / PanelWidth), last), lane0 = 0 * T.Lanes % PanelWidth;
        nint panel1 = Math.Min(first + (1 * T.Lanes / PanelWidth), last), lane1 = 1 * T.Lanes % PanelWidth;
        nint panel2 = Math.Min(first + (2 * T.Lanes / PanelWidth), last), lane2 = 2 * T.Lanes % PanelWidth;
        nint panel3 = Math.Min(first + (3 * T.Lanes / PanelWidth), last), lane3 = 3 * T.Lanes % PanelWidth;
        ref float keys0 = ref Unsafe.Add(ref keys, (panel0 * panelFloats) + TNumbers.ScaleFloats);
        ref float keys1 = ref Unsafe.Add(ref keys, (panel1 * panelFloats) + TNumbers.ScaleFloats);
        ref float keys2 = ref Unsafe.Add(ref keys, (panel2 * panelFloats) + TNumbers.ScaleFloats);
        ref float keys3 = ref Unsafe.Add(ref keys, (panel3 * panelFloats) + TNumbers.ScaleFloats);
        ref float queries1 = ref Unsafe.Add(ref queries, headDim);
        ref float queries2 = ref Unsafe.Add(ref queries, 2 * headDim);
        ref float queries3 = ref Unsafe.Add(ref queries, 3 * headDim);
        T sum00 = T.Create(0), sum01 = T.Create(0), sum02 = T.Create(0), sum03 = T.Create(0);
        T sum10 = T.Create(0), sum11 = T.Create(0), sum12 = T.Create(0), sum13 = T.Create(0);
        T sum20 = T.Create(0), sum21 = T.Create(0), sum22 = T.Create(0), sum23 = T.Create(0);
        T sum30 = T.Create(0), sum31 = T.Create(0), sum32 = T.Create(0), sum33 = T.Create(0);
        for (nint k = 0; k < headDim; k++)
        {
            T b0 = TNumbers.Load(ref keys0, lane0);
            T b1 = TNumbers.Load(ref keys1, lane1);
            T b2 = TNumbers.Load(ref keys2, lane2);
            T b3 = TNumbers.Load(ref keys3, lane3);
            keys0 = ref Unsafe.Add(ref keys0, TNumbers.LineFloats);
            keys1 = ref Unsafe.Add(ref keys1, TNumbers.LineFloats);
            keys2 = ref Unsafe.Add(ref keys2, TNumbers.LineFloats);
            keys3 = ref Unsafe.Add(ref keys3, TNumbers.LineFloats);
            T a0 = T.Create(Unsafe.Add(ref queries, k));
            sum00 = T.MultiplyAdd(a0, b0, sum00);
            sum01 = T.MultiplyAdd(a0, b1, sum01);
            sum02 = T.MultiplyAdd(a0, b2, sum02);
            sum03 = T.MultiplyAdd(a0, b3, sum03);

            if (TRows.Rows > 1)
            {
                T a1 = T.Create(Unsafe.Add(ref queries1, k));
                sum10 = T.MultiplyAdd(a1, b0, sum10);
                sum11 = T.MultiplyAdd(a1, b1, sum11);
                sum12 = T.MultiplyAdd(a1, b2, sum12);
                sum13 = T.MultiplyAdd(a1, b3, sum13);
            }

            if (TRows.Rows > 2)
            {
                T a2 = T.Create(Unsafe.Add(ref queries2, k));
                sum20 = T.MultiplyAdd(a2, b0, sum20);
                sum21 = T.MultiplyAdd(a2, b1, sum21);
                sum22 = T.MultiplyAdd(a2, b2, sum22);
                sum23 = T.MultiplyAdd(a2, b3, sum23);
            }

            if (TRows.Rows > 3)
            {
                T a3 = T.Create(Unsafe.Add(ref queries3, k));
                sum30 = T.MultiplyAdd(a3, b0, sum30);
                sum31 = T.MultiplyAdd(a3, b1, sum31);
                sum32 = T.MultiplyAdd(a3, b2, sum32);
                sum33 = T.MultiplyAdd(a3, b3, sum33);
            }
        }

        Store(ref scores, sum00, sum01, sum02, sum03, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 1)
            Store(ref Unsafe.Add(ref scores, stride), sum10, sum11, sum12, sum13, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 2)
            Store(ref Unsafe.Add(ref scores, 2 * stride), sum20, sum21, sum22, sum23, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 3)
            Store(ref Unsafe.Add(ref scores, 3 * stride), sum30, sum31, sum32, sum33, panel0, panel1, panel2, panel3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(ref float scores, T sum0, T sum1, T sum2, T sum3, nint panel0, nint panel1, nint panel2, nint panel3)
        where T : struct, IFloatVector<T>
    {
        sum0.Store(ref scores, panel0 * PanelWidth);
        sum1.Store(ref scores, (panel1 * PanelWidth) + (T.Lanes % PanelWidth));
        sum2.Store(ref scores, (panel2 * PanelWidth) + (2 * T.Lanes % PanelWidth));
        sum3.Store(ref scores, (panel3 * PanelWidth) + (3 * T.Lanes % PanelWidth));
    }
}
