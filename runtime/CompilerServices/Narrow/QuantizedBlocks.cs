using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace AttentionGen.CompilerServices;

/// <summary>
/// Quantised rows times weights in blocks of integers. A block of 32 products is summed exactly, and the sum times the scales of weights and inputs is added
/// to the output, block by block in ascending order, in one chain of multiply-adds.
/// </summary>
internal static unsafe class QuantizedBlocks
{
    private const int GroupColumns = NarrowLayout.GroupColumns;
    private const int Streams = 4;

    /// <summary>Multiplies rows and adds the bias.</summary>
    /// <param name="format">The format of the weights.</param>
    /// <param name="columns">The weights.</param>
    /// <param name="rows">The rows, with a scale for each chunk.</param>
    /// <param name="c">Where the first row goes.</param>
    /// <param name="stride">Floats from a row of the result to the next.</param>
    public static void Multiply(WeightFormat format, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
    {
        if (AvxVnni.IsSupported)
            Multiply<VnniProducts>(format, in columns, in rows, ref c, stride);
        else if (Avx2.IsSupported)
            Multiply<Avx2Products>(format, in columns, in rows, ref c, stride);
        else if (Dp.IsSupported)
            Multiply<ArmProducts>(format, in columns, in rows, ref c, stride);
        else
            Multiply<PlainProducts>(format, in columns, in rows, ref c, stride);
    }

    /// <summary>The same with the products of one instruction set.</summary>
    internal static void Multiply<TProducts>(WeightFormat format, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
    {
        bool halves = format == WeightFormat.Int4Blocks;
        if (Vector512.IsHardwareAccelerated)
            Multiply<TProducts, Float512>(halves, in columns, in rows, ref c, stride);
        else if (Vector256.IsHardwareAccelerated)
            Multiply<TProducts, Float256>(halves, in columns, in rows, ref c, stride);
        else
            Multiply<TProducts, Float128>(halves, in columns, in rows, ref c, stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    [SkipLocalsInit]
    private static void Multiply<TProducts, T>(bool halves, in NarrowColumns columns, in QuantizedRows rows, ref float c, nint stride)
        where TProducts : struct, IByteProducts<TProducts>
        where T : struct, IFloatVector<T>
    {
        float* sums = stackalloc float[Streams * GroupColumns];
        nint chunkBytes = NarrowLayout.ChunkBytes(halves ? WeightFormat.Int4Blocks : WeightFormat.Int8Blocks);
        nint groups = columns.Groups64;
        for (nint first = 0; first < groups; first += Streams)
        {
            nint count = nint.Min(Streams, groups - first), lastWidth = columns.Width(first + count - 1);
            for (nint row = 0; row < rows.Rows; row++)
            {
                new Span<float>(sums, Streams * GroupColumns).Clear();
                ref sbyte inputs = ref Unsafe.Add(ref rows.Bytes, row * rows.Stride);
                for (nint chunk = 0; chunk < rows.Runs; chunk++)
                {
                    float scale = Unsafe.Add(ref rows.Scales, (row * rows.Runs) + chunk);
                    int inputSum = Unsafe.Add(ref rows.Sums, (row * rows.Runs) + chunk);
                    for (nint stream = 0; stream < count; stream++)
                    {
                        nint width = stream == count - 1 ? lastWidth : GroupColumns;
                        ref byte weights = ref Unsafe.Add(ref columns.Group(first + stream), chunk * chunkBytes * width);
                        nint column = 0;
                        for (; column + (4 * TProducts.Lanes) <= width; column += 4 * TProducts.Lanes)
                            Add<TProducts, T>(true, halves, ref weights, width, column, ref inputs, inputSum, scale, sums + (stream * GroupColumns));
                        for (; column < width; column += 2 * TProducts.Lanes)
                            Add<TProducts, T>(false, halves, ref weights, width, column, ref inputs, inputSum, scale, sums + (stream * GroupColumns));
                    }

                    inputs = ref Unsafe.Add(ref inputs, NarrowLayout.ChunkInputs);
                }

                nint outputs = ((count - 1) * GroupColumns) + lastWidth;
                ref float output = ref Unsafe.Add(ref c, (row * stride) + (first * GroupColumns));
                ref float bias = ref Unsafe.Add(ref columns.Bias, first * GroupColumns);
                for (nint column = 0; column < outputs; column += T.Lanes)
                    (T.Load(ref *sums, column) + T.Load(ref bias, column)).Store(ref output, column);
            }
        }
    }

    /// <summary>Adds a block of four vectors of columns, or of two.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TProducts, T>(
        bool four, bool halves, ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, float scale, float* sums)
        where TProducts : struct, IByteProducts<TProducts>
        where T : struct, IFloatVector<T>
    {
        int* integers = stackalloc int[4 * 8];
        if (halves)
            SumHalves<TProducts>(four, ref chunk, width, column, ref inputs, inputSum, integers);
        else
            SumBytes<TProducts>(four, ref chunk, width, column, ref inputs, inputSum, integers);
        nint count = (four ? 4 : 2) * TProducts.Lanes;
        T inputScale = T.Create(scale);
        for (nint i = 0; i < count; i += T.Lanes)
        {
            T weightScale = T.WidenHalves(T.LoadHalfBits(ref chunk, (column + i) * sizeof(ushort)));
            T sum = T.FromIntegers(T.LoadBits(ref *(byte*)integers, i * sizeof(int)));
            T.MultiplyAdd(sum, weightScale * inputScale, T.Load(ref *sums, column + i)).Store(ref *sums, column + i);
        }
    }

    /// <summary>The exact sums of a block of bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumBytes<TProducts>(bool four, ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, int* integers)
        where TProducts : struct, IByteProducts<TProducts>
    {
        ref byte words = ref Unsafe.Add(ref chunk, (width * sizeof(ushort)) + (column * sizeof(int)));
        TProducts s0 = TProducts.Create(-TProducts.ByteOffset * inputSum), s1 = s0, s2 = s0, s3 = s0;
        nint vector = TProducts.Lanes * sizeof(int);
        for (nint k = 0; k < NarrowLayout.ChunkInputs; k += 4)
        {
            PrefetchAhead<TProducts>(four, ref words);
            TProducts a = TProducts.Broadcast(ref Unsafe.Add(ref inputs, k));
            s0 = TProducts.AddBytes(s0, TProducts.Load(ref words), a);
            s1 = TProducts.AddBytes(s1, TProducts.Load(ref Unsafe.Add(ref words, vector)), a);
            if (four)
            {
                s2 = TProducts.AddBytes(s2, TProducts.Load(ref Unsafe.Add(ref words, 2 * vector)), a);
                s3 = TProducts.AddBytes(s3, TProducts.Load(ref Unsafe.Add(ref words, 3 * vector)), a);
            }

            words = ref Unsafe.Add(ref words, width * sizeof(int));
        }

        Store(four, s0, s1, s2, s3, integers);
    }

    /// <summary>The exact sums of a block of half bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void SumHalves<TProducts>(bool four, ref byte chunk, nint width, nint column, ref sbyte inputs, int inputSum, int* integers)
        where TProducts : struct, IByteProducts<TProducts>
    {
        ref byte words = ref Unsafe.Add(ref chunk, (width * sizeof(ushort)) + (column * sizeof(int)));
        TProducts s0 = TProducts.Create(-8 * inputSum), s1 = s0, s2 = s0, s3 = s0;
        nint vector = TProducts.Lanes * sizeof(int);
        for (nint k = 0; k < NarrowLayout.ChunkInputs; k += 8)
        {
            PrefetchAhead<TProducts>(four, ref words);
            TProducts low = TProducts.Broadcast(ref Unsafe.Add(ref inputs, k)), high = TProducts.Broadcast(ref Unsafe.Add(ref inputs, k + 4));
            s0 = Both(s0, TProducts.Load(ref words), low, high);
            s1 = Both(s1, TProducts.Load(ref Unsafe.Add(ref words, vector)), low, high);
            if (four)
            {
                s2 = Both(s2, TProducts.Load(ref Unsafe.Add(ref words, 2 * vector)), low, high);
                s3 = Both(s3, TProducts.Load(ref Unsafe.Add(ref words, 3 * vector)), low, high);
            }

            words = ref Unsafe.Add(ref words, width * sizeof(int));
        }

        Store(four, s0, s1, s2, s3, integers);

        static TProducts Both(TProducts sums, TProducts words, TProducts low, TProducts high) =>
            TProducts.AddHalves(TProducts.AddHalves(sums, TProducts.LowHalves(words), low), TProducts.HighHalves(words), high);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchAhead<TProducts>(bool four, ref byte words)
        where TProducts : struct, IByteProducts<TProducts>
    {
        Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes)));
        if (four && TProducts.Lanes > 4)
            Prefetch.L1(ref Unsafe.As<byte, float>(ref Unsafe.Add(ref words, NarrowLayout.PrefetchBytes + 64)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TProducts>(bool four, TProducts s0, TProducts s1, TProducts s2, TProducts s3, int* integers)
        where TProducts : struct, IByteProducts<TProducts>
    {
        s0.Store(ref *integers);
        s1.Store(ref *(integers + TProducts.Lanes));
        if (!four)
            return;
        s2.Store(ref *(integers + (2 * TProducts.Lanes)));
        s3.Store(ref *(integers + (3 * TProducts.Lanes)));
    }
}
