using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Quantised rows times bytes with a scale for each column: tiles of six rows, four rows or one, through the whole depth. The sums are exact. An output begins
/// with the bias and the row's offset times the sum of the column's weights; then the sum of products is added, and the outlier's product, where there is one.
/// </summary>
internal static unsafe class ByteTiles
{
    private const int GroupColumns = NarrowLayout.GroupColumns;
    private const int LargestRows = 6;
    private const int TileIntegers = LargestRows * GroupColumns;

    // Groups that share the magnitudes of some rows, and stay in a second-level cache.
    private const int GroupsTogether = 4;
    private const int BytesTogether = 256 * 1024;

    /// <summary>Multiplies rows and adds the bias.</summary>
    /// <param name="columns">The weights.</param>
    /// <param name="rows">The rows, with one scale each.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    public static void Multiply(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
    {
        if (AvxVnni.IsSupported)
            Multiply<VnniProducts>(in columns, in rows, ref c, stride);
        else if (Avx512BW.IsSupported && Vector512.IsHardwareAccelerated)
            Multiply<Avx512Products>(in columns, in rows, ref c, stride);
        else if (Avx2.IsSupported)
            Multiply<Avx2Products>(in columns, in rows, ref c, stride);
        else if (Dp.IsSupported)
            Multiply<ArmProducts>(in columns, in rows, ref c, stride);
        else
            Multiply<PlainProducts>(in columns, in rows, ref c, stride);
    }

