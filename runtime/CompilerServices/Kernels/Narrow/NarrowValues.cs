using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Products of the probabilities of a few rows and values of a narrow format, which are widened in registers. A sum is one chain of multiply-adds over the keys
/// from zero, as in the float32 kernels. Of int8 the probabilities hold the scales already.
/// </summary>
internal static class NarrowValues
{
    private const int PanelWidth = PanelLayout.PanelWidth;
    private const MethodImplOptions Kernel = MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization;

    /// <summary>Computes the weighted sums.</summary>
    /// <param name="format">The format of the values.</param>
    /// <param name="probabilities">The first row's.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="stride">Floats from a row of probabilities to the next.</param>
    /// <param name="keys">Keys.</param>
    /// <param name="values">The first key's values in the first panel.</param>
    /// <param name="panelStride">Floats from a value panel to the next.</param>
    /// <param name="width">Width of a value in whole panels.</param>
    /// <param name="heads">[rows, width].</param>
    public static void Compute(
        KeyValueFormat format, ref float probabilities, nint rows, nint stride, nint keys, ref float values, nint panelStride, nint width, ref float heads)
    {
        if (format == KeyValueFormat.BFloat16)
            Compute<BFloat16Numbers>(ref probabilities, rows, stride, keys, ref values, panelStride, width, ref heads);
        else if (format == KeyValueFormat.Float16)
            Compute<Float16Numbers>(ref probabilities, rows, stride, keys, ref values, panelStride, width, ref heads);
        else
            Compute<Int8Numbers>(ref probabilities, rows, stride, keys, ref values, panelStride, width, ref heads);
    }

    private static void Compute<TNumbers>(
        ref float probabilities, nint rows, nint stride, nint keys, ref float values, nint panelStride, nint width, ref float heads)
        where TNumbers : struct, INarrowNumbers
    {
        if (Vector512.IsHardwareAccelerated)
            Compute<Float512, TNumbers>(ref probabilities, rows, 4, stride, keys, ref values, panelStride, width, ref heads);
        else if (Vector256.IsHardwareAccelerated)
            Compute<Float256, TNumbers>(ref probabilities, rows, 2, stride, keys, ref values, panelStride, width, ref heads);
        else
            Compute<Float128, TNumbers>(ref probabilities, rows, 2, stride, keys, ref values, panelStride, width, ref heads);
    }

    /// <summary>The same by vectors of one width, in tiles of up to so many rows.</summary>
    internal static void Compute<T, TNumbers>(
        ref float probabilities, nint rows, int tileRows, nint stride, nint keys, ref float values, nint panelStride, nint width, ref float heads)
        where T : struct, IFloatVector<T>
        where TNumbers : struct, INarrowFormat, INarrowNumbers<T>
    {
        nint panels = width / PanelWidth, step = 4 * T.Lanes / PanelWidth, last = panels - 1;
        for (nint panel = 0; panel < panels; panel += step)
        {
            nint first = Math.Max(0, Math.Min(panel, panels - step));
            for (nint row = 0; row < rows;)
            {
                nint count = Math.Min(tileRows, rows - row);
                ref float tileProbabilities = ref Unsafe.Add(ref probabilities, row * stride);
                ref float tileHeads = ref Unsafe.Add(ref heads, row * width);
                switch (count)
                {
                    case 1:
                        Tile<T, TNumbers, OneRow>(ref tileProbabilities, stride, keys, ref values, panelStride, first, last, ref tileHeads, width);
                        break;
                    case 2:
                        Tile<T, TNumbers, TwoRows>(ref tileProbabilities, stride, keys, ref values, panelStride, first, last, ref tileHeads, width);
                        break;
                    case 3:
                        Tile<T, TNumbers, ThreeRows>(ref tileProbabilities, stride, keys, ref values, panelStride, first, last, ref tileHeads, width);
                        break;
                    default:
                        Tile<T, TNumbers, FourRows>(ref tileProbabilities, stride, keys, ref values, panelStride, first, last, ref tileHeads, width);
                        break;
                }

                row += count;
            }
        }
    }

    /// <summary>Four vectors of columns; where there are fewer, the last panel stands for those that are missing.</summary>
    [MethodImpl(Kernel)]
    private static void Tile<T, TNumbers, TRows>(
        ref float probabilities, nint stride, nint keys, ref float values, nint panelStride, nint first, nint last, ref float heads, nint width)
        where T : struct, IFloatVector<T>
        where TNumbers : struct, INarrowFormat, INarrowNumbers<T>
        where TRows : struct, IRowCount
    {
        nint panel0 = Math.Min(first + (0 * T.Lanes / PanelWidth), last), lane0 = 0 * T.Lanes % PanelWidth;
        nint panel1 = Math.Min(first + (1 * T.Lanes / PanelWidth), last), lane1 = 1 * T.Lanes % PanelWidth;
        nint panel2 = Math.Min(first + (2 * T.Lanes / PanelWidth), last), lane2 = 2 * T.Lanes % PanelWidth;
        nint panel3 = Math.Min(first + (3 * T.Lanes / PanelWidth), last), lane3 = 3 * T.Lanes % PanelWidth;
        ref float values0 = ref Unsafe.Add(ref values, panel0 * panelStride);
        ref float values1 = ref Unsafe.Add(ref values, panel1 * panelStride);
        ref float values2 = ref Unsafe.Add(ref values, panel2 * panelStride);
        ref float values3 = ref Unsafe.Add(ref values, panel3 * panelStride);
        ref float probabilities1 = ref Unsafe.Add(ref probabilities, stride);
        ref float probabilities2 = ref Unsafe.Add(ref probabilities, 2 * stride);
        ref float probabilities3 = ref Unsafe.Add(ref probabilities, 3 * stride);
        T sum00 = T.Create(0), sum01 = T.Create(0), sum02 = T.Create(0), sum03 = T.Create(0);
        T sum10 = T.Create(0), sum11 = T.Create(0), sum12 = T.Create(0), sum13 = T.Create(0);
        T sum20 = T.Create(0), sum21 = T.Create(0), sum22 = T.Create(0), sum23 = T.Create(0);
        T sum30 = T.Create(0), sum31 = T.Create(0), sum32 = T.Create(0), sum33 = T.Create(0);
        for (nint key = 0; key < keys; key++)
        {
            T b0 = TNumbers.Load(ref values0, lane0);
            T b1 = TNumbers.Load(ref values1, lane1);
            T b2 = TNumbers.Load(ref values2, lane2);
            T b3 = TNumbers.Load(ref values3, lane3);
            values0 = ref Unsafe.Add(ref values0, TNumbers.LineFloats);
            values1 = ref Unsafe.Add(ref values1, TNumbers.LineFloats);
            values2 = ref Unsafe.Add(ref values2, TNumbers.LineFloats);
            values3 = ref Unsafe.Add(ref values3, TNumbers.LineFloats);
            T a0 = T.Create(Unsafe.Add(ref probabilities, key));
            sum00 = T.MultiplyAdd(a0, b0, sum00);
            sum01 = T.MultiplyAdd(a0, b1, sum01);
            sum02 = T.MultiplyAdd(a0, b2, sum02);
            sum03 = T.MultiplyAdd(a0, b3, sum03);

            if (TRows.Rows > 1)
            {
                T a1 = T.Create(Unsafe.Add(ref probabilities1, key));
                sum10 = T.MultiplyAdd(a1, b0, sum10);
                sum11 = T.MultiplyAdd(a1, b1, sum11);
                sum12 = T.MultiplyAdd(a1, b2, sum12);
                sum13 = T.MultiplyAdd(a1, b3, sum13);
            }

            if (TRows.Rows > 2)
            {
                T a2 = T.Create(Unsafe.Add(ref probabilities2, key));
                sum20 = T.MultiplyAdd(a2, b0, sum20);
                sum21 = T.MultiplyAdd(a2, b1, sum21);
                sum22 = T.MultiplyAdd(a2, b2, sum22);
                sum23 = T.MultiplyAdd(a2, b3, sum23);
            }

            if (TRows.Rows > 3)
            {
                T a3 = T.Create(Unsafe.Add(ref probabilities3, key));
                sum30 = T.MultiplyAdd(a3, b0, sum30);
                sum31 = T.MultiplyAdd(a3, b1, sum31);
                sum32 = T.MultiplyAdd(a3, b2, sum32);
                sum33 = T.MultiplyAdd(a3, b3, sum33);
            }
        }

        Store(ref heads, sum00, sum01, sum02, sum03, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 1)
            Store(ref Unsafe.Add(ref heads, width), sum10, sum11, sum12, sum13, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 2)
            Store(ref Unsafe.Add(ref heads, 2 * width), sum20, sum21, sum22, sum23, panel0, panel1, panel2, panel3);
        if (TRows.Rows > 3)
            Store(ref Unsafe.Add(ref heads, 3 * width), sum30, sum31, sum32, sum33, panel0, panel1, panel2, panel3);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(ref float heads, T sum0, T sum1, T sum2, T sum3, nint panel0, nint panel1, nint panel2, nint panel3)
        where T : struct, IFloatVector<T>
    {
        sum0.Store(ref heads, panel0 * PanelWidth);
        sum1.Store(ref heads, (panel1 * PanelWidth) + (T.Lanes % PanelWidth));
        sum2.Store(ref heads, (panel2 * PanelWidth) + (2 * T.Lanes % PanelWidth));
        sum3.Store(ref heads, (panel3 * PanelWidth) + (3 * T.Lanes % PanelWidth));
    }
}