    /// <summary>The same with the products of one instruction set.</summary>
    internal static void Multiply<TProducts>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
    {
        if (Vector512.IsHardwareAccelerated)
            Multiply<TProducts, Float512>(in columns, in rows, ref c, stride);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<TProducts, Float256>(in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, Float128>(in columns, in rows, ref c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Multiply<TProducts, T>(in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
        where T : struct, IFloatVector<T>
    {
        int* integers = stackalloc int[GroupsTogether * TileIntegers];
        int* starts = stackalloc int[LargestRows];
        sbyte* magnitudes = stackalloc sbyte[TProducts.ReadsMagnitudes ? LargestRows * InputMagnitudes.BlockBytes : 0];
        nint depth = rows.Stride, block = TProducts.ReadsMagnitudes ? InputMagnitudes.Block : depth;
        nint together = TProducts.ReadsMagnitudes ? nint.Clamp(BytesTogether / columns.GroupBytes, 1, GroupsTogether) : 1;
        for (nint group = 0, groups; group < columns.Groups64; group += groups)
        {
            groups = nint.Min(together, columns.Groups64 - group);
            for (nint row = 0, count; row < rows.Rows; row += count)
            {
                nint left = rows.Rows - row;
                // Six rows at a time; 8 are two fours, where 6 would leave two single rows.
                count = left >= 6 && left != 8 ? 6 : left >= 4 ? 4 : 1;
                // The first rows ask for the next groups, a line for each that they read themselves.
                nint ahead = row == 0 ? groups * columns.GroupBytes : 0;
                for (nint first = 0; first < depth; first += block)
                {
                    nint steps = nint.Min(block, depth - first) / sizeof(int);
                    ref sbyte inputs = ref Unsafe.Add(ref rows.Bytes, (row * depth) + first);
                    for (nint i = 0; i < count; i++)
                    {
                        starts[i] = TProducts.ReadsMagnitudes
                            ? InputMagnitudes.Write(ref Unsafe.Add(ref inputs, i * depth), steps * sizeof(int), ref magnitudes[i * InputMagnitudes.BlockBytes])
                            : -TProducts.ByteOffset * Unsafe.Add(ref rows.Sums, row + i);
                    }

                    nint inputStride = TProducts.ReadsMagnitudes ? InputMagnitudes.BlockBytes : depth;
                    if (TProducts.ReadsMagnitudes)
                        inputs = ref *magnitudes;
                    for (nint i = 0; i < groups; i++)
                    {
                        nint width = columns.Width(group + i), rowBytes = width * sizeof(int), column = 0;
                        ref byte words = ref Unsafe.Add(ref columns.Group(group + i), first * width);
                        int* sums = integers + (i * TileIntegers);
                        for (; column + (2 * TProducts.Lanes) <= width; column += 2 * TProducts.Lanes)
                            Strip<TProducts>(count, ref words, column, rowBytes, ahead, ref inputs, inputStride, steps, starts, first > 0, sums);
                        if (TProducts.Lanes > Vector256<int>.Count && column < width)
                            Strip<Avx2Products>(count, ref words, column, rowBytes, ahead, ref inputs, inputStride, steps, starts, first > 0, sums);
                    }
                }

                for (nint i = 0; i < groups; i++)
                    Finish<T>(in columns, in rows, group + i, columns.Width(group + i), row, count, integers + (i * TileIntegers), ref c, stride);
            }
        }
    }

    /// <summary>Two vectors of columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Strip<T>(
        nint count, ref byte words, nint column, nint rowBytes, nint ahead, ref sbyte inputs, nint stride, nint steps, int* starts, bool adds, int* integers)
        where T : struct, IByteProducts<T>
    {
        words = ref Unsafe.Add(ref words, column * sizeof(int));
        integers += column;
        if (count == 6)
            Six<T>(ref words, rowBytes, ahead, ref inputs, stride, steps, starts, adds, integers);
        else if (count == 4)
            Four<T>(ref words, rowBytes, ahead, ref inputs, stride, steps, starts, adds, integers);
        else
            One<T>(ref words, rowBytes, ref inputs, steps, *starts, adds, integers);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Finish<T>(
        in NarrowColumns columns, in QuantizedRows rows, nint group, nint width, nint row, nint count, int* integers, ref float c, nint stride)
        where T : struct, IFloatVector<T>
    {
        nint first = group * GroupColumns;
        ref float scales = ref Unsafe.Add(ref columns.Scales, first), weightSums = ref Unsafe.Add(ref columns.WeightSums, first);
        ref float bias = ref Unsafe.Add(ref columns.Bias, first);
        for (nint i = 0; i < count; i++)
        {
            T scale = T.Create(Unsafe.Add(ref rows.Scales, row + i)), offset = T.Create(Unsafe.Add(ref rows.Offsets, row + i));
            ref float output = ref Unsafe.Add(ref c, ((row + i) * stride) + first);
            ref byte sums = ref *(byte*)(integers + (i * GroupColumns));
            int outlier = Unsafe.Add(ref rows.Outliers, row + i);
            // A word holds the weights of four inputs.
            ref byte words = ref Unsafe.Add(ref columns.Group(group), nint.Max(0, outlier) / 4 * width * sizeof(int));
            int shift = outlier % 4 * 8;
            T value = T.Create(outlier < 0 ? 0 : Unsafe.Add(ref rows.OutlierValues, row + i)), lowByte = T.FromBits(0xFF), zero = T.Create(128);
            for (nint column = 0; column < width; column += T.Lanes)
            {
                T columnScale = T.Load(ref scales, column), start = T.MultiplyAdd(offset, T.Load(ref weightSums, column), T.Load(ref bias, column));
                T sum = T.MultiplyAdd(T.FromIntegers(T.LoadBits(ref sums, column * sizeof(int))), scale * columnScale, start);
                if (outlier >= 0)
                {
                    T weight = T.FromIntegers(T.ShiftRight(T.LoadBits(ref words, column * sizeof(int)), shift) & lowByte) - zero;
                    sum = T.MultiplyAdd(weight, value * columnScale, sum);
                }

                sum.Store(ref output, column);
            }
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Six<T>(
        ref byte words, nint rowBytes, nint ahead, ref sbyte inputs, nint stride, nint steps, int* starts, bool adds, int* integers)
        where T : struct, IByteProducts<T>
    {
        // First: a call leaves no vector in its register.
        T ones = T.Ones;
        T c00 = T.Create(starts[0]), c01 = c00;
        T c10 = T.Create(starts[1]), c11 = c10;
        T c20 = T.Create(starts[2]), c21 = c20;
        T c30 = T.Create(starts[3]), c31 = c30;
        T c40 = T.Create(starts[4]), c41 = c40;
        T c50 = T.Create(starts[5]), c51 = c50;
        ref sbyte inputs3 = ref Unsafe.Add(ref inputs, 3 * stride);
        for (; steps > 0; steps--)
        {
            Prefetch.L2(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, ahead)));
            if (T.Lanes > 8)
                Prefetch.L2(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, ahead + 64)));
            T w0 = T.Load(ref words), w1 = T.Load(ref Unsafe.Add(ref words, T.Lanes * sizeof(int)));
            T a = T.Broadcast(ref inputs), f = T.Flips(ref inputs);
            c00 = T.AddBytes(c00, w0, a, f, ones);
            c01 = T.AddBytes(c01, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs, stride));
            f = T.Flips(ref Unsafe.Add(ref inputs, stride));
            c10 = T.AddBytes(c10, w0, a, f, ones);
            c11 = T.AddBytes(c11, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs, 2 * stride));
            f = T.Flips(ref Unsafe.Add(ref inputs, 2 * stride));
            c20 = T.AddBytes(c20, w0, a, f, ones);
            c21 = T.AddBytes(c21, w1, a, f, ones);
            a = T.Broadcast(ref inputs3);
            f = T.Flips(ref inputs3);
            c30 = T.AddBytes(c30, w0, a, f, ones);
            c31 = T.AddBytes(c31, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs3, stride));
            f = T.Flips(ref Unsafe.Add(ref inputs3, stride));
            c40 = T.AddBytes(c40, w0, a, f, ones);
            c41 = T.AddBytes(c41, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs3, 2 * stride));
            f = T.Flips(ref Unsafe.Add(ref inputs3, 2 * stride));
            c50 = T.AddBytes(c50, w0, a, f, ones);
            c51 = T.AddBytes(c51, w1, a, f, ones);
            words = ref Unsafe.Add(ref words, rowBytes);
            inputs = ref Unsafe.Add(ref inputs, 4);
            inputs3 = ref Unsafe.Add(ref inputs3, 4);
        }

        Store(integers, adds, c00, c01);
        Store(integers + GroupColumns, adds, c10, c11);
        Store(integers + (2 * GroupColumns), adds, c20, c21);
        Store(integers + (3 * GroupColumns), adds, c30, c31);
        Store(integers + (4 * GroupColumns), adds, c40, c41);
        Store(integers + (5 * GroupColumns), adds, c50, c51);
    }

    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void Four<T>(
        ref byte words, nint rowBytes, nint ahead, ref sbyte inputs, nint stride, nint steps, int* starts, bool adds, int* integers)
        where T : struct, IByteProducts<T>
    {
        // First: a call leaves no vector in its register.
        T ones = T.Ones;
        T c00 = T.Create(starts[0]), c01 = c00;
        T c10 = T.Create(starts[1]), c11 = c10;
        T c20 = T.Create(starts[2]), c21 = c20;
        T c30 = T.Create(starts[3]), c31 = c30;
        ref sbyte inputs2 = ref Unsafe.Add(ref inputs, 2 * stride);
        for (; steps > 0; steps--)
        {
            Prefetch.L2(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, ahead)));
            if (T.Lanes > 8)
                Prefetch.L2(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, ahead + 64)));
            T w0 = T.Load(ref words), w1 = T.Load(ref Unsafe.Add(ref words, T.Lanes * sizeof(int)));
            T a = T.Broadcast(ref inputs), f = T.Flips(ref inputs);
            c00 = T.AddBytes(c00, w0, a, f, ones);
            c01 = T.AddBytes(c01, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs, stride));
            f = T.Flips(ref Unsafe.Add(ref inputs, stride));
            c10 = T.AddBytes(c10, w0, a, f, ones);
            c11 = T.AddBytes(c11, w1, a, f, ones);
            a = T.Broadcast(ref inputs2);
            f = T.Flips(ref inputs2);
            c20 = T.AddBytes(c20, w0, a, f, ones);
            c21 = T.AddBytes(c21, w1, a, f, ones);
            a = T.Broadcast(ref Unsafe.Add(ref inputs2, stride));
            f = T.Flips(ref Unsafe.Add(ref inputs2, stride));
            c30 = T.AddBytes(c30, w0, a, f, ones);
            c31 = T.AddBytes(c31, w1, a, f, ones);
            words = ref Unsafe.Add(ref words, rowBytes);
            inputs = ref Unsafe.Add(ref inputs, 4);
            inputs2 = ref Unsafe.Add(ref inputs2, 4);
        }

        Store(integers, adds, c00, c01);
        Store(integers + GroupColumns, adds, c10, c11);
        Store(integers + (2 * GroupColumns), adds, c20, c21);
        Store(integers + (3 * GroupColumns), adds, c30, c31);
    }

    /// <summary>One row: two sums for each vector, of every other word, so that enough of them are in flight.</summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static void One<T>(ref byte words, nint rowBytes, ref sbyte inputs, nint steps, int start, bool adds, int* integers)
        where T : struct, IByteProducts<T>
    {
        T ones = T.Ones;
        T even0 = T.Create(start), even1 = even0, odd0 = T.Create(0), odd1 = odd0;
        for (; steps > 0; steps -= 2)
        {
            T a = T.Broadcast(ref inputs), f = T.Flips(ref inputs);
            even0 = T.AddBytes(even0, T.Load(ref words), a, f, ones);
            even1 = T.AddBytes(even1, T.Load(ref Unsafe.Add(ref words, T.Lanes * sizeof(int))), a, f, ones);
            ref byte next = ref Unsafe.Add(ref words, rowBytes);
            a = T.Broadcast(ref Unsafe.Add(ref inputs, 4));
            f = T.Flips(ref Unsafe.Add(ref inputs, 4));
            odd0 = T.AddBytes(odd0, T.Load(ref next), a, f, ones);
            odd1 = T.AddBytes(odd1, T.Load(ref Unsafe.Add(ref next, T.Lanes * sizeof(int))), a, f, ones);
            words = ref Unsafe.Add(ref next, rowBytes);
            inputs = ref Unsafe.Add(ref inputs, 8);
        }

        Store(integers, adds, T.Sum(even0, odd0), T.Sum(even1, odd1));
    }

    /// <summary>Writes sums, or adds them to those of the inputs before.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<T>(int* integers, bool adds, T first, T second)
        where T : struct, IByteProducts<T>
    {
        if (adds)
        {
            first = T.Sum(first, T.Load(ref *(byte*)integers));
            second = T.Sum(second, T.Load(ref *(byte*)(integers + T.Lanes)));
        }

        first.Store(ref *integers);
        second.Store(ref *(integers + T.Lanes));
    }
}
